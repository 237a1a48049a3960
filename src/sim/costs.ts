import type { ChosenPolicy } from '../scheduler/policy-registry.js';
import type { QuantilePairs } from '../workload/distributions/empirical.js';

/** What the simulator charges for a system's mechanisms, ns each. {@link CONSTANTS} explains them. */
export interface SystemCosts {
  readonly wireNs: number;
  readonly handoffNs: number;
  /** Undefined: the same as `handoffNs`. */
  readonly againNs: number | undefined;
  readonly noticeNs: number;
  readonly signalNs: number;
  readonly dispatcherReceiveNs: number;
  readonly dispatchNs: number;
  /** By policy, where a policy keeps the dispatcher busy for longer or shorter. */
  readonly dispatchNsUnder?: Readonly<Record<string, number>>;
  readonly completionNs: number;
  readonly preemptNs: number;
  readonly dispatcherTransmitNs: number;
  readonly workerReceiveNs: number;
  readonly contextSwitchNs: number;
  readonly workerTransmitNs: number;
  /** Undefined: the policy's own cost. */
  readonly preemptedNs: number | undefined;
  /** Undefined: the policy's own cost. */
  readonly stealNs: number | undefined;
  /** Undefined or 0: the dispatcher runs no requests itself. */
  readonly pollNs?: number | undefined;
  readonly ownSwitchNs?: number | undefined;
  /** Undefined or 0: no worker parks. */
  readonly parkNs?: number | undefined;
  readonly allocateNs?: number | undefined;
  readonly wakeNs?: number | undefined;
  /**
   * Are the queues of workers in the dispatcher? It then starts every request, even under policies whose workers could
   * take requests themselves.
   */
  readonly dispatcherQueues?: true;
  /** The distributions of the costs that vary from request to request. */
  readonly spread?: Spread;
}

/** A cost by its name. */
export type CostField = Exclude<keyof SystemCosts, 'spread' | 'dispatcherQueues' | 'dispatchNsUnder'>;

/** The costs that may vary from request to request: each request has each of them once. */
export const VARYING = ['wireNs', 'handoffNs', 'againNs', 'contextSwitchNs'] as const satisfies readonly CostField[];

/** Quantiles [probability, ns] from 0 to 1, linear between them. Each request draws anew. */
export type Spread = { readonly [C in (typeof VARYING)[number]]?: QuantilePairs };

/** Costs without anything undefined. */
export type FullCosts = { readonly [C in CostField]: number } & Pick<SystemCosts, 'spread' | 'dispatcherQueues'>;

export interface ConstantSpec {
  /** Where it stands in a system's file. */
  readonly section: 'delays' | 'dispatcher' | 'worker';
  readonly key: string;
  readonly field: CostField;
  readonly help: string;
  /** The value when a file does not state it; default: 0. */
  readonly absent?: 'policy' | 'handoff' | 'never';
  /** It means nothing without this one. */
  readonly needs?: CostField;
}

/**
 * Every constant of a system, in the order of a request's way; then those of dispatchers that run requests, and of
 * workers that park. During a delay nobody works; the other costs keep the dispatcher or a worker busy.
 */
export const CONSTANTS: readonly ConstantSpec[] = [
  { section: 'delays', key: 'wire', field: 'wireNs', help: 'between client and server, each way' },
  { section: 'delays', key: 'handoff', field: 'handoffNs', help: 'from the dispatcher to a worker' },
  {
    section: 'delays',
    key: 'again',
    field: 'againNs',
    help: 'the same to a worker that has just become free',
    absent: 'handoff',
  },
  { section: 'delays', key: 'notice', field: 'noticeNs', help: 'from a worker back to the dispatcher' },
  { section: 'delays', key: 'signal', field: 'signalNs', help: 'until a preemption that was sent takes effect' },
  {
    section: 'dispatcher',
    key: 'receive',
    field: 'dispatcherReceiveNs',
    help: 'per packet received: network, classifier',
  },
  { section: 'dispatcher', key: 'dispatch', field: 'dispatchNs', help: 'per request given to a worker' },
  { section: 'dispatcher', key: 'completion', field: 'completionNs', help: 'per notice that a worker is free' },
  { section: 'dispatcher', key: 'preempt', field: 'preemptNs', help: 'per preemption sent' },
  {
    section: 'dispatcher',
    key: 'transmit',
    field: 'dispatcherTransmitNs',
    help: 'per reply, when it passes the dispatcher’s core',
  },
  { section: 'worker', key: 'receive', field: 'workerReceiveNs', help: 'per request before it runs' },
  { section: 'worker', key: 'switch', field: 'contextSwitchNs', help: 'per start or resumption of a request' },
  { section: 'worker', key: 'transmit', field: 'workerTransmitNs', help: 'per reply' },
  { section: 'worker', key: 'preempted', field: 'preemptedNs', help: 'per preemption received', absent: 'policy' },
  { section: 'worker', key: 'steal', field: 'stealNs', help: 'per steal', absent: 'policy' },
  {
    section: 'dispatcher',
    key: 'poll',
    field: 'pollNs',
    help: 'longest it runs a request itself, when it would idle, before it looks for messages again',
    absent: 'never',
  },
  {
    section: 'dispatcher',
    key: 'switch',
    field: 'ownSwitchNs',
    help: 'per such slice of a request',
    absent: 'never',
    needs: 'pollNs',
  },
  { section: 'worker', key: 'park', field: 'parkNs', help: 'idle time after which it parks', absent: 'never' },
  {
    section: 'delays',
    key: 'allocate',
    field: 'allocateNs',
    help: 'between two looks for requests that wait while workers are parked; each wakes one',
    absent: 'never',
    needs: 'parkNs',
  },
  {
    section: 'delays',
    key: 'wake',
    field: 'wakeNs',
    help: 'until a worker that is woken looks for requests',
    absent: 'never',
    needs: 'parkNs',
  },
];

/** As in a system's file: `delays.wire`. */
export function constantName(field: CostField): string {
  const { section, key } = CONSTANTS.find((constant) => constant.field === field)!;
  return `${section}.${key}`;
}

export const NO_COSTS = Object.fromEntries(
  CONSTANTS.map(({ field, absent }) => [field, absent === undefined ? 0 : undefined]),
) as unknown as SystemCosts;

/**
 * The costs of a system under a policy. Where the system states no cost of preemptions or steals, the policy's own
 * `cost` counts.
 */
export function costsOf(costs: SystemCosts, { policy, parameters }: ChosenPolicy): FullCosts {
  const { preemptionNs = 0, stealNs = 0 } = policy.costs?.(parameters) ?? {};
  return {
    ...costs,
    dispatchNs: costs.dispatchNsUnder?.[policy.name] ?? costs.dispatchNs,
    againNs: costs.againNs ?? costs.handoffNs,
    preemptedNs: costs.preemptedNs ?? preemptionNs,
    stealNs: costs.stealNs ?? stealNs,
    pollNs: costs.pollNs ?? 0,
    ownSwitchNs: costs.ownSwitchNs ?? 0,
    parkNs: costs.parkNs ?? 0,
    allocateNs: costs.allocateNs ?? 0,
    wakeNs: costs.wakeNs ?? 0,
    // If it is not stated, it is as long as any hand-off, and varies like it.
    ...(costs.againNs === undefined &&
      costs.spread?.handoffNs && { spread: { ...costs.spread, againNs: costs.spread.handoffNs } }),
  };
}

/** Does a constant of the system replace the policy's own cost? */
export function replacesPolicyCost(costs: SystemCosts, { policy, parameters }: ChosenPolicy): boolean {
  const own = policy.costs?.(parameters) ?? {};
  return (
    (own.preemptionNs !== undefined && costs.preemptedNs !== undefined) ||
    (own.stealNs !== undefined && costs.stealNs !== undefined)
  );
}

/** Time between a start and its completion that is not service, ns, as seen by a dispatcher that is not busy. */
export function wholeHandoffNs(costs: FullCosts): number {
  // psp's own dispatcher subtracts nothing.
  if (costs.dispatcherQueues) return 0;
  const onWorker = costs.contextSwitchNs + costs.workerReceiveNs + costs.workerTransmitNs;
  return (
    costs.dispatchNs + costs.handoffNs + onWorker + costs.noticeNs + costs.completionNs + costs.dispatcherTransmitNs
  );
}

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
  readonly absent?: 'policy' | 'handoff';
}

/**
 * Every constant of a system, in the order of a request's way. During a delay nobody works; the other costs keep the
 * dispatcher or a worker busy.
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
];

/** As in a system's file: `delays.wire`. */
export function constantName(field: CostField): string {
  const { section, key } = CONSTANTS.find((constant) => constant.field === field)!;
  return `${section}.${key}`;
}

export const NO_COSTS: SystemCosts = {
  ...(Object.fromEntries(CONSTANTS.map(({ field }) => [field, 0])) as unknown as SystemCosts),
  againNs: undefined,
  preemptedNs: undefined,
  stealNs: undefined,
};

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

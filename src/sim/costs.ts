import type { ChosenPolicy } from '../scheduler/policy-registry.js';
import type { QuantilePairs } from '../workload/distributions/empirical.js';

/** What the simulator charges for a system's mechanisms, ns each; {@link CONSTANTS} says what each of them is. */
export interface SystemCosts {
  readonly wireNs: number;
  readonly handoffNs: number;
  /** Undefined: as any hand-off. */
  readonly againNs: number | undefined;
  readonly noticeNs: number;
  readonly signalNs: number;
  readonly dispatcherReceiveNs: number;
  readonly dispatchNs: number;
  /** Under policies that keep the dispatcher busy for longer, or for less. */
  readonly dispatchNsUnder?: Readonly<Record<string, number>>;
  readonly completionNs: number;
  readonly preemptNs: number;
  readonly dispatcherTransmitNs: number;
  readonly workerReceiveNs: number;
  readonly contextSwitchNs: number;
  readonly workerTransmitNs: number;
  /** Undefined: what the policy itself says. */
  readonly preemptedNs: number | undefined;
  /** Undefined: what the policy itself says. */
  readonly stealNs: number | undefined;
  /** Do the queues of workers live in the dispatcher, which starts every request, also under policies whose workers could take from them alone? */
  readonly dispatcherQueues?: true;
  /** How those vary from request to request that are no constants. */
  readonly spread?: Spread;
}

/** A cost by its name. */
export type CostField = Exclude<keyof SystemCosts, 'spread' | 'dispatcherQueues' | 'dispatchNsUnder'>;

/** What may vary from request to request: what lies on the way of each of them once. */
export const VARYING = ['wireNs', 'handoffNs', 'againNs', 'contextSwitchNs'] as const satisfies readonly CostField[];

/** Quantiles, [probability, ns] from 0 to 1: drawn from, linearly between them, for each request anew. */
export type Spread = { readonly [C in (typeof VARYING)[number]]?: QuantilePairs };

/** Costs of a system that say everything. */
export type FullCosts = { readonly [C in CostField]: number } & Pick<SystemCosts, 'spread' | 'dispatcherQueues'>;

export interface ConstantSpec {
  /** Where it stands in a system's file. */
  readonly section: 'delays' | 'dispatcher' | 'worker';
  readonly key: string;
  readonly field: CostField;
  readonly help: string;
  /** What holds when a file does not state it; default: nothing is charged. */
  readonly absent?: 'policy' | 'handoff';
}

/** Every constant of a system, in the order of a request's way: delays pass while nobody works, the others keep the dispatcher or a worker busy. */
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

/** As it stands in a system's file: `delays.wire`. */
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

/** The costs of a system under a policy: what the system does not state of preemptions and steals, the policy's own `cost` says. */
export function costsOf(costs: SystemCosts, { policy, parameters }: ChosenPolicy): FullCosts {
  const { preemptionNs = 0, stealNs = 0 } = policy.costs?.(parameters) ?? {};
  return {
    ...costs,
    dispatchNs: costs.dispatchNsUnder?.[policy.name] ?? costs.dispatchNs,
    againNs: costs.againNs ?? costs.handoffNs,
    preemptedNs: costs.preemptedNs ?? preemptionNs,
    stealNs: costs.stealNs ?? stealNs,
    // Not stated, it is a hand-off like any other, and varies as one.
    ...(costs.againNs === undefined &&
      costs.spread?.handoffNs && { spread: { ...costs.spread, againNs: costs.spread.handoffNs } }),
  };
}

/** Does the policy have a cost of its own that the system's constant takes the place of? */
export function replacesPolicyCost(costs: SystemCosts, { policy, parameters }: ChosenPolicy): boolean {
  const own = policy.costs?.(parameters) ?? {};
  return (
    (own.preemptionNs !== undefined && costs.preemptedNs !== undefined) ||
    (own.stealNs !== undefined && costs.stealNs !== undefined)
  );
}

/** What passes between a start and its completion beside the service, as the dispatcher sees it when nothing waits for it, ns. */
export function wholeHandoffNs(costs: FullCosts): number {
  // psp's own dispatcher takes nothing off.
  if (costs.dispatcherQueues) return 0;
  const onWorker = costs.contextSwitchNs + costs.workerReceiveNs + costs.workerTransmitNs;
  return (
    costs.dispatchNs + costs.handoffNs + onWorker + costs.noticeNs + costs.completionNs + costs.dispatcherTransmitNs
  );
}

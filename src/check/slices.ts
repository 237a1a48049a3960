/** The referee's watch over time on workers: since when each runs its request, and whether its slice is kept. */

import type { ChosenPolicy } from '../scheduler/policy-registry.js';
import { PREEMPT, type SchedulerSetup } from '../scheduler/scheduler.js';
import type { KnownRequest, Violated } from './books.js';

export interface Slices {
  /** Workers that were asked to give up their request and have not yet. */
  readonly yielding: Set<number>;
  /** The worker stole, and pays for it before its next request runs. */
  stole(worker: number): void;
  begin(worker: number, sliceNs: number): void;
  /** What the request on a worker has received since its start; 0 once that is in its books. */
  ranNs(worker: number): number;
  /** Returns the same and begins anew. */
  endStretch(worker: number): number;
  /** Call it at the end of a slice, before the scheduler is asked. */
  ended(worker: number, request: KnownRequest): void;
  /**
   * Call it with the scheduler's answer. Returns whether the request is to leave its worker.
   *
   * @param objecting how many wait for the worker
   */
  answered(worker: number, request: KnownRequest, answer: number, objecting: () => number): boolean;
}

/** @param isFixed is every slice the policy's quantum, as under psp's own policies? */
export function createSlices(
  { policy, parameters }: ChosenPolicy,
  setup: SchedulerSetup,
  isFixed: boolean,
  violated: Violated,
): Slices {
  const sinceNs: number[] = [];
  const sliceFromNs: number[] = [];
  const sliceNs: number[] = [];
  const stealPaidNs: number[] = new Array(setup.workers + 1).fill(0);
  const yielding = new Set<number>();
  const { quantumNs } = parameters;
  const nowNs = () => setup.now[0]!;

  function checkLonger(request: KnownRequest, answer: number, objecting: () => number): void {
    if (!isSlice(answer))
      violated('quantum', `request ${request.id} was given ${answer}: expected PREEMPT or whole nanoseconds`);
    if (!isFixed) return;
    if (objecting() > yielding.size)
      violated('quantum', `request ${request.id} went on beyond its quantum while others waited`);
    if (answer !== 0 && answer !== quantumNs)
      violated('quantum', `request ${request.id} was given another ${answer} ns, but the quantum is ${quantumNs}`);
  }

  return {
    yielding,
    stole(worker) {
      stealPaidNs[worker]! += policy.costs?.(parameters).stealNs ?? 0;
    },
    begin(worker, ns) {
      sinceNs[worker] = nowNs() + stealPaidNs[worker]!;
      stealPaidNs[worker] = 0;
      sliceFromNs[worker] = sinceNs[worker];
      sliceNs[worker] = ns;
    },
    ranNs: (worker) => (yielding.has(worker) ? 0 : Math.max(0, nowNs() - sinceNs[worker]!)),
    endStretch(worker) {
      const ranNs = nowNs() - sinceNs[worker]!;
      sinceNs[worker] = nowNs();
      return ranNs;
    },
    ended(worker, request) {
      const ranNs = nowNs() - sliceFromNs[worker]!;
      if (ranNs !== (isFixed ? quantumNs : sliceNs[worker]))
        violated('quantum', `the slice of request ${request.id} on worker ${worker} ended after ${ranNs} ns`);
    },
    answered(worker, request, answer, objecting) {
      const leaves = answer === PREEMPT;
      if (!leaves) checkLonger(request, answer, objecting);
      else if (!policy.preemptive)
        violated(
          'preemption',
          `request ${request.id} was taken off worker ${worker}, but the policy is not preemptive`,
        );
      sliceFromNs[worker] = nowNs();
      sliceNs[worker] = answer;
      return leaves;
    },
  };
}

/** int32, not negative. */
export function isSlice(ns: number): boolean {
  return (ns | 0) === ns && ns >= 0;
}

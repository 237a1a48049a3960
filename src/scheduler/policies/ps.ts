import { InputError } from '../../units/errors.js';
import { definePolicy, knownDemand } from '../policy.js';
import { RequestHeap } from '../request-heap.js';
import { NonPreemptiveScheduler, type SchedulerSetup } from '../scheduler.js';

/**
 * A completion this close above a whole ns counts as on it, ns: far more than the rounding errors of doubles, far less
 * than 1 ns.
 */
const ROUNDING_NS = 1 / 1024;

/**
 * Ideal processor sharing (L. Kleinrock, JACM 14, 1967): all n requests present run at once, each at the speed min(1,
 * workers / n), and switching costs nothing.
 *
 * Virtual time advances at that speed. A request completes when virtual time has advanced by its demand since it
 * arrived, whatever arrives or completes in between. So only the next completion has to be planned. The world reports
 * it at the next whole ns, but the policy computes with the exact time, so that rounding errors do not add up.
 */
class ProcessorSharing extends NonPreemptiveScheduler {
  /** All requests present, by the virtual time at which they complete. */
  private readonly heap = new RequestHeap();
  private readonly demandNs: Float64Array;
  private readonly completionNs: Float64Array;
  /** Virtual time, the real time at which it had this value, and the exact time of the planned completion, ns. */
  private virtualNs = 0;
  private atNs = 0;
  private plannedNs = 0;

  constructor(private readonly setup: SchedulerSetup) {
    super();
    this.demandNs = knownDemand(setup);
    if (!setup.completionNs) throw new InputError('only a simulator can share its workers');
    this.completionNs = setup.completionNs;
  }

  arrive(request: number, _type: number, _flow: number): void {
    const { heap } = this;
    const nowNs = this.setup.now[0]!;
    // An empty system starts again from 0, so that virtual time stays small and exact.
    if (heap.length === 0) this.virtualNs = 0;
    else this.virtualNs += (nowNs - this.atNs) / this.slowdown();
    this.atNs = nowNs;
    heap.fit(request);
    heap.keyOf[request] = this.virtualNs + this.demandNs[0]!;
    heap.push(request);
  }

  complete(_worker: number): void {
    const { heap } = this;
    this.virtualNs = heap.leastKey();
    this.atNs = Math.min(this.plannedNs, this.setup.now[0]!);
    heap.shift();
  }

  dispatch(): void {
    const { heap } = this;
    if (heap.length === 0) return;
    const exactNs = this.atNs + (heap.leastKey() - this.virtualNs) * this.slowdown();
    this.plannedNs = exactNs;
    this.completionNs[0] = Math.max(this.setup.now[0]!, Math.ceil(exactNs - ROUNDING_NS));
    this.setup.world.completeAt!(heap.first());
  }

  /** No request waits or has a worker of its own, so all that are present count as queued. */
  queued(): number {
    return this.heap.length;
  }

  private slowdown(): number {
    return Math.max(1, this.heap.length / this.setup.workers);
  }
}

export const ps = definePolicy({
  name: 'ps',
  title: 'Processor sharing',
  summary:
    'all requests present run at once, each at an equal fraction of the workers, without any cost: the ideal ' +
    'of time sharing',
  reference: 'L. Kleinrock: Time-shared systems: a theoretical treatment, Journal of the ACM 14 (1967)',
  needsTypes: false,
  needsFlows: false,
  preemptive: false,
  workConserving: true,
  clairvoyant: true,
  fifoWithinType: false,
  queues: 'central',
  sharing: true,
  parameters: [],
  create: (setup) => new ProcessorSharing(setup),
});

import { InputError } from '../../units/errors.js';
import { definePolicy, knownDemand } from '../policy.js';
import { RequestHeap } from '../request-heap.js';
import { NonPreemptiveScheduler, type SchedulerSetup } from '../scheduler.js';

/** A completion this close above a whole ns is on it, ns: far more than the rounding errors of doubles amount to, far less than a ns. */
const ROUNDING_NS = 1 / 1024;

/**
 * Ideal processor sharing: all n requests present run at once, each at the speed min(1, workers / n), without switches and costs.
 *
 * Virtual time advances at that speed, so that a request completes when virtual time has advanced by its demand since it arrived, whatever
 * comes and goes in between. Only the next completion has to be planned. It is told at the next whole ns; what is computed from is the exact
 * time, so that nothing accumulates.
 */
class ProcessorSharing extends NonPreemptiveScheduler {
  /** The requests present, by the virtual time at which they complete. */
  private readonly heap = new RequestHeap();
  private readonly demandNs: Float64Array;
  private readonly completionNs: Float64Array;
  /** Virtual time, when it was that late, and the exact time of the planned completion, ns. */
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
    // Starts again from 0 when nobody is there, so that virtual time stays small and exact.
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

  /** Nobody waits, and nobody has a worker: all who are present count. */
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
    'all requests present run at once, each at an equal fraction of the workers, without any cost: the ideal of time sharing',
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

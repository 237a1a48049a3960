import { float64s, int32s } from '../../units/arrays.js';
import { definePolicy, knownDemand } from '../policy.js';
import { RequestHeap } from '../request-heap.js';
import { PREEMPT, type Scheduler, type SchedulerSetup, TO_COMPLETION } from '../scheduler.js';
import { WorkerSet } from '../worker-set.js';

/**
 * Shortest remaining processing time (L. Schrage, Operations Research 16, 1968): the requests with the least remaining
 * demand run. An arrival takes the worker of the running request with the most left, if the arrival has less. Equal
 * requests do not preempt each other.
 *
 * All running requests shrink at the same speed. So the one with the most left would also end last, and only a request
 * that arrives, or was preempted, can be shorter than a running one. The policy is exact when preemption is free. With
 * a cost, preempting a request with R left for one with r left delays the first by r + cost and saves the second R -
 * cost. It happens when it helps their mean: R > r + 2 cost.
 */
class ShortestRemaining implements Scheduler {
  /** Waiting requests by remaining demand, ns. */
  private readonly heap = new RequestHeap();
  private readonly idle: WorkerSet;
  private readonly demandNs: Float64Array;
  private readonly requestOn: Int32Array;
  /**
   * Per worker: when its request would end if nothing preempts it; 0 when the worker runs none, or has been told to
   * give it up.
   */
  private readonly endsNs: Float64Array;
  /** The worker that would end last; -1 when not known. */
  private last = -1;
  /** The request that this event put into the queue; -1 when it put none. */
  private entered = -1;

  constructor(
    private readonly setup: SchedulerSetup,
    private readonly costNs: number,
  ) {
    this.demandNs = knownDemand(setup);
    this.idle = new WorkerSet(setup.workers);
    this.idle.addRange(0, setup.workers);
    this.requestOn = int32s(setup.workers);
    this.endsNs = float64s(setup.workers);
  }

  arrive(request: number, _type: number, _flow: number): void {
    const { heap } = this;
    heap.fit(request);
    heap.keyOf[request] = this.demandNs[0]!;
    heap.push(request);
    this.entered = request;
  }

  complete(worker: number): void {
    this.release(worker);
    this.idle.add(worker);
  }

  /** Never called, because nothing is started with a slice. */
  sliceExpired(_worker: number): number {
    return PREEMPT;
  }

  preempted(worker: number): void {
    const request = this.requestOn[worker]!;
    this.heap.push(request);
    this.entered = request;
    this.idle.add(worker);
  }

  dispatch(): void {
    const { heap, idle } = this;
    while (heap.length > 0) {
      const worker = idle.lowest();
      if (worker < 0) {
        if (this.entered >= 0) this.makeRoom(this.entered);
        break;
      }
      idle.delete(worker);
      this.start(worker, heap.shift());
    }
    this.entered = -1;
  }

  queued(): number {
    return this.heap.length;
  }

  private start(worker: number, request: number): void {
    const { endsNs, last } = this;
    const endNs = this.setup.now[0]! + this.heap.keyOf[request]!;
    endsNs[worker] = endNs;
    if (last >= 0 && endNs > endsNs[last]!) this.last = worker;
    if (request === this.entered) this.entered = -1;
    this.requestOn[worker] = request;
    this.setup.world.start(worker, request, TO_COMPLETION);
  }

  /** Preempts the request with the most left, if the one that entered has enough less. */
  private makeRoom(entered: number): void {
    const { heap, endsNs } = this;
    if (this.last < 0) this.last = indexOfMax(endsNs);
    const worker = this.last;
    const leftNs = endsNs[worker]! - this.setup.now[0]!;
    if (leftNs <= heap.keyOf[entered]! + 2 * this.costNs) return;
    heap.keyOf[this.requestOn[worker]!] = leftNs;
    this.release(worker);
    this.setup.world.preempt(worker);
  }

  private release(worker: number): void {
    this.endsNs[worker] = 0;
    if (this.last === worker) this.last = -1;
  }
}

function indexOfMax(values: Float64Array): number {
  let most = 0;
  for (let i = 1; i < values.length; i++) if (values[i]! > values[most]!) most = i;
  return most;
}

export const srpt = definePolicy<{ costNs: number }>({
  name: 'srpt',
  title: 'Shortest remaining time first',
  summary: 'the requests with the least true remaining demand run, preemptively: a bound on the mean sojourn',
  reference:
    'L. Schrage: A proof of the optimality of the shortest remaining processing time discipline, Operations ' +
    'Research 16 (1968)',
  needsTypes: false,
  needsFlows: false,
  preemptive: true,
  workConserving: true,
  clairvoyant: true,
  fifoWithinType: false,
  queues: 'central',
  parameters: [{ key: 'cost', kind: 'duration', min: 0, default: 0, help: 'worker time lost per preemption' }],
  create: (setup, { costNs }) => new ShortestRemaining(setup, costNs),
  costs: ({ costNs }) => ({ preemptionNs: costNs }),
});

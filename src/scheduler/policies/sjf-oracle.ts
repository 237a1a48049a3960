import { definePolicy, knownDemand } from '../policy.js';
import { RequestHeap } from '../request-heap.js';
import { NonPreemptiveScheduler, type SchedulerSetup, TO_COMPLETION } from '../scheduler.js';
import { WorkerSet } from '../worker-set.js';

/**
 * The lowest-numbered free worker takes the waiting request with the least demand. Equal demands go in the order of
 * arrival.
 */
class ShortestDemandFirst extends NonPreemptiveScheduler {
  private readonly heap = new RequestHeap();
  private readonly idle: WorkerSet;
  private readonly demandNs: Float64Array;

  constructor(private readonly setup: SchedulerSetup) {
    super();
    this.demandNs = knownDemand(setup);
    this.idle = new WorkerSet(setup.workers);
    this.idle.addRange(0, setup.workers);
  }

  arrive(request: number, _type: number, _flow: number): void {
    const { heap } = this;
    heap.fit(request);
    heap.keyOf[request] = this.demandNs[0]!;
    heap.push(request);
  }

  complete(worker: number): void {
    this.idle.add(worker);
  }

  dispatch(): void {
    const { heap, idle } = this;
    while (heap.length > 0) {
      const worker = idle.lowest();
      if (worker < 0) return;
      idle.delete(worker);
      this.setup.world.start(worker, heap.shift(), TO_COMPLETION);
    }
  }

  queued(): number {
    return this.heap.length;
  }
}

export const sjfOracle = definePolicy({
  name: 'sjf-oracle',
  title: 'Shortest job first, clairvoyant',
  summary:
    'the waiting request with the least true demand first; run to completion: a bound for policies that never preempt',
  reference: 'R. Conway, W. Maxwell, L. Miller: Theory of Scheduling (1967), shortest processing time discipline',
  needsTypes: false,
  needsFlows: false,
  preemptive: false,
  workConserving: true,
  clairvoyant: true,
  // Two requests of one type may differ in demand.
  fifoWithinType: false,
  queues: 'central',
  parameters: [],
  create: (setup) => new ShortestDemandFirst(setup),
});

import { definePolicy, queueLimit } from '../policy.js';
import { Queues } from '../queues.js';
import { DropReason, NonPreemptiveScheduler, type SchedulerSetup, TO_COMPLETION } from '../scheduler.js';
import { WorkerSet } from '../worker-set.js';

/** One queue for all requests. The lowest-numbered free worker takes the oldest request and runs it to completion. */
class CentralFcfs extends NonPreemptiveScheduler {
  private readonly queue: Queues;
  private readonly idle: WorkerSet;

  constructor(
    private readonly setup: SchedulerSetup,
    private readonly limit: number,
  ) {
    super();
    this.queue = new Queues(1);
    this.idle = new WorkerSet(setup.workers);
    this.idle.addRange(0, setup.workers);
  }

  arrive(request: number, _type: number, _flow: number): void {
    if (this.queue.length[0]! < this.limit) this.queue.push(0, request);
    else this.setup.world.drop(request, DropReason.queueFull);
  }

  complete(worker: number): void {
    this.idle.add(worker);
  }

  dispatch(): void {
    const { queue, idle } = this;
    while (queue.length[0]! > 0) {
      const worker = idle.lowest();
      if (worker < 0) return;
      idle.delete(worker);
      this.setup.world.start(worker, queue.shift(0), TO_COMPLETION);
    }
  }

  queued(): number {
    return this.queue.length[0]!;
  }
}

export const cFcfs = definePolicy<{ queue: number }>({
  name: 'c-fcfs',
  title: 'Centralized FCFS',
  summary: 'one queue, first come first served, lowest-numbered free worker',
  reference: "M/G/k; c-FCFS of Perséphone (SOSP'21) section 5.1, with unbounded queue",
  needsTypes: false,
  needsFlows: false,
  preemptive: false,
  workConserving: true,
  clairvoyant: false,
  fifoWithinType: true,
  queues: 'central',
  parameters: [queueLimit(Number.POSITIVE_INFINITY)],
  create: (setup, { queue }) => new CentralFcfs(setup, queue),
});

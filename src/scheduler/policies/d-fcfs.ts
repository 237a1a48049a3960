import { definePolicy, type ParameterSpec, queueLimit } from '../policy.js';
import { Queues } from '../queues.js';
import { DropReason, NonPreemptiveScheduler, type SchedulerSetup, TO_COMPLETION } from '../scheduler.js';
import { createSteering, flowCount, type Steering, steeringChoice } from '../steering.js';
import { WorkerSet } from '../worker-set.js';

/**
 * Each worker has its own queue. A request is put into one of them on arrival and stays there, even when other workers
 * are idle.
 */
export abstract class DistributedFcfs extends NonPreemptiveScheduler {
  private readonly queues: Queues;
  private readonly idle: WorkerSet;
  /** Idle workers whose own queue is not empty. */
  private readonly ready: WorkerSet;
  private waiting = 0;

  constructor(
    protected readonly setup: SchedulerSetup,
    private readonly limit: number,
  ) {
    super();
    this.queues = new Queues(setup.workers);
    this.idle = new WorkerSet(setup.workers);
    this.idle.addRange(0, setup.workers);
    this.ready = new WorkerSet(setup.workers);
  }

  /** Returns the worker whose queue an arriving request goes into. */
  protected abstract workerFor(flow: number): number;

  /** Requests in the queue of a worker, and the one it runs. */
  protected loadOf(worker: number): number {
    return this.queues.length[worker]! + (this.idle.has(worker) ? 0 : 1);
  }

  arrive(request: number, _type: number, flow: number): void {
    const worker = this.workerFor(flow);
    if (this.queues.length[worker]! >= this.limit) {
      this.setup.world.drop(request, DropReason.queueFull);
      return;
    }
    this.queues.push(worker, request);
    this.waiting++;
    if (this.idle.has(worker)) this.ready.add(worker);
  }

  complete(worker: number): void {
    this.idle.add(worker);
    if (this.queues.length[worker]! > 0) this.ready.add(worker);
  }

  dispatch(): void {
    const { ready, idle, queues } = this;
    for (let worker = ready.lowest(); worker >= 0; worker = ready.lowest()) {
      ready.delete(worker);
      idle.delete(worker);
      this.waiting--;
      this.setup.world.start(worker, queues.shift(worker), TO_COMPLETION);
    }
  }

  queued(): number {
    return this.waiting;
  }
}

/** Chooses a queue without looking at how long it is. */
class SteeredFcfs extends DistributedFcfs {
  constructor(
    setup: SchedulerSetup,
    private readonly steering: Steering,
    limit: number,
  ) {
    super(setup, limit);
  }

  protected workerFor(flow: number): number {
    return this.steering.workerFor(flow);
  }
}

export type DistributedParameters = { steering: string; flows: number; queue: number };

export const distributedParameters: readonly ParameterSpec[] = [
  steeringChoice,
  flowCount,
  queueLimit(Number.POSITIVE_INFINITY),
];

export const dFcfs = definePolicy<DistributedParameters>({
  name: 'd-fcfs',
  title: 'Distributed FCFS',
  summary:
    'a queue per worker; requests are dealt on arrival (random, round-robin, or by a hash of the flow, as RSS does)',
  reference: "k x M/G/1; d-FCFS of Perséphone (SOSP'21) section 5.1 (round-robin) and of IX (OSDI'14) (hash)",
  needsTypes: false,
  needsFlows: true,
  preemptive: false,
  workConserving: false,
  clairvoyant: false,
  // Two requests of one type may go to different workers, and the later one may find the shorter queue.
  fifoWithinType: false,
  queues: 'worker',
  parameters: distributedParameters,
  create: (setup, parameters) => new SteeredFcfs(setup, createSteering(setup, parameters), parameters.queue),
});

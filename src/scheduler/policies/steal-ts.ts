import { int32s } from '../../units/arrays.js';
import { definePolicy, PREEMPTION_COST, quantum } from '../policy.js';
import { Queues } from '../queues.js';
import { DropReason, PREEMPT, type Scheduler, type SchedulerSetup } from '../scheduler.js';
import { createSteering, type Steering } from '../steering.js';
import { WorkerSet } from '../worker-set.js';
import { type DistributedParameters, distributedParameters } from './d-fcfs.js';

/** Most requests taken in one steal, as Shenango's runtime does. */
const STEAL_AT_MOST = 32;

/**
 * Work stealing with a quantum (Skyloft, SOSP'24): a queue per worker. A request that has had its quantum goes to the
 * tail of its worker's queue if another waits there, and runs on if none does. An idle worker whose queue is empty
 * takes half of the first queue that is not empty, beginning with a random one.
 */
class StealingTimeSharing implements Scheduler {
  private readonly queues: Queues;
  private readonly idle: WorkerSet;
  private readonly requestOn: Int32Array;
  private waiting = 0;

  constructor(
    private readonly setup: SchedulerSetup,
    private readonly steering: Steering,
    private readonly quantumNs: number,
    private readonly limit: number,
  ) {
    this.queues = new Queues(setup.workers);
    this.idle = new WorkerSet(setup.workers);
    this.idle.addRange(0, setup.workers);
    this.requestOn = int32s(setup.workers);
  }

  arrive(request: number, _type: number, flow: number): void {
    const worker = this.steering.workerFor(flow);
    // The limit is for arrivals. Steals and preemptions move requests that were admitted before.
    if (this.queues.length[worker]! >= this.limit) {
      this.setup.world.drop(request, DropReason.queueFull);
      return;
    }
    this.queues.push(worker, request);
    this.waiting++;
  }

  complete(worker: number): void {
    this.idle.add(worker);
  }

  sliceExpired(worker: number): number {
    return this.queues.length[worker]! > 0 ? PREEMPT : this.quantumNs;
  }

  preempted(worker: number): void {
    this.queues.push(worker, this.requestOn[worker]!);
    this.waiting++;
    this.idle.add(worker);
  }

  dispatch(): void {
    const { idle, queues } = this;
    // A worker takes from its own queue first, so that nobody steals what its owner is about to run.
    for (let i = 0; i < idle.words.length && this.waiting > 0; i++) {
      for (let left = idle.words[i]!; left !== 0 && this.waiting > 0; left &= left - 1) {
        const worker = (i << 5) + 31 - Math.clz32(left & -left);
        if (queues.length[worker]! > 0) this.startOwn(worker);
      }
    }
    while (this.waiting > 0) {
      const thief = idle.lowest();
      if (thief < 0) return;
      this.steal(thief);
      this.startOwn(thief);
    }
  }

  queued(): number {
    return this.waiting;
  }

  private startOwn(worker: number): void {
    this.idle.delete(worker);
    this.waiting--;
    const request = this.queues.shift(worker);
    this.requestOn[worker] = request;
    this.setup.world.start(worker, request, this.quantumNs);
  }

  /** Called only while some queue is not empty. */
  private steal(thief: number): void {
    const { queues } = this;
    const { workers, random } = this.setup;
    let victim = (random() * workers) | 0;
    while (queues.length[victim] === 0) victim = victim + 1 === workers ? 0 : victim + 1;
    const count = Math.min((queues.length[victim]! + 1) >> 1, STEAL_AT_MOST);
    for (let i = 0; i < count; i++) queues.push(thief, queues.shift(victim));
    this.setup.world.stole(thief, victim, count);
  }
}

export const stealTs = definePolicy<DistributedParameters & { quantumNs: number; costNs: number }>({
  name: 'steal-ts',
  title: 'Work stealing with a quantum',
  summary:
    'a queue per worker; after a quantum a request goes to its tail if another waits there; idle workers steal half ' +
    'of a queue',
  reference: "Skyloft (SOSP'24): work stealing with preemption; the steal is Shenango's (NSDI'19, section 5.2)",
  needsTypes: false,
  needsFlows: true,
  preemptive: true,
  workConserving: true,
  clairvoyant: false,
  fifoWithinType: false,
  queues: 'worker',
  parameters: [
    quantum(5_000, 'time a request runs before the next one of its worker does'),
    PREEMPTION_COST,
    ...distributedParameters,
  ],
  create: (setup, parameters) =>
    new StealingTimeSharing(setup, createSteering(setup, parameters), parameters.quantumNs, parameters.queue),
  costs: ({ costNs }) => ({ preemptionNs: costNs }),
});

import { definePolicy } from '../policy.js';
import { Queues } from '../queues.js';
import { DropReason, NonPreemptiveScheduler, type SchedulerSetup, TO_COMPLETION } from '../scheduler.js';
import { createSteering, type Steering } from '../steering.js';
import { WorkerSet } from '../worker-set.js';
import { type DistributedParameters, distributedParameters } from './d-fcfs.js';

/**
 * Most requests taken in one steal. Shenango's runtime takes half of the victim's queue, rounded up, and at most 32.
 */
const STEAL_AT_MOST = 32;

/**
 * d-FCFS with work stealing (Shenango, NSDI'19, section 5.2). An idle worker with an empty queue looks at the queues of
 * all others, beginning with a random one, and takes half of the first that is not empty. Idle workers poll, so a
 * request that is put into the queue of a busy worker is stolen at once.
 */
export class StealingFcfs extends NonPreemptiveScheduler {
  protected readonly queues: Queues;
  protected readonly idle: WorkerSet;
  protected waiting = 0;

  constructor(
    protected readonly setup: SchedulerSetup,
    private readonly steering: Steering,
    private readonly limit: number,
  ) {
    super();
    this.queues = new Queues(setup.workers);
    this.idle = new WorkerSet(setup.workers);
    this.idle.addRange(0, setup.workers);
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

  parks(worker: number, parked: boolean): void {
    if (parked) this.idle.delete(worker);
    else this.idle.add(worker);
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
    this.start(worker, this.queues.shift(worker));
  }

  protected start(worker: number, request: number): void {
    this.setup.world.start(worker, request, TO_COMPLETION);
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

export const dFcfsSteal = definePolicy<DistributedParameters & { costNs: number }>({
  name: 'd-fcfs-steal',
  title: 'Work stealing',
  summary: 'd-FCFS whose idle workers steal half of a random victim’s queue, as in Shenango',
  reference: "Shenango (NSDI'19) section 5.2; ZygOS (SOSP'17)",
  needsTypes: false,
  needsFlows: true,
  preemptive: false,
  workConserving: true,
  clairvoyant: false,
  fifoWithinType: false,
  queues: 'worker',
  parameters: [
    ...distributedParameters,
    { key: 'cost', kind: 'duration', default: 0, help: 'worker time lost per steal, in the simulator' },
  ],
  create: (setup, parameters) => new StealingFcfs(setup, createSteering(setup, parameters), parameters.queue),
  costs: ({ costNs }) => ({ stealNs: costNs }),
});

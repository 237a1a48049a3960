import { int32s } from '../../units/arrays.js';
import { definePolicy, quantum, queueLimit } from '../policy.js';
import { Queues } from '../queues.js';
import { DropReason, PREEMPT, type Scheduler, type SchedulerSetup } from '../scheduler.js';
import { WorkerSet } from '../worker-set.js';

/**
 * Join the bounded shortest queue, with preemption (Concord, SOSP'23). The dispatcher gives the oldest request of a
 * central queue to the worker with the fewest requests, as long as that worker has fewer than k, including the one it
 * runs. So a worker that finishes a request finds the next one without asking. A request that has used up a quantum
 * goes to the tail of the central queue, even when nothing waits.
 *
 * Of workers with the same number of requests, the lowest-numbered gets the next. Concord's dispatcher also runs
 * requests itself when it is idle; this one does not.
 */
class BoundedShortestQueue implements Scheduler {
  /**
   * Queue w holds what worker w has been given and does not run yet. The queue after the last worker's is the central
   * one.
   */
  private readonly queues: Queues;
  private readonly central: number;
  /** By number of requests, from 0 to k - 1: the workers that hold as many. Workers that hold k are in no set. */
  private readonly holding: WorkerSet[];
  /** Idle workers whose queue is not empty. */
  private readonly ready: WorkerSet;
  /** The request on each worker. After {@link leaves}: -1 when the worker runs nothing. */
  private readonly requestOn: Int32Array;
  /**
   * Does the dispatcher hear late that a worker has gone on to its next request? Then {@link leaves} comes before each
   * `complete` and `preempted`.
   */
  private late = false;
  /** Per worker: unfinished requests that it has given up, which the dispatcher does not know yet. */
  private readonly givenUp: Queues;
  private readonly loads: Int32Array;
  /** How many requests the dispatcher can give away before every worker holds k. */
  private room: number;
  private waitingDealt = 0;

  constructor(
    private readonly setup: SchedulerSetup,
    k: number,
    private readonly quantumNs: number,
    private readonly limit: number,
  ) {
    const { workers } = setup;
    this.queues = new Queues(workers + 1);
    this.central = workers;
    this.holding = Array.from({ length: k }, () => new WorkerSet(workers));
    this.holding[0]!.addRange(0, workers);
    this.ready = new WorkerSet(workers);
    this.requestOn = int32s(workers).fill(-1);
    this.givenUp = new Queues(workers);
    this.loads = int32s(workers);
    this.room = k * workers;
  }

  arrive(request: number, _type: number, _flow: number): void {
    if (this.queues.length[this.central]! < this.limit) this.queues.push(this.central, request);
    else this.setup.world.drop(request, DropReason.queueFull);
  }

  complete(worker: number): void {
    this.free(worker);
  }

  sliceExpired(_worker: number): number {
    return PREEMPT;
  }

  preempted(worker: number): void {
    const { givenUp } = this;
    this.queues.push(this.central, this.late ? givenUp.shift(worker) : this.requestOn[worker]!);
    this.free(worker);
  }

  leaves(worker: number, preempted: boolean): void {
    if (preempted) this.givenUp.push(worker, this.requestOn[worker]!);
    this.late = true;
    this.requestOn[worker] = -1;
    if (this.queues.length[worker] === 0) return;
    this.waitingDealt--;
    this.start(worker, this.queues.shift(worker));
  }

  dispatch(): void {
    const { queues, central, ready } = this;
    for (let worker = ready.lowest(); worker >= 0; worker = ready.lowest()) {
      ready.delete(worker);
      this.waitingDealt--;
      this.start(worker, queues.shift(worker));
    }
    while (queues.length[central]! > 0 && this.room > 0) {
      const worker = this.leastLoaded();
      const request = queues.shift(central);
      this.load(worker, 1);
      if (this.late ? this.requestOn[worker]! < 0 : this.loads[worker] === 1) this.start(worker, request);
      else {
        queues.push(worker, request);
        this.waitingDealt++;
        this.setup.world.dealt?.(worker, request);
      }
    }
  }

  queued(): number {
    return this.queues.length[this.central]! + this.waitingDealt;
  }

  private start(worker: number, request: number): void {
    this.requestOn[worker] = request;
    this.setup.world.start(worker, request, this.quantumNs);
  }

  private free(worker: number): void {
    this.load(worker, -1);
    if (!this.late && this.loads[worker]! > 0) this.ready.add(worker);
  }

  private load(worker: number, change: number): void {
    const { holding, loads } = this;
    const before = loads[worker]!;
    const after = before + change;
    loads[worker] = after;
    if (before < holding.length) holding[before]!.delete(worker);
    if (after < holding.length) holding[after]!.add(worker);
    this.room -= change;
  }

  /** Called only while some worker holds fewer than k. */
  private leastLoaded(): number {
    for (let load = 0; ; load++) {
      const worker = this.holding[load]!.lowest();
      if (worker >= 0) return worker;
    }
  }
}

export const jbsq = definePolicy<{ k: number; quantumNs: number; costNs: number; queue: number }>({
  name: 'jbsq',
  title: 'Join the bounded shortest queue',
  summary:
    'at most k requests per worker, the rest in one queue; cheap preemption after a quantum: Concord without ' +
    'its working dispatcher',
  reference: "Concord (SOSP'23): JBSQ(2) and cooperative preemption; JBSQ is from R2P2 (ATC'19)",
  needsTypes: false,
  needsFlows: false,
  preemptive: true,
  workConserving: false,
  clairvoyant: false,
  fifoWithinType: false,
  queues: 'dealt',
  parameters: [
    {
      key: 'k',
      kind: 'integer',
      min: 1,
      max: 1024,
      default: 2,
      help: 'most requests a worker holds, the running one included',
    },
    quantum(5_000, 'longest a request runs before it goes back to the central queue'),
    {
      key: 'cost',
      kind: 'duration',
      min: 0,
      default: 100,
      help: 'worker time lost per preemption, in the simulator: a cache miss on the flag and a user-level switch',
    },
    queueLimit(Number.POSITIVE_INFINITY),
  ],
  create: (setup, { k, quantumNs, queue }) => new BoundedShortestQueue(setup, k, quantumNs, queue),
  costs: ({ costNs }) => ({ preemptionNs: costNs }),
});

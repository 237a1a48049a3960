import { int32s } from '../../units/arrays.js';
import { definePolicy, quantum, queueLimit } from '../policy.js';
import { FIRST_HANDLES, grown, Queues } from '../queues.js';
import { DropReason, PREEMPT, type Scheduler, type SchedulerSetup, TO_COMPLETION } from '../scheduler.js';
import { WorkerSet } from '../worker-set.js';

/**
 * Join the bounded shortest queue, with preemption (Concord, SOSP'23). The dispatcher gives the oldest request of a
 * central queue to the worker with the fewest requests, as long as that worker has fewer than k, including the one it
 * runs. So a worker that finishes a request finds the next one without asking. A request that has used up a quantum
 * goes to the tail of the central queue, even when nothing waits.
 *
 * Of workers with the same number of requests, the lowest-numbered gets the next. A dispatcher that would idle while
 * all hold k takes the oldest request that has not run yet (section 3.3), in simulated systems that have such a
 * dispatcher.
 */
class BoundedShortestQueue implements Scheduler {
  /**
   * Queue w holds what worker w has been given and does not run yet. The two after the last worker's are the central
   * one: requests that have not run yet, and requests that were preempted. `turns` has their common order.
   */
  private readonly queues: Queues;
  private readonly fresh: number;
  private readonly begun: number;
  private turns = new Int32Array(FIRST_HANDLES);
  private turn = 0;
  /** By number of requests, from 0 to k: the workers that hold as many, as a bitset of `words` words. */
  private readonly holding: Int32Array;
  private readonly words: number;
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
    this.queues = new Queues(workers + 2);
    this.fresh = workers;
    this.begun = workers + 1;
    this.words = (workers + 31) >>> 5;
    this.holding = int32s((k + 1) * this.words);
    for (let worker = 0; worker < workers; worker++) this.holding[worker >>> 5]! |= 1 << (worker & 31);
    this.ready = new WorkerSet(workers);
    this.requestOn = int32s(workers).fill(-1);
    this.givenUp = new Queues(workers);
    this.loads = int32s(workers);
    this.room = k * workers;
  }

  arrive(request: number, _type: number, _flow: number): void {
    if (this.waitingCentral() < this.limit) this.enqueue(this.fresh, request);
    else this.setup.world.drop(request, DropReason.queueFull);
  }

  complete(worker: number): void {
    if (worker < this.setup.workers) this.free(worker);
  }

  sliceExpired(_worker: number): number {
    return PREEMPT;
  }

  preempted(worker: number): void {
    const { givenUp } = this;
    this.enqueue(this.begun, this.late ? givenUp.shift(worker) : this.requestOn[worker]!);
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

  dispatcherIdles(): void {
    const { queues, fresh, setup } = this;
    if (queues.length[fresh]! > 0) setup.world.start(setup.workers, queues.shift(fresh), TO_COMPLETION);
  }

  dispatch(): void {
    const { queues, ready } = this;
    for (let worker = ready.lowest(); worker >= 0; worker = ready.lowest()) {
      ready.delete(worker);
      this.waitingDealt--;
      this.start(worker, queues.shift(worker));
    }
    while (this.room > 0 && this.waitingCentral() > 0) {
      const worker = this.leastLoaded();
      const request = queues.shift(this.older());
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
    return this.waitingCentral() + this.waitingDealt;
  }

  private waitingCentral(): number {
    const { length } = this.queues;
    return length[this.fresh]! + length[this.begun]!;
  }

  private enqueue(queue: number, request: number): void {
    if (request >= this.turns.length) this.turns = grown(this.turns, request);
    this.turns[request] = this.turn;
    this.turn = (this.turn + 1) | 0;
    this.queues.push(queue, request);
  }

  /** The one of the two central queues whose head has waited longest. One of them must not be empty. */
  private older(): number {
    const { queues, fresh, begun, turns } = this;
    if (queues.length[begun] === 0) return fresh;
    if (queues.length[fresh] === 0) return begun;
    // The difference is right even when the numbers have begun anew.
    return ((turns[queues.head(fresh)]! - turns[queues.head(begun)]!) | 0) < 0 ? fresh : begun;
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
    const bit = 1 << (worker & 31);
    const word = worker >>> 5;
    holding[before * this.words + word]! &= ~bit;
    holding[after * this.words + word]! |= bit;
    this.room -= change;
  }

  /** Called only while some worker holds fewer than k. */
  private leastLoaded(): number {
    const { holding, words } = this;
    for (let load = 0; ; load++) {
      for (let i = 0; i < words; i++) {
        const word = holding[load * words + i]!;
        if (word !== 0) return (i << 5) + 31 - Math.clz32(word & -word);
      }
    }
  }
}

export const jbsq = definePolicy<{ k: number; quantumNs: number; costNs: number; queue: number }>({
  name: 'jbsq',
  title: 'Join the bounded shortest queue',
  summary: 'at most k requests per worker, the rest in one queue; cheap preemption after a quantum: Concord',
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

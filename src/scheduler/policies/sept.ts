import { float64s, int32s } from '../../units/arrays.js';
import { definePolicy, quantum, queueLimit } from '../policy.js';
import { grown, TimedQueues } from '../queues.js';
import { DropReason, PREEMPT, type Scheduler, type SchedulerSetup, TO_COMPLETION } from '../scheduler.js';
import { LEVELS, levelOf, levelStart, SizeProfile } from '../size-profile.js';
import { TYPED_QUEUE_LIMIT } from '../typed-scheduler.js';
import { WorkerSet } from '../worker-set.js';
import { YieldingWorkers } from '../yielding-workers.js';

type SeptParameters = { quantumNs: number; target: number; patience: number; costNs: number; queue: number };

/** A request makes room only for a class of at most half its size, because similar requests gain nothing by turns. */
const MUCH_SHORTER = 2;

/** Waiting for a worker to become free is worth while when one is expected within the wait at least this often. */
const WORTH_A_WAIT = 0.2;

/** Times that the oldest request is looked at while it may wait. */
const LOOKS_PER_WAIT = 2;

/**
 * Shortest expected processing time under deadlines, with preemption under pressure.
 *
 * It learns the size of each type, and the size of what has already run for long ({@link SizeProfile}). The request
 * with the earliest deadline goes first, where a deadline is `target` sizes after the arrival. Past their deadlines all
 * requests are equally urgent, and the shortest goes first. So short requests go first as long as the long ones have
 * time.
 *
 * A running request that has had a quantum is preempted when the most urgent waiting class is much shorter, and would
 * otherwise exceed both `patience` and the slowdown of the running one:
 * - Workers already run requests of that size: its slowdown is the work that waits over the shortest demand, divided by
 *   those workers. One more helps when they cannot keep up.
 * - None does: its slowdown is its age plus the time a preemption takes, over the shortest demand. When a worker is
 *   hardly expected to become free within that patience, nothing is gained from waiting, and it is preempted at once.
 *
 * Preemptions are rare, since one freed worker serves all short requests that wait before it returns to a long one.
 */
class ShortestExpected implements Scheduler {
  private readonly profile: SizeProfile;
  private readonly queues: TimedQueues;
  private readonly idle: WorkerSet;
  private waiting = 0;
  private readonly waitingOf: Int32Array;

  private readonly requestOn: Int32Array;
  private readonly classOn: Int32Array;
  /** Per worker: when its request would have started, had it run without a break. */
  private readonly bornNs: Float64Array;
  /** Per worker whose request has had its quantum: attained service at which its class becomes less urgent, ns. */
  private readonly nextLevelNs: Float64Array;
  /** By request handle: service received before its latest start, ns. */
  private attainedNs = new Float64Array(1024);
  /** By class: requests that run and have not been told to yield. */
  private readonly running: Int32Array;
  /** By class: the workers whose request has had its quantum. And their number over all classes. */
  private readonly overdueOf: WorkerSet[];
  private readonly overdueIn: Int32Array;
  private overdue = 0;
  private readonly yielding: YieldingWorkers;

  /** By type: the stated deadline or SLO, ns; 0 where `target` times the size applies. */
  private readonly statedNs: Float64Array;
  private readonly handoffNs: number;
  /** By class: how long a request runs before it can have to make room, ns, or TO_COMPLETION. */
  private readonly sliceNs: Int32Array;
  /** Time after which a request that has had its quantum is looked at again, ns, or TO_COMPLETION. */
  private lookNs = TO_COMPLETION;

  constructor(
    private readonly setup: SchedulerSetup,
    private readonly parameters: SeptParameters,
  ) {
    const { workers } = setup;
    const types = setup.types.length + 1;
    const classes = types * LEVELS;
    this.profile = new SizeProfile(types, parameters.quantumNs);
    this.queues = new TimedQueues(classes, setup.now);
    this.idle = new WorkerSet(workers);
    this.idle.addRange(0, workers);
    this.waitingOf = int32s(types);
    this.requestOn = int32s(workers);
    this.classOn = int32s(workers);
    this.bornNs = float64s(workers);
    this.nextLevelNs = float64s(workers);
    this.running = int32s(classes);
    this.overdueOf = Array.from({ length: classes }, () => new WorkerSet(workers));
    this.overdueIn = int32s(classes);
    this.yielding = new YieldingWorkers(workers);
    this.statedNs = Float64Array.from([...setup.types.map(({ deadlineNs, sloNs }) => deadlineNs ?? sloNs ?? 0), 0]);
    this.sliceNs = int32s(classes).fill(parameters.quantumNs);
    this.handoffNs = setup.handoffNs ?? 0;
  }

  arrive(request: number, type: number, _flow: number): void {
    if (this.waitingOf[type]! >= this.parameters.queue) {
      this.setup.world.drop(request, DropReason.queueFull);
      return;
    }
    if (request >= this.attainedNs.length) this.attainedNs = grown(this.attainedNs, request);
    this.attainedNs[request] = 0;
    const at = type * LEVELS;
    this.profile.meet(at);
    this.queues.arrive(at, request);
    this.waitingOf[type]!++;
    this.waiting++;
  }

  complete(worker: number): void {
    const serviceNs = Math.max(1, this.setup.now[0]! - this.bornNs[worker]! - this.handoffNs);
    this.leave(worker);
    this.idle.add(worker);
    if (this.profile.observe(typeOf(this.classOn[worker]!), serviceNs)) this.sizesChanged();
  }

  sliceExpired(worker: number): number {
    const attainedNs = this.setup.now[0]! - this.bornNs[worker]! - this.handoffNs;
    if (!this.overdueOf[this.classOn[worker]!]!.has(worker) || attainedNs >= this.nextLevelNs[worker]!) {
      this.raise(worker, attainedNs);
    }
    if (this.waiting > this.yielding.count) {
      const urgent = this.mostUrgent();
      if (!this.isSimilar(urgent, this.classOn[worker]!) && this.pressesOn(worker, this.pressure(urgent))) {
        this.beginYield(worker);
        return PREEMPT;
      }
    }
    const untilNs = this.nextLevelNs[worker]! - attainedNs;
    if (this.lookNs === TO_COMPLETION) return untilNs < 2 ** 31 ? Math.ceil(untilNs) : TO_COMPLETION;
    return untilNs < this.lookNs ? Math.ceil(untilNs) : this.lookNs;
  }

  preempted(worker: number): void {
    this.leave(worker);
    const at = this.classOn[worker]!;
    this.profile.meet(at);
    // The limit does not apply, because the request was admitted when it arrived.
    this.queues.unshift(at, this.requestOn[worker]!);
    this.waitingOf[typeOf(at)]!++;
    this.waiting++;
    this.idle.add(worker);
  }

  dispatch(): void {
    while (this.waiting > 0) {
      const worker = this.idle.lowest();
      if (worker < 0) break;
      this.idle.delete(worker);
      this.start(worker, this.mostUrgent());
    }
    while (this.overdue > 0 && this.waiting > this.yielding.count) {
      const urgent = this.mostUrgent();
      const worker = this.longestFor(urgent);
      if (worker < 0) return;
      this.beginYield(worker);
      this.setup.world.preempt(worker);
    }
  }

  queued(): number {
    return this.waiting;
  }

  private start(worker: number, at: number): void {
    const request = this.queues.shift(at);
    this.waiting--;
    this.waitingOf[typeOf(at)]!--;
    this.running[at]!++;
    this.requestOn[worker] = request;
    this.classOn[worker] = at;
    this.bornNs[worker] = this.setup.now[0]! - this.attainedNs[request]!;
    this.setup.world.start(worker, request, this.sliceNs[at]!);
  }

  /** The class whose oldest request has the earliest deadline; past the deadline, the smallest class. */
  private mostUrgent(): number {
    const { queues, profile, statedNs } = this;
    const { order, known, sizeNs } = profile;
    const nowNs = this.setup.now[0]!;
    let best = -1;
    let earliestNs = Number.POSITIVE_INFINITY;
    for (let i = 0; i < known; i++) {
      const at = order[i]!;
      if (queues.length[at] === 0) continue;
      if (queues.length[at] === this.waiting) return at;
      const stated = statedNs[typeOf(at)]!;
      const timeNs = stated > 0 ? stated : this.parameters.target * sizeNs[at]!;
      const deadlineNs = Math.max(nowNs, queues.headArrivalNs(at) + timeNs);
      if (deadlineNs < earliestNs) {
        earliestNs = deadlineNs;
        best = at;
      }
    }
    return best;
  }

  /** The worker of the longest running class that has to make room for the class; -1 when none has to. */
  private longestFor(at: number): number {
    const { order, known } = this.profile;
    let slowdown = -1;
    for (let i = known - 1; i >= 0; i--) {
      const other = order[i]!;
      if (this.isSimilar(at, other)) return -1;
      if (this.overdueIn[other] === 0) continue;
      if (slowdown < 0) slowdown = this.pressure(at);
      const worker = this.overdueOf[other]!.lowest();
      if (this.pressesOn(worker, slowdown)) return worker;
    }
    return -1;
  }

  private isSimilar(at: number, other: number): boolean {
    const { sizeNs } = this.profile;
    return sizeNs[other]! < MUCH_SHORTER * sizeNs[at]!;
  }

  private pressesOn(worker: number, slowdown: number): boolean {
    return slowdown > this.parameters.patience && slowdown > this.slowdownOn(worker);
  }

  /** The slowdown to be expected in a class unless one more worker serves it; Infinity when waiting is no use. */
  private pressure(at: number): number {
    const { running, queues } = this;
    const { order, known, sizeNs, stageNs, lowNs } = this.profile;
    const shortestNs = at % LEVELS === 0 ? lowNs[typeOf(at)]! : sizeNs[at]!;
    let ahead = 0;
    let helpers = this.yielding.count;
    let freePerNs = 0;
    for (let i = 0; i < known; i++) {
      const other = order[i]!;
      if (sizeNs[other]! <= sizeNs[at]!) ahead += queues.length[other]!;
      if (running[other] === 0) continue;
      if (this.isSimilar(at, other)) helpers += running[other]!;
      freePerNs += running[other]! / sizeNs[other]!;
    }
    if (helpers > 0) return (ahead * stageNs[at]!) / (helpers * shortestNs);
    if (this.budgetNs(shortestNs) * freePerNs < WORTH_A_WAIT) return Number.POSITIVE_INFINITY;
    const waitNs = this.setup.now[0]! - queues.headArrivalNs(at) + this.parameters.costNs;
    return 1 + waitNs / shortestNs;
  }

  /** Time that a request may wait before a preemption begins, ns. */
  private budgetNs(shortestNs: number): number {
    return (this.parameters.patience - 1) * shortestNs - this.parameters.costNs;
  }

  /** The slowdown that the request on a worker has already suffered. */
  private slowdownOn(worker: number): number {
    const waitedNs = this.bornNs[worker]! - this.queues.arrivalNs(this.requestOn[worker]!);
    return 1 + waitedNs / this.profile.sizeNs[this.classOn[worker]!]!;
  }

  /** Moves the request on a worker to the class of what it has attained, at the end of its quantum or of a level. */
  private raise(worker: number, attainedNs: number): void {
    const { sizeNs } = this.profile;
    const before = this.classOn[worker]!;
    const type = typeOf(before);
    const at = Math.max(before, type * LEVELS + levelOf(attainedNs / this.parameters.quantumNs));
    this.notOverdue(worker);
    this.running[before]!--;
    this.running[at]!++;
    this.classOn[worker] = at;
    this.overdueOf[at]!.add(worker);
    this.overdueIn[at]!++;
    this.overdue++;
    this.profile.meet(at);
    // Only a level that is less urgent is worth a look.
    let next = at + 1;
    while (next < (type + 1) * LEVELS && sizeNs[next]! <= sizeNs[at]!) next++;
    const isLast = next === (type + 1) * LEVELS;
    this.nextLevelNs[worker] = isLast
      ? Number.POSITIVE_INFINITY
      : levelStart(next % LEVELS) * this.parameters.quantumNs;
  }

  private beginYield(worker: number): void {
    this.notOverdue(worker);
    this.running[this.classOn[worker]!]!--;
    // Each start takes a hand-off, which is not service.
    this.attainedNs[this.requestOn[worker]!] = this.setup.now[0]! - this.bornNs[worker]! - this.handoffNs;
    this.yielding.add(worker);
  }

  /** The request has left the worker, finished or not. */
  private leave(worker: number): void {
    if (this.yielding.remove(worker)) return;
    this.notOverdue(worker);
    this.running[this.classOn[worker]!]!--;
  }

  private notOverdue(worker: number): void {
    const at = this.classOn[worker]!;
    if (!this.overdueOf[at]!.has(worker)) return;
    this.overdueOf[at]!.delete(worker);
    this.overdueIn[at]!--;
    this.overdue--;
  }

  private sizesChanged(): void {
    this.chooseLook();
    this.chooseSlices();
  }

  private chooseLook(): void {
    const { order, known, sizeNs, lowNs, types } = this.profile;
    const { workers } = this.setup;
    const longestNs = sizeNs[order[known - 1]!]!;
    let lookNs = Number.POSITIVE_INFINITY;
    for (let type = 0; type < types; type++) {
      const budgetNs = this.budgetNs(lowNs[type]!);
      // The workers are looked at in turns, so the oldest request is looked at as often as there are workers.
      const eachNs = Math.ceil((budgetNs * workers) / LOOKS_PER_WAIT);
      if (budgetNs * workers >= WORTH_A_WAIT * longestNs && eachNs < lookNs) lookNs = eachNs;
    }
    this.lookNs = lookNs < 2 ** 31 ? Math.max(lookNs, this.parameters.quantumNs) : TO_COMPLETION;
  }

  /** A request cannot have to make room before it is much longer than another class. */
  private chooseSlices(): void {
    const { order, known, sizeNs } = this.profile;
    const { quantumNs } = this.parameters;
    const longNs = MUCH_SHORTER * sizeNs[order[0]!]!;
    for (let i = 0; i < known; i++) {
      const at = order[i]!;
      if (at % LEVELS > 0) continue;
      let level = 0;
      while (level < LEVELS && sizeNs[at + level]! < longNs) level++;
      const untilNs = level === LEVELS ? Number.POSITIVE_INFINITY : levelStart(Math.max(1, level)) * quantumNs;
      this.sliceNs[at] = untilNs < 2 ** 31 ? untilNs : TO_COMPLETION;
    }
  }
}

function typeOf(at: number): number {
  return (at / LEVELS) | 0;
}

export const sept = definePolicy<SeptParameters>({
  name: 'sept',
  title: 'Shortest expected first, under pressure',
  summary:
    'learns how long each type is; the earliest deadline goes first, and a request makes room for much shorter ones ' +
    'that would wait too long',
  reference:
    'SEPT: L. Schrage, Operations Research 16 (1968); index: J. Gittins, Multi-armed Bandit Allocation Indices ' +
    '(1989), for slowdown; deadlines: Liu & Layland, JACM 20 (1973); the rule for preemptions is ours',
  needsTypes: true,
  needsFlows: false,
  preemptive: true,
  workConserving: true,
  clairvoyant: false,
  fifoWithinType: false,
  queues: 'central',
  parameters: [
    quantum(5_000, 'time a request runs before a much shorter one may take its worker'),
    {
      key: 'target',
      kind: 'number',
      min: 0,
      default: 10,
      help: 'deadline as a multiple of the type’s size, where the workload states none',
    },
    {
      key: 'patience',
      kind: 'number',
      min: 1,
      default: 4,
      help: 'slowdown that short requests are expected to bear before a longer one makes room',
    },
    {
      key: 'cost',
      kind: 'duration',
      min: 0,
      default: 1_000,
      help: 'worker time that a preemption takes: what the rule reckons with, and what the simulator charges',
    },
    queueLimit(TYPED_QUEUE_LIMIT),
  ],
  create: (setup, parameters) => new ShortestExpected(setup, parameters),
  costs: ({ costNs }) => ({ preemptionNs: costNs }),
});

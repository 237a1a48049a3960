import { float64s, int32s } from '../units/arrays.js';
import { GroupedWorkers } from './grouped-workers.js';
import { PreemptionBudget } from './preemption-budget.js';
import { FIRST_HANDLES, grown, TimedQueues } from './queues.js';
import { DropReason, PREEMPT, type Scheduler, type SchedulerSetup, TO_COMPLETION } from './scheduler.js';
import { LEVELS, levelOf, levelStart, SizeProfile } from './size-profile.js';
import { WorkShares } from './work-shares.js';
import { WorkerSet } from './worker-set.js';
import { YieldingWorkers } from './yielding-workers.js';

export type SeptParameters = { quantumNs: number; target: number; patience: number; costNs: number; queue: number };

/** A request makes room only for a class of at most half its size, because similar requests gain nothing by turns. */
const MUCH_SHORTER = 2;

/** Waiting for a worker to become free is worth while when one is expected within the wait at least this often. */
const WORTH_A_WAIT = 0.2;

/**
 * A class that fewer of its type's requests reach does not count as the longest: one request that was held up for once,
 * or those of a type before it changed, would otherwise say that no worker ever becomes free in time.
 */
const RARE = 0.01;

/**
 * Where the credit for preemptions is running out, short requests are expected to bear this part of their target. Fewer
 * preemptions may do, and without credit there would be none.
 */
const MOST_PATIENCE = 0.75;

/** Times that the oldest request is looked at while it may wait. */
const LOOKS_PER_WAIT = 2;

/** Requests that completed although they were told to yield, none having yielded, after which none is told any more. */
const REFUSALS = 32;

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
 * Preemptions are rare, since one freed worker serves all short requests that wait before it returns to a long one, and
 * {@link PreemptionBudget} limits them.
 *
 * Where preemption does not help, a longer type leaves to the much shorter ones the workers that they need
 * ({@link WorkShares}), though these idle at times. That is so where requests cannot be preempted: from the beginning,
 * or once requests were told to yield and none did. It is also so where a preemption takes so long that a short request
 * which waits for one misses its target.
 */
export class ShortestExpected implements Scheduler {
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
  private attainedNs = new Float64Array(FIRST_HANDLES);
  /** By class: requests that run and have not been told to yield. */
  private readonly running: Int32Array;
  /** By class: the workers whose request has had its quantum. */
  private readonly overdue: GroupedWorkers;
  private readonly yielding: YieldingWorkers;
  private readonly budget: PreemptionBudget;
  /** Per worker: when it became idle, ns. */
  private readonly idleSinceNs: Float64Array;
  private readonly shares: WorkShares;
  /** Do longer types leave workers to shorter ones? */
  private leavesWorkers: boolean;
  /** Requests that completed although they were told to yield; -1 once one has yielded. */
  private refusals = 0;

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
    private preempts = true,
  ) {
    const { workers, now } = setup;
    const types = setup.types.length + 1;
    const classes = types * LEVELS;
    this.profile = new SizeProfile(types, parameters.quantumNs);
    this.queues = new TimedQueues(classes, now);
    this.idle = new WorkerSet(workers);
    this.idle.addRange(0, workers);
    this.waitingOf = int32s(types);
    this.requestOn = int32s(workers);
    this.classOn = int32s(workers);
    this.bornNs = float64s(workers);
    this.nextLevelNs = float64s(workers);
    this.running = int32s(classes);
    this.overdue = new GroupedWorkers(classes, workers);
    this.yielding = new YieldingWorkers(workers);
    this.budget = new PreemptionBudget(workers, parameters.costNs, parameters.quantumNs, now);
    this.idleSinceNs = float64s(workers);
    this.leavesWorkers = !preempts;
    this.shares = new WorkShares(types, workers, MUCH_SHORTER);
    this.statedNs = Float64Array.from([...setup.types.map(({ deadlineNs, sloNs }) => deadlineNs ?? sloNs ?? 0), 0]);
    this.sliceNs = int32s(classes).fill(preempts ? parameters.quantumNs : TO_COMPLETION);
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
    const type = typeOf(this.classOn[worker]!);
    if (this.leave(worker) && this.refusals >= 0 && ++this.refusals === REFUSALS) this.stopPreempting();
    this.free(worker);
    if (this.profile.observe(type, serviceNs)) this.sizesChanged();
    if (this.leavesWorkers) this.shares.observe(type, serviceNs, this.profile.sizeNs, LEVELS);
  }

  sliceExpired(worker: number): number {
    if (!this.preempts) return TO_COMPLETION;
    const attainedNs = this.setup.now[0]! - this.bornNs[worker]! - this.handoffNs;
    if (!this.overdue.has(this.classOn[worker]!, worker) || attainedNs >= this.nextLevelNs[worker]!) {
      this.raise(worker, attainedNs);
    }
    if (this.waiting > this.yielding.count) {
      const urgent = this.mostUrgent();
      const isShorter = urgent >= 0 && !this.isSimilar(urgent, this.classOn[worker]!);
      if (isShorter && this.pressesOn(worker, this.pressure(urgent)) && this.budget.allows()) {
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
    this.refusals = -1;
    const at = this.classOn[worker]!;
    this.profile.meet(at);
    // The limit does not apply, because the request was admitted when it arrived.
    this.queues.unshift(at, this.requestOn[worker]!);
    this.waitingOf[typeOf(at)]!++;
    this.waiting++;
    this.free(worker);
  }

  dispatch(): void {
    while (this.waiting > 0) {
      const worker = this.idle.lowest();
      if (worker < 0) break;
      const urgent = this.mostUrgent();
      // None may start while it has to leave the idle workers to shorter ones.
      if (urgent < 0) return;
      this.idle.delete(worker);
      this.start(worker, urgent);
    }
    while (this.overdue.count > 0 && this.waiting > this.yielding.count && this.preempts) {
      const urgent = this.mostUrgent();
      const worker = urgent < 0 ? -1 : this.longestFor(urgent);
      if (worker < 0 || !this.budget.allows()) return;
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
    this.budget.earn(this.setup.now[0]! - this.idleSinceNs[worker]!);
    this.bornNs[worker] = this.setup.now[0]! - this.attainedNs[request]!;
    this.setup.world.start(worker, request, this.sliceNs[at]!);
  }

  /** The class whose oldest request has the earliest deadline; past the deadline, the smallest class. -1: none may. */
  private mostUrgent(): number {
    const { queues, profile, statedNs } = this;
    const { order, known, sizeNs } = profile;
    const nowNs = this.setup.now[0]!;
    let best = -1;
    let earliestNs = Number.POSITIVE_INFINITY;
    for (let i = 0; i < known; i++) {
      const at = order[i]!;
      if (queues.length[at] === 0 || (this.leavesWorkers && !this.leavesEnough(at))) continue;
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
      if (this.overdue.size[other] === 0) continue;
      if (slowdown < 0) slowdown = this.pressure(at);
      const worker = this.overdue.lowestIn(other);
      if (this.pressesOn(worker, slowdown)) return worker;
    }
    return -1;
  }

  /** Would enough workers stay free of this class and of longer ones, if one more request of it started? */
  private leavesEnough(at: number): boolean {
    const { order, known } = this.profile;
    let longer = 0;
    for (let i = 0; i < known; i++) if (this.isSimilar(order[i]!, at)) longer += this.running[order[i]!]!;
    return longer < this.setup.workers - this.shares.left[typeOf(at)]!;
  }

  private isSimilar(at: number, other: number): boolean {
    const { sizeNs } = this.profile;
    return sizeNs[other]! < MUCH_SHORTER * sizeNs[at]!;
  }

  private pressesOn(worker: number, slowdown: number): boolean {
    return slowdown > this.patience() && slowdown > this.slowdownOn(worker);
  }

  /** The slowdown to be expected in a class unless one more worker serves it; Infinity when waiting is no use. */
  private pressure(at: number): number {
    const { running, queues } = this;
    const { order, known, sizeNs, stageNs, lowNs } = this.profile;
    const shortestNs = this.unitNs(at, at % LEVELS === 0 ? lowNs[typeOf(at)]! : sizeNs[at]!);
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

  /** The slowdown that short requests are expected to bear now. */
  private patience(): number {
    const { patience, target } = this.parameters;
    return patience + Math.max(0, MOST_PATIENCE * target - patience) * this.budget.scarcity();
  }

  /** What a wait is compared with, ns: the request's own size, or that to which the stated deadline would belong. */
  private unitNs(at: number, sizeNs: number): number {
    const stated = this.statedNs[typeOf(at)]!;
    return stated > 0 && this.parameters.target > 0 ? stated / this.parameters.target : sizeNs;
  }

  /** Time that a request may wait before a preemption begins, ns. */
  private budgetNs(shortestNs: number): number {
    return (this.parameters.patience - 1) * shortestNs - this.parameters.costNs;
  }

  /** The slowdown that the request on a worker has already suffered. */
  private slowdownOn(worker: number): number {
    const waitedNs = this.bornNs[worker]! - this.queues.arrivalNs(this.requestOn[worker]!);
    const at = this.classOn[worker]!;
    return 1 + waitedNs / this.unitNs(at, this.profile.sizeNs[at]!);
  }

  /** Moves the request on a worker to the class of what it has attained, at the end of its quantum or of a level. */
  private raise(worker: number, attainedNs: number): void {
    const { sizeNs } = this.profile;
    const before = this.classOn[worker]!;
    const type = typeOf(before);
    const at = Math.max(before, type * LEVELS + levelOf(attainedNs / this.parameters.quantumNs));
    this.overdue.remove(this.classOn[worker]!, worker);
    this.running[before]!--;
    this.running[at]!++;
    this.classOn[worker] = at;
    this.overdue.add(at, worker);
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
    this.overdue.remove(this.classOn[worker]!, worker);
    this.running[this.classOn[worker]!]!--;
    // Each start takes a hand-off, which is not service.
    this.attainedNs[this.requestOn[worker]!] = this.setup.now[0]! - this.bornNs[worker]! - this.handoffNs;
    this.yielding.add(worker);
    this.budget.spend();
  }

  /** The request has left the worker, finished or not. Returns whether it had been told to. */
  private leave(worker: number): boolean {
    if (this.yielding.remove(worker)) return true;
    this.overdue.remove(this.classOn[worker]!, worker);
    this.running[this.classOn[worker]!]!--;
    return false;
  }

  private free(worker: number): void {
    this.idle.add(worker);
    this.idleSinceNs[worker] = this.setup.now[0]!;
  }

  private stopPreempting(): void {
    this.preempts = false;
    this.leavesWorkers = true;
    this.sliceNs.fill(TO_COMPLETION);
  }

  private sizesChanged(): void {
    if (!this.preempts) return;
    this.leavesWorkers = this.areTooDear();
    this.lookNs = this.chooseLook();
    this.profile.chooseSlices(MUCH_SHORTER, this.sliceNs);
  }

  /** Would the shortest type miss its target by a preemption alone? */
  private areTooDear(): boolean {
    const { sizeNs, types } = this.profile;
    const { costNs, target } = this.parameters;
    for (let type = 0; type < types; type++) {
      const size = sizeNs[type * LEVELS]!;
      if (size > 0 && (target - 1) * this.unitNs(type * LEVELS, size) < costNs) return true;
    }
    return false;
  }

  private chooseLook(): number {
    const { order, known, sizeNs, lowNs, share, types } = this.profile;
    const { workers } = this.setup;
    let last = known - 1;
    while (last > 0 && share[order[last]!]! < RARE) last--;
    const longestNs = sizeNs[order[last]!]!;
    let lookNs = Number.POSITIVE_INFINITY;
    for (let type = 0; type < types; type++) {
      const budgetNs = this.budgetNs(this.unitNs(type * LEVELS, lowNs[type]!));
      // The workers are looked at in turns, so the oldest request is looked at as often as there are workers.
      const eachNs = Math.ceil((budgetNs * workers) / LOOKS_PER_WAIT);
      if (budgetNs * workers >= WORTH_A_WAIT * longestNs && eachNs < lookNs) lookNs = eachNs;
    }
    return lookNs < 2 ** 31 ? Math.max(lookNs, this.parameters.quantumNs) : TO_COMPLETION;
  }
}

function typeOf(at: number): number {
  return (at / LEVELS) | 0;
}

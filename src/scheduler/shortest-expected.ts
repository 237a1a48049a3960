import { float64s, int32s } from '../units/arrays.js';
import { ClassTargets } from './class-targets.js';
import { statedProfile } from './policy.js';
import { PreemptionBudget } from './preemption-budget.js';
import { FIRST_HANDLES, grown, TimedQueues } from './queues.js';
import { RunningRequests, typeOf } from './running-requests.js';
import {
  DropReason,
  PREEMPT,
  type Scheduler,
  type SchedulerSetup,
  TO_COMPLETION,
  type TrueProfile,
} from './scheduler.js';
import { ClassSet, LEVELS, MUCH_SHORTER, SizeProfile } from './size-profile.js';
import { WorkShares } from './work-shares.js';
import { WorkerSet } from './worker-set.js';
import { YieldingWorkers } from './yielding-workers.js';

export type SeptParameters = {
  quantumNs: number;
  target: number;
  patience: number;
  costNs: number;
  queue: number;
  declared: boolean;
};

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
  /** The classes with waiting requests. */
  private readonly waitingIn: ClassSet;

  private readonly running: RunningRequests;
  /** By request handle: service received before its latest start, ns. */
  private attainedNs = new Float64Array(FIRST_HANDLES);
  private readonly yielding: YieldingWorkers;
  private readonly budget: PreemptionBudget;
  private readonly shares: WorkShares;
  /** Do longer types leave workers to shorter ones? */
  private leavesWorkers: boolean;
  /** Requests that completed although they were told to yield; -1 once one has yielded. */
  private refusals = 0;

  private readonly targets: ClassTargets;
  /** One cell, since V8 puts a double on the heap that a function returns to one that it is not inlined into. */
  private readonly slowdown = float64s(1);
  private readonly handoffNs: number;
  /** By class: how long a request runs before it can have to make room, ns, or TO_COMPLETION. */
  private readonly sliceNs: Int32Array;
  /** One cell: time after which a request that has had its quantum is looked at again, ns, or TO_COMPLETION. */
  private readonly lookNs = int32s(1).fill(TO_COMPLETION);

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
    this.waitingIn = new ClassSet(this.profile);
    this.running = new RunningRequests(workers, this.profile, parameters.quantumNs);
    this.yielding = new YieldingWorkers(workers);
    this.budget = new PreemptionBudget(workers, parameters.costNs, parameters.quantumNs, now);
    this.leavesWorkers = !preempts;
    this.shares = new WorkShares(types, workers, MUCH_SHORTER);
    this.targets = new ClassTargets(this.profile, setup.types, parameters.target);
    this.sliceNs = int32s(classes).fill(preempts ? parameters.quantumNs : TO_COMPLETION);
    this.handoffNs = setup.handoffNs ?? 0;
    if (parameters.declared) this.believe(statedProfile(setup, 'sept'));
  }

  arrive(request: number, type: number, _flow: number): void {
    if (this.waitingOf[type]! >= this.parameters.queue) {
      this.setup.world.drop(request, DropReason.queueFull);
      return;
    }
    if (request >= this.attainedNs.length) this.attainedNs = grown(this.attainedNs, request);
    this.attainedNs[request] = 0;
    const at = type * LEVELS;
    if (this.profile.meet(at)) this.orderChanged();
    this.queues.arrive(at, request);
    this.waits(at, type);
  }

  complete(worker: number): void {
    const { profile, running } = this;
    const type = typeOf(running.classOn[worker]!);
    profile.servedNs[0] = Math.max(1, this.setup.now[0]! - running.bornNs[worker]! - this.handoffNs);
    if (this.leave(worker) && this.refusals >= 0 && ++this.refusals === REFUSALS) this.stopPreempting();
    this.idle.add(worker);
    this.budget.stops(worker);
    if (profile.observe(type)) this.sizesChanged();
    if (this.leavesWorkers) this.shares.observe(type, profile.servedNs, profile.sizeNs, LEVELS);
  }

  sliceExpired(worker: number): number {
    if (!this.preempts) return TO_COMPLETION;
    const { running } = this;
    const attainedNs = this.setup.now[0]! - running.bornNs[worker]! - this.handoffNs;
    if (running.isOverdue[worker] === 0 || attainedNs >= running.nextLevelNs[worker]!) {
      this.profile.servedNs[0] = attainedNs;
      if (running.raise(worker)) this.orderChanged();
    }
    if (this.waiting > this.yielding.count) {
      const urgent = this.mostUrgent();
      const isShorter = urgent >= 0 && !this.isSimilar(urgent, running.classOn[worker]!);
      if (isShorter && this.presses(urgent) && this.suffersLess(worker) && this.budget.allows()) {
        this.beginYield(worker);
        return PREEMPT;
      }
    }
    const lookNs = this.lookNs[0]!;
    const untilNs = running.nextLevelNs[worker]! - attainedNs;
    return untilNs < (lookNs === TO_COMPLETION ? 2 ** 31 - 1 : lookNs) ? Math.ceil(untilNs) | 0 : lookNs;
  }

  preempted(worker: number): void {
    this.leave(worker);
    this.refusals = -1;
    const at = this.running.classOn[worker]!;
    // The limit does not apply, because the request was admitted when it arrived.
    this.queues.unshift(at, this.running.requestOn[worker]!);
    this.waits(at, typeOf(at));
    this.idle.add(worker);
    this.budget.stops(worker);
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
    while (this.preempts && this.waiting > this.yielding.count && this.running.overdueIn.any()) {
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

  private believe(stated: TrueProfile): void {
    this.profile.believe(stated.meanNs);
    this.shares.believe(stated, this.profile.sizeNs, LEVELS);
    this.sizesChanged();
  }

  private start(worker: number, at: number): void {
    const request = this.queues.shift(at);
    if (this.queues.length[at] === 0) this.waitingIn.delete(at);
    this.waiting--;
    this.waitingOf[typeOf(at)]!--;
    this.running.start(worker, request, at);
    this.budget.starts(worker);
    this.running.bornNs[worker] = this.setup.now[0]! - this.attainedNs[request]!;
    this.setup.world.start(worker, request, this.sliceNs[at]!);
  }

  /** A request of this class has been queued. */
  private waits(at: number, type: number): void {
    this.waitingIn.add(at);
    this.waitingOf[type]!++;
    this.waiting++;
  }

  /** The class whose oldest request has the earliest deadline; past the deadline, the smallest class. -1: none may. */
  private mostUrgent(): number {
    const { queues } = this;
    const { allowedNs } = this.targets;
    const { words } = this.waitingIn;
    const { order } = this.profile;
    const nowNs = this.setup.now[0]!;
    let best = -1;
    let earliestNs = Number.POSITIVE_INFINITY;
    for (let i = 0; i < words.length; i++) {
      for (let word = words[i]!; word !== 0; word &= word - 1) {
        const at = order[(i << 5) + 31 - Math.clz32(word & -word)]!;
        if (this.leavesWorkers && !this.leavesEnough(at)) continue;
        if (queues.length[at] === this.waiting) return at;
        const deadlineNs = queues.headArrivalNs(at) + allowedNs[at]!;
        // No longer class is more urgent than one that is past its deadline.
        if (deadlineNs <= nowNs) return at;
        if (deadlineNs < earliestNs) {
          earliestNs = deadlineNs;
          best = at;
        }
      }
    }
    return best;
  }

  /** The worker of the longest running class that has to make room for the class; -1 when none has to. */
  private longestFor(at: number): number {
    const { words } = this.running.overdueIn;
    const { order } = this.profile;
    let isPressing = false;
    for (let i = words.length - 1; i >= 0; i--) {
      for (let word = words[i]!; word !== 0; ) {
        const bit = 31 - Math.clz32(word);
        word ^= 1 << bit;
        const other = order[(i << 5) + bit]!;
        if (this.isSimilar(at, other)) return -1;
        isPressing ||= this.presses(at);
        if (!isPressing) return -1;
        const worker = this.running.lowestOverdue(other);
        if (this.suffersLess(worker)) return worker;
      }
    }
    return -1;
  }

  /** Would enough workers stay free of this class and of longer ones, if one more request of it started? */
  private leavesEnough(at: number): boolean {
    const { order, known } = this.profile;
    const { count } = this.running;
    let longer = 0;
    for (let i = 0; i < known; i++) if (this.isSimilar(order[i]!, at)) longer += count[order[i]!]!;
    return longer < this.setup.workers - this.shares.left[typeOf(at)]!;
  }

  /** Is the other class less than twice as long? */
  private isSimilar(at: number, other: number): boolean {
    const { rank, similar } = this.profile;
    return rank[other]! < similar[at]!;
  }

  /** Would a class wait for longer than short requests are expected to bear now? */
  private presses(at: number): boolean {
    this.measurePressure(at);
    const slowdown = this.slowdown[0]!;
    const { patience, target } = this.parameters;
    if (slowdown <= patience) return false;
    return slowdown > patience + Math.max(0, MOST_PATIENCE * target - patience) * this.budget.scarcity();
  }

  /** Sets the slowdown to be expected in a class unless one more worker serves it; Infinity when waiting is no use. */
  private measurePressure(at: number): void {
    const { queues, slowdown } = this;
    const { order, known, sizeNs, stageNs, lowNs, noLonger, similar } = this.profile;
    const { count } = this.running;
    const type = typeOf(at);
    const isNew = at === type * LEVELS && this.targets.statedUnitNs[type] === 0;
    const shortestNs = isNew ? lowNs[type]! : this.targets.unitNs[at]!;
    let helpers = this.yielding.count;
    for (let i = 0; i < similar[at]!; i++) helpers += count[order[i]!]!;
    if (helpers > 0) {
      let ahead = 0;
      for (let i = 0; i < noLonger[at]!; i++) ahead += queues.length[order[i]!]!;
      slowdown[0] = (ahead * stageNs[at]!) / (helpers * shortestNs);
      return;
    }
    let freePerNs = 0;
    for (let i = 0; i < known; i++) {
      const other = order[i]!;
      if (count[other]! > 0) freePerNs += count[other]! / sizeNs[other]!;
    }
    const waitNs = this.setup.now[0]! - queues.headArrivalNs(at) + this.parameters.costNs;
    const isWorthAWait = !(this.budgetNs(shortestNs) * freePerNs < WORTH_A_WAIT);
    slowdown[0] = isWorthAWait ? 1 + waitNs / shortestNs : Number.POSITIVE_INFINITY;
  }

  /** Time that a request may wait before a preemption begins, ns. */
  private budgetNs(shortestNs: number): number {
    return (this.parameters.patience - 1) * shortestNs - this.parameters.costNs;
  }

  /** Has the request on a worker suffered less than the class whose pressure was measured would? */
  private suffersLess(worker: number): boolean {
    const { requestOn, classOn, bornNs } = this.running;
    const waitedNs = bornNs[worker]! - this.queues.arrivalNs(requestOn[worker]!);
    return this.slowdown[0]! > 1 + waitedNs / this.targets.unitNs[classOn[worker]!]!;
  }

  private beginYield(worker: number): void {
    const { requestOn, bornNs } = this.running;
    this.running.leave(worker);
    // Each start takes a hand-off, which is not service.
    this.attainedNs[requestOn[worker]!] = this.setup.now[0]! - bornNs[worker]! - this.handoffNs;
    this.yielding.add(worker);
    this.budget.spend();
  }

  /** The request has left the worker, finished or not. Returns whether it had been told to. */
  private leave(worker: number): boolean {
    if (this.yielding.remove(worker)) return true;
    this.running.leave(worker);
    return false;
  }

  private orderChanged(): void {
    this.waitingIn.refill(this.queues.length);
    this.running.refill();
  }

  private stopPreempting(): void {
    this.preempts = false;
    this.leavesWorkers = true;
    this.sliceNs.fill(TO_COMPLETION);
  }

  private sizesChanged(): void {
    this.orderChanged();
    this.targets.refresh();
    if (!this.preempts) return;
    this.leavesWorkers = this.areTooDear();
    this.lookNs[0] = this.chooseLook();
    this.profile.chooseSlices(this.sliceNs);
  }

  /** Would the shortest type miss its target by a preemption alone? */
  private areTooDear(): boolean {
    const { sizeNs, types } = this.profile;
    const { costNs, target } = this.parameters;
    for (let at = 0; at < types * LEVELS; at += LEVELS) {
      if (sizeNs[at]! > 0 && (target - 1) * this.targets.unitNs[at]! < costNs) return true;
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
      const statedNs = this.targets.statedUnitNs[type]!;
      const budgetNs = this.budgetNs(statedNs > 0 ? statedNs : lowNs[type]!);
      // The workers are looked at in turns, so the oldest request is looked at as often as there are workers.
      const eachNs = Math.ceil((budgetNs * workers) / LOOKS_PER_WAIT);
      if (budgetNs * workers >= WORTH_A_WAIT * longestNs && eachNs < lookNs) lookNs = eachNs;
    }
    return lookNs < 2 ** 31 ? Math.max(lookNs, this.parameters.quantumNs) : TO_COMPLETION;
  }
}

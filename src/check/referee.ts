/** Watches one run: holds every call of a scheduler to what its policy promises. */

import type { ChosenPolicy } from '../scheduler/policy-registry.js';
import { policies } from '../scheduler/policy-registry.js';
import {
  type DropReason,
  type Scheduler,
  type SchedulerSetup,
  TO_COMPLETION,
  type World,
} from '../scheduler/scheduler.js';
import { exactDuration } from '../units/duration.js';
import { lookUp } from '../units/names.js';
import type { Breach, HistoryEvent, KnownRequest, Running } from './books.js';
import {
  FREE_SLICES,
  historyRules,
  objectors,
  type RefereeBooks,
  settledRules,
  startRules,
  waitingKeys,
} from './orders.js';
import { assignmentBreaches, layoutBreaches, pressing, reachable } from './reservation-rules.js';
import { createShares, type Shares } from './shares.js';
import { createSlices, isSlice, type Slices } from './slices.js';
import { createWaitingRequests, type WaitingRequests } from './waiting.js';

/** A request as the trace has it. */
export interface Demand {
  /** When it arrives, ns. */
  readonly arrivalNs: number;
  /** Its service demand, ns. */
  readonly demandNs: number;
}

export interface RefereeOptions {
  /** The requests of the trace, one per call, in the order of their arrival. */
  readonly next: () => Demand;
  /**
   * Is the scheduler told later than things happen, because a system's costs are simulated? Then nobody can judge from
   * its calls when exactly a request ran.
   */
  readonly toldLate?: boolean;
  /** Keep all events, for rules that need the whole run? Default: true. A long run needs much memory for it. */
  readonly history?: boolean;
}

/** What cannot be judged of a scheduler that is told late. */
const TOLD_LATE: readonly string[] = ['time', 'service = demand', 'quantum'];

/** Breaches that are kept: the first tells what is wrong, the others rarely more. */
const MOST_VIOLATIONS = 20;

/** One request that left the system. */
export interface Departure {
  readonly id: number;
  readonly type: number;
  readonly worker: number;
  readonly atNs: number;
  readonly receivedNs: number;
}

/**
 * Makes a referee for one run. It stands between a world and the scheduler of a policy, passes everything on, and keeps
 * books of its own. A call that cannot be carried out, such as a start on a busy worker, is noted and not passed on.
 *
 * @param setup of the scheduler; the referee makes the scheduler from it
 * @throws InputError when the policy refuses the setup
 */
export function createReferee(chosen: ChosenPolicy, setup: SchedulerSetup, options: RefereeOptions): Referee {
  return new Referee(chosen, setup, options);
}

/** The scheduler that the world talks to in place of the policy's own. See `createReferee`. */
export class Referee implements Scheduler {
  /** What did not hold, in the order in which it was seen; the first 20. */
  readonly violations: Breach[] = [];
  readonly departures: Departure[] = [];
  readonly dropped: number[] = [];
  readonly arrivedPerType: number[] = [];
  /** Area under the number of requests in the system so far, ns. */
  areaNs = 0;
  /** Time that dropped requests had been in the system. */
  droppedNs = 0;
  readonly reservation?: () => ReturnType<NonNullable<Scheduler['reservation']>>;
  readonly leaves?: NonNullable<Scheduler['leaves']>;
  readonly dispatcherIdles?: NonNullable<Scheduler['dispatcherIdles']>;
  readonly parks?: NonNullable<Scheduler['parks']>;
  private changedNs = 0;
  private readonly inner: Scheduler;
  private readonly known = new Map<number, KnownRequest>();
  private readonly waiting: WaitingRequests;
  /** The request on each worker; the last place is the dispatcher's, for a request that it runs itself. */
  private readonly on: (number | undefined)[];
  private readonly parked = new Set<number>();
  /** May the scheduler start a request on the dispatcher now? */
  private doesDispatcherIdle = false;
  /** Per worker: the request it has finished, until the scheduler is told. */
  private readonly left: number[][];
  private readonly slices: Slices;
  private readonly means = new Map<number, { meanNs: number; count: number }>();
  private nextId = 0;
  private eventCount = 0;
  private readonly events: HistoryEvent[] = [];
  /** Only for a policy that shares the workers. */
  private readonly shares: Shares | undefined;
  /** Random numbers drawn since the latest arrival. */
  private draws: number[] = [];
  /** Under a policy that shares the workers: the request that completes next. */
  private planned: number | undefined;
  /** The rules of one of psp's own policies are known by its name. */
  private readonly rules;

  constructor(
    private readonly chosen: ChosenPolicy,
    private readonly setup: SchedulerSetup,
    private readonly options: RefereeOptions,
  ) {
    const { policy, parameters } = chosen;
    this.on = new Array(setup.workers + 1).fill(undefined);
    this.left = Array.from({ length: setup.workers + 1 }, () => []);
    const history = options.history === false ? undefined : lookUp(historyRules, policy.name);
    this.rules = {
      start: lookUp(startRules, policy.name),
      settled: lookUp(settledRules, policy.name),
      objectors: lookUp(objectors, policy.name),
      history,
    };
    const violated = this.violated.bind(this);
    this.waiting = createWaitingRequests(lookUp(waitingKeys, policy.name));
    // Who writes a policy of her own may give slices as she likes.
    const isFixed = policies.some(({ name }) => name === policy.name) && !FREE_SLICES.includes(policy.name);
    this.slices = createSlices(chosen, setup, isFixed, violated);
    this.shares = policy.sharing && createShares(setup.workers, violated);
    const random = () => {
      const number = setup.random();
      if (history) this.draws.push(number);
      return number;
    };
    this.inner = policy.create({ ...withheld(chosen, setup), world: this.refereed(setup.world), random }, parameters);
    if (this.inner.reservation) this.reservation = () => this.inner.reservation!();
    if (this.inner.leaves) this.leaves = (worker, preempted) => this.takesNext(worker, preempted);
    if (this.inner.dispatcherIdles) this.dispatcherIdles = () => this.asksForOwn();
    if (this.inner.parks) this.parks = (worker, parked) => this.parksOrWakes(worker, parked);
  }

  private refereed(world: World): World {
    return {
      start: (worker, request, sliceNs) => this.start(worker, request, sliceNs),
      preempt: (worker) => this.preempt(worker),
      drop: (request, reason) => this.drop(request, reason),
      stole: (thief, victim, count) => {
        this.slices.stole(thief);
        world.stole(thief, victim, count);
      },
      ...(world.dealt && { dealt: (worker, request) => this.dealt(worker, request) }),
      reserved: () => {
        for (const { property, story } of layoutBreaches(this.reservation!(), this.setup.workers))
          this.violated(property, story);
        world.reserved();
      },
      completeAt: (request) => {
        this.planned = request;
        world.completeAt!(request);
      },
    };
  }

  private get nowNs(): number {
    return this.setup.now[0]!;
  }

  /** Call it before a request comes or goes. */
  private changes(): void {
    this.areaNs += this.known.size * (this.nowNs - this.changedNs);
    this.changedNs = this.nowNs;
  }

  private violated(property: string, story: string): void {
    if (this.options.toldLate && TOLD_LATE.includes(property)) return;
    if (this.violations.length < MOST_VIOLATIONS)
      this.violations.push({ property, story: `at ${spacedDuration(this.nowNs)} ${story}` });
  }

  private note(event: HistoryEvent): void {
    this.eventCount++;
    if (this.rules.history) this.events.push(event);
  }

  private requestOn(worker: number): KnownRequest {
    return this.known.get(this.on[worker]!)!;
  }

  // What the world reports.

  arrive(request: number, type: number, flow: number): void {
    const id = this.nextId++;
    const { arrivalNs, demandNs } = this.options.next();
    if (this.known.has(request))
      this.violated('conservation', `the world reused the handle ${request} of a request that is still here`);
    if (arrivalNs !== this.nowNs) this.violated('time', `request ${id} was told, but it arrived at ${arrivalNs} ns`);
    this.changes();
    const arrived: KnownRequest = {
      ...{ id, type, demandNs, arrivedNs: this.nowNs, enteredAt: this.eventCount, state: 'queued', receivedNs: 0 },
    };
    this.known.set(request, arrived);
    this.waiting.add(arrived, true);
    this.shares?.arrived(arrived);
    this.draws = [];
    this.note({ what: 'arrived', id, draws: this.draws });
    this.arrivedPerType[type] = (this.arrivedPerType[type] ?? 0) + 1;
    this.inner.arrive(request, type, flow);
    this.checkBooks();
  }

  complete(worker: number): void {
    const { sharing } = this.chosen.policy;
    const isToldLate = this.left[worker]!.length > 0;
    const handle = sharing ? this.planned : this.takeOff(worker);
    const request = handle === undefined ? undefined : this.known.get(handle);
    if (!request) {
      this.violated('one at a time', `worker ${worker} completed a request while it ran none`);
      return;
    }
    if (sharing) request.receivedNs = request.demandNs;
    else this.endStretch(worker, request);
    const { demandNs, receivedNs, id, type } = request;
    this.note({ what: 'left', id });
    if (receivedNs !== demandNs)
      this.violated('service = demand', `request ${id} completed after ${receivedNs} of ${demandNs} ns of service`);
    if (this.options.history !== false) this.departures.push({ id, type, worker, atNs: this.nowNs, receivedNs });
    this.changes();
    request.state = 'left';
    this.known.delete(handle!);
    if (sharing) this.waiting.remove(request);
    this.shares?.check(this.nowNs);
    // Told late, the worker may have been asked to give up its next request by now.
    if (!isToldLate) this.slices.yielding.delete(worker);
    this.inner.complete(worker);
    this.checkBooks();
  }

  sliceExpired(worker: number): number {
    const request = this.requestOn(worker);
    this.slices.ended(worker, request);
    const answer = this.inner.sliceExpired(worker);
    this.note({ what: 'slice ended', id: request.id });
    if (this.slices.answered(worker, request, answer, () => this.objecting(worker))) {
      this.endStretch(worker, request);
      this.slices.yielding.add(worker);
    }
    return answer;
  }

  preempted(worker: number): void {
    const hadLeft = this.left[worker]!.length > 0;
    const request = this.known.get(this.takeOff(worker)!)!;
    if (!this.chosen.policy.preemptive)
      this.violated('preemption', `worker ${worker} was preempted, but the policy is not preemptive`);
    if (!hadLeft && !this.slices.yielding.delete(worker))
      this.violated('preemption', `worker ${worker} gave up request ${request.id} without being asked`);
    request.state = 'queued';
    request.enteredAt = this.eventCount;
    this.waiting.add(request, false);
    this.note({ what: 'preempted', id: request.id });
    this.inner.preempted(worker);
    this.checkBooks();
  }

  private takesNext(worker: number, preempted: boolean): void {
    if (this.on[worker] === undefined) this.violated('one at a time', `worker ${worker} left while it ran nothing`);
    else this.left[worker]!.push(this.on[worker]);
    this.on[worker] = undefined;
    const wasAsked = this.slices.yielding.delete(worker);
    if (preempted && !wasAsked) this.violated('preemption', `worker ${worker} gave up its request without being asked`);
    this.inner.leaves!(worker, preempted);
    this.checkBooks();
  }

  private asksForOwn(): void {
    this.doesDispatcherIdle = true;
    this.inner.dispatcherIdles!();
    this.doesDispatcherIdle = false;
    this.checkBooks();
  }

  private parksOrWakes(worker: number, parked: boolean): void {
    if (parked) this.parked.add(worker);
    else this.parked.delete(worker);
    this.inner.parks!(worker, parked);
    this.checkBooks();
  }

  /** The first worker that runs nothing and is not parked, or -1. */
  private idleWorker(): number {
    const { workers } = this.setup;
    return this.on.findIndex((on, worker) => on === undefined && worker < workers && !this.parked.has(worker));
  }

  /** The request that a worker is said to have finished: one that it left before, or the one that it runs. */
  private takeOff(worker: number): number | undefined {
    if (this.left[worker]!.length > 0) return this.left[worker]!.shift();
    const handle = this.on[worker];
    this.on[worker] = undefined;
    return handle;
  }

  dispatch(): void {
    this.inner.dispatch();
    this.checkBooks();
    // Who shares the workers does not wait.
    if (this.waiting.count() === 0 || this.chosen.policy.sharing) return;
    this.checkSettled();
    const idle = this.idleWorker();
    if (this.chosen.policy.workConserving && idle >= 0) {
      const [first] = this.waiting.oldest();
      this.violated('work conservation', `worker ${idle} was left idle while request ${first!.id} waited`);
    }
    if (!this.reservation || idle < 0) return;
    const reservation = this.reservation();
    for (const request of this.waiting.oldest()) {
      const free = reachable(reservation, this.setup.workers, request.type).find((each) => this.on[each] === undefined);
      if (free === undefined) continue;
      const story = `worker ${free} was left idle while request ${request.id} of type ${request.type} may use it`;
      this.violated('reservation used', story);
    }
  }

  queued(): number {
    return this.inner.queued();
  }

  // What the scheduler answers.

  private start(worker: number, handle: number, sliceNs: number): void {
    const request = this.known.get(handle);
    const named = request ? `request ${request.id}` : `the handle ${handle}`;
    const isOwn = worker === this.setup.workers && this.doesDispatcherIdle;
    if (!isOwn && !this.isWorker(worker, `was given ${named}`)) return;
    if (this.parked.has(worker)) this.violated('parked', `worker ${worker} was given ${named} while it was parked`);
    else if (this.on[worker] !== undefined) {
      const { id } = this.requestOn(worker);
      this.violated('one at a time', `worker ${worker} was given ${named} while it still ran request ${id}`);
    } else if (!request)
      this.violated('conservation', `worker ${worker} was given ${named}, but no request in the system has it`);
    else if (request.state === 'running') {
      const other = this.on.indexOf(handle);
      this.violated('runs once', `worker ${worker} was given ${named} while that still ran on worker ${other}`);
    } else if (isOwn && (request.hasStarted || sliceNs !== TO_COMPLETION))
      this.violated('dispatcher', `${named} was given to the dispatcher, after it had run before or for a slice`);
    else if (!isSlice(sliceNs))
      this.violated('slices', `worker ${worker} was given ${named} for ${sliceNs}: expected whole nanoseconds, or 0`);
    else {
      this.checkOrder(worker, request);
      request.state = 'running';
      request.hasStarted = true;
      this.waiting.remove(request);
      this.note({ what: 'started', id: request.id, worker });
      this.on[worker] = handle;
      this.slices.begin(worker, sliceNs);
      this.setup.world.start(worker, handle, sliceNs);
    }
  }

  private isWorker(worker: number, story: string): boolean {
    const is = Number.isInteger(worker) && worker >= 0 && worker < this.setup.workers;
    if (!is)
      this.violated('workers', `worker ${worker} ${story}, but there are workers 0 to ${this.setup.workers - 1}`);
    return is;
  }

  private dealt(worker: number, handle: number): void {
    if (this.known.get(handle)?.state !== 'queued')
      this.violated('conservation', `the handle ${handle} was dealt to worker ${worker}, but it does not wait`);
    if (this.on[worker] === undefined)
      this.violated('dealt', `worker ${worker} idled and was dealt a request instead of starting it`);
    this.setup.world.dealt!(worker, handle);
  }

  private preempt(worker: number): void {
    if (!this.isWorker(worker, 'was preempted')) return;
    if (this.on[worker] === undefined)
      this.violated('preemption', `worker ${worker} was preempted while it ran nothing`);
    else if (!this.chosen.policy.preemptive)
      this.violated('preemption', `worker ${worker} was preempted, but the policy is not preemptive`);
    else {
      // A request that is done at this very moment completes instead, with nothing added.
      this.endStretch(worker, this.requestOn(worker));
      this.slices.yielding.add(worker);
      this.setup.world.preempt(worker);
    }
  }

  private drop(handle: number, reason: DropReason): void {
    const request = this.known.get(handle);
    if (request?.state !== 'queued') {
      this.violated('conservation', `the handle ${handle} was dropped, but no request with it waits`);
      return;
    }
    if (this.options.history !== false) this.dropped.push(request.id);
    this.isDropping = true;
    this.changes();
    this.droppedNs += this.nowNs - request.arrivedNs;
    request.state = 'left';
    this.waiting.remove(request);
    this.known.delete(handle);
    this.setup.world.drop(handle, reason);
  }

  private isDropping = false;

  // The checks.

  /** Call it when the run is over: nothing arrives and nothing runs any more. */
  finish(): void {
    const { workers } = this.setup;
    const { parameters } = this.chosen;
    if (this.violations.length > 0) return;
    const first = this.known.values().next().value;
    if (first) {
      const state = first.state === 'queued' ? 'waits' : 'is on a worker';
      const others = this.known.size > 1 ? `, and so do ${this.known.size - 1} others` : '';
      this.violated('conservation', `the run was over, but request ${first.id} still ${state}${others}`);
      return;
    }
    if (this.isDropping || !this.rules.history) return;
    for (const { property, story } of this.rules.history({ workers, parameters, events: this.events }))
      this.violated(property, story);
  }

  private books(): RefereeBooks {
    const { parameters } = this.chosen;
    const running = () => this.on.flatMap((handle, worker) => (handle === undefined ? [] : this.runningOn(worker)));
    return { parameters, types: this.setup.types, waiting: this.waiting, running, means: this.means };
  }

  private runningOn(worker: number): Running {
    const request = this.requestOn(worker);
    const ranNs = this.slices.ranNs(worker);
    return { ...request, worker, ranNs, attainedNs: request.receivedNs + ranNs };
  }

  private checkSettled(): void {
    const { settled } = this.rules;
    if (!settled || this.slices.yielding.size > 0) return;
    const breach = settled(this.books(), (worker) => this.objecting(worker));
    if (breach) this.violated(breach.property, breach.story);
  }

  /** How many requests must not wait any longer when the slice on a worker ends; as many as leave workers count. */
  private objecting(worker: number): number {
    const { waiting } = this;
    if (this.reservation) {
      const backlog = Number(this.chosen.parameters.backlog);
      const { countOf } = waiting;
      return pressing(this.reservation(), worker, this.requestOn(worker), countOf, backlog);
    }
    const rule = this.rules.objectors;
    return rule ? rule(this.runningOn(worker), waiting, this.slices.yielding.size + 1) : waiting.count();
  }

  private endStretch(worker: number, request: KnownRequest): void {
    const ranNs = this.slices.endStretch(worker);
    request.receivedNs += ranNs;
    if (this.chosen.policy.preemptive) return;
    const { meanNs, count } = this.means.get(request.type) ?? { meanNs: 0, count: 0 };
    this.means.set(request.type, { meanNs: meanNs + (ranNs - meanNs) / (count + 1), count: count + 1 });
  }

  private checkBooks(): void {
    const told = this.inner.queued();
    const waiting = this.waiting.count();
    if (waiting !== told)
      this.violated('conservation', `the scheduler counted ${told} waiting, but there were ${waiting}`);
  }

  private checkOrder(worker: number, request: KnownRequest): void {
    const { policy } = this.chosen;
    const before = ({ id }: KnownRequest) =>
      `request ${request.id} was started before request ${id}, which arrived earlier`;
    if (policy.name === 'c-fcfs') {
      const first = this.waiting.oldest().find(({ id }) => id < request.id);
      if (first) this.violated('global FIFO', before(first));
    }
    if (policy.fifoWithinType) {
      const first = this.waiting.oldestOf(request.type)!;
      if (first.id < request.id) this.violated('FIFO within a type', `${before(first)} and is of the same type`);
    }
    const breach = this.rules.start?.(request, this.books());
    if (breach) this.violated(breach.property, breach.story);
    if (!this.reservation) return;
    const waiting = this.waiting.oldest();
    for (const { property, story } of assignmentBreaches(
      this.reservation(),
      this.setup.workers,
      worker,
      request,
      waiting,
    ))
      this.violated(property, story);
  }
}

/** A scheduler gets only what a real machine could give it, unless its policy says that it knows more. */
function withheld({ policy, parameters }: ChosenPolicy, setup: SchedulerSetup): SchedulerSetup {
  const { demandNs, completionNs, trueProfile, ...rest } = setup;
  const { clairvoyant } = policy;
  return {
    ...rest,
    ...(clairvoyant && demandNs && { demandNs }),
    ...(clairvoyant && completionNs && { completionNs }),
    ...((clairvoyant || parameters.oracle === true || parameters.declared === true) && trueProfile && { trueProfile }),
  };
}

/** `12.4 us` */
export function spacedDuration(ns: number): string {
  return exactDuration(ns).replace(/(?<=\d)(?=[a-z]+$)/, ' ');
}

import type { ChosenPolicy } from '../../src/scheduler/policy-registry.js';
import {
  type DropReason,
  PREEMPT,
  type Scheduler,
  type SchedulerSetup,
  TO_COMPLETION,
  type World,
} from '../../src/scheduler/scheduler.js';
import {
  type Books,
  type Breach,
  type HistoryEvent,
  historyRules,
  type Known,
  objectors,
  type Running,
  settledRules,
  startRules,
} from './orders.js';
import { assignmentBreaches, layoutBreaches, pressing, reachable } from './reservation-rules.js';
import type { Trace } from './trace.js';

/** One request that left the system. */
export interface Departure {
  readonly id: number;
  readonly type: number;
  readonly worker: number;
  readonly atNs: number;
  readonly receivedNs: number;
}

/**
 * Stands between a world and a scheduler, passes everything on, and checks each call against what the policy promises.
 * It believes neither: it keeps its own books of requests and workers.
 */
export class Referee implements Scheduler {
  readonly violations: Breach[] = [];
  readonly departures: Departure[] = [];
  readonly dropped: number[] = [];
  readonly arrivedPerType: number[] = [];
  /** Area under the number of requests in the system so far, ns. */
  areaNs = 0;
  /** Time that dropped requests had been in the system. */
  droppedNs = 0;
  private changedNs = 0;
  readonly reservation?: () => ReturnType<NonNullable<Scheduler['reservation']>>;
  readonly leaves?: NonNullable<Scheduler['leaves']>;
  private readonly inner: Scheduler;
  private readonly known = new Map<number, Known>();
  private readonly on: (number | undefined)[];
  /** Per worker: the request it has finished, until the scheduler is told. */
  private readonly left: number[][];
  private readonly sinceNs: number[] = [];
  private readonly sliceFromNs: number[] = [];
  private readonly stealPaidNs: number[] = [];
  private readonly yielding = new Set<number>();
  private readonly sums = new Map<number, { sum: number; count: number }>();
  private nextId = 0;
  private readonly events: HistoryEvent[] = [];
  /** Random numbers drawn since the latest arrival. */
  private draws: number[] = [];
  /** Under a policy that shares the workers: the request that completes next. */
  private planned: number | undefined;

  constructor(
    private readonly chosen: ChosenPolicy,
    private readonly setup: SchedulerSetup,
    private readonly trace: Trace,
  ) {
    this.on = new Array(setup.workers).fill(undefined);
    this.left = Array.from({ length: setup.workers }, () => []);
    const world: World = {
      start: (worker, request, sliceNs) => this.start(worker, request, sliceNs),
      preempt: (worker) => this.preempt(worker),
      drop: (request, reason) => this.drop(request, reason),
      stole: (thief, victim, count) => {
        this.stealPaidNs[thief] = (this.stealPaidNs[thief] ?? 0) + this.costs.stealNs;
        setup.world.stole(thief, victim, count);
      },
      ...(setup.world.dealt && { dealt: (worker, request) => this.dealt(worker, request) }),
      reserved: () => {
        for (const { property, story } of layoutBreaches(this.reservation!(), setup.workers))
          this.violated(property, story);
        setup.world.reserved();
      },
      completeAt: (request) => {
        this.planned = request;
        setup.world.completeAt!(request);
      },
    };
    const random = () => {
      const number = setup.random();
      this.draws.push(number);
      return number;
    };
    this.inner = chosen.policy.create({ ...setup, world, random }, chosen.parameters);
    if (this.inner.reservation) this.reservation = () => this.inner.reservation!();
    if (this.inner.leaves) this.leaves = (worker, preempted) => this.takesNext(worker, preempted);
  }

  private get costs() {
    return { stealNs: 0, preemptionNs: 0, ...this.chosen.policy.costs?.(this.chosen.parameters) };
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
    if (this.violations.length < 20) this.violations.push({ property, story: `at ${this.nowNs} ns: ${story}` });
  }

  private queuedRequests(): Known[] {
    return [...this.known.values()].filter((request) => request.state === 'queued');
  }

  // What the world reports.

  arrive(request: number, type: number, flow: number): void {
    const id = this.nextId++;
    if (this.known.has(request))
      this.violated('conservation', `the world reused the handle ${request} of a live request`);
    if (this.trace.arrivalNs[id] !== this.nowNs) this.violated('time', `request ${id} was told at the wrong time`);
    const demandNs = this.trace.serviceNs[id]!;
    this.changes();
    this.known.set(request, {
      ...{ id, type, demandNs, arrivedNs: this.nowNs, enteredAt: this.events.length, state: 'queued', receivedNs: 0 },
    });
    this.draws = [];
    this.events.push({ what: 'arrived', id, draws: this.draws });
    this.arrivedPerType[type] = (this.arrivedPerType[type] ?? 0) + 1;
    this.inner.arrive(request, type, flow);
    this.checkBooks();
  }

  complete(worker: number): void {
    const { sharing } = this.chosen.policy;
    const handle = sharing ? this.planned : this.takeOff(worker);
    const request = handle === undefined ? undefined : this.known.get(handle);
    if (!request) {
      this.violated('one at a time', `worker ${worker} completed while it ran nothing`);
      return;
    }
    if (sharing) request.receivedNs = request.demandNs;
    else this.endStretch(worker, request);
    const { demandNs } = request;
    this.events.push({ what: 'left', id: request.id });
    if (request.receivedNs !== demandNs) {
      this.violated('service = demand', `request ${request.id} received ${request.receivedNs} of ${demandNs} ns`);
    }
    this.departures.push({
      id: request.id,
      type: request.type,
      worker,
      atNs: this.nowNs,
      receivedNs: request.receivedNs,
    });
    this.changes();
    this.known.delete(handle!);
    if (sharing) this.checkShares();
    this.yielding.delete(worker);
    this.inner.complete(worker);
    this.checkBooks();
  }

  sliceExpired(worker: number): number {
    const request = this.known.get(this.on[worker]!)!;
    const quantumNs = this.chosen.parameters.quantumNs;
    const ranNs = this.nowNs - this.sliceFromNs[worker]!;
    if (ranNs !== quantumNs) this.violated('quantum', `asked about worker ${worker} after ${ranNs} ns`);
    const answer = this.inner.sliceExpired(worker);
    this.events.push({ what: 'slice ended', id: request.id });
    const waiting = this.objecting(worker);
    if (answer !== PREEMPT && waiting.length > this.yielding.size) {
      this.violated('quantum', `request ${request.id} may run beyond its quantum while ${waiting.length} wait`);
    }
    if (answer !== PREEMPT && answer !== TO_COMPLETION && answer !== quantumNs)
      this.violated('quantum', `request ${request.id} was given another ${answer} ns`);
    this.sliceFromNs[worker] = this.nowNs;
    if (answer === PREEMPT) {
      this.endStretch(worker, request);
      this.yielding.add(worker);
    }
    return answer;
  }

  preempted(worker: number): void {
    const hadLeft = this.left[worker]!.length > 0;
    const request = this.known.get(this.takeOff(worker)!)!;
    if (!this.chosen.policy.preemptive)
      this.violated('preemption', `worker ${worker} under a policy that never preempts`);
    if (!hadLeft && !this.yielding.delete(worker))
      this.violated('preemption', `worker ${worker} was not asked to yield`);
    request.state = 'queued';
    request.enteredAt = this.events.length;
    this.events.push({ what: 'preempted', id: request.id });
    this.inner.preempted(worker);
    this.checkBooks();
  }

  private takesNext(worker: number, preempted: boolean): void {
    if (this.on[worker] === undefined) this.violated('one at a time', `worker ${worker} left while it ran nothing`);
    else this.left[worker]!.push(this.on[worker]);
    this.on[worker] = undefined;
    if (preempted && !this.yielding.delete(worker))
      this.violated('preemption', `worker ${worker} was not asked to yield`);
    this.inner.leaves!(worker, preempted);
    this.checkBooks();
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
    const waiting = this.queuedRequests();
    // Who shares the workers does not wait.
    if (waiting.length === 0 || this.chosen.policy.sharing) return;
    this.checkSettled();
    const idle = this.on.indexOf(undefined);
    if (this.chosen.policy.workConserving && idle >= 0) {
      this.violated('work conservation', `worker ${idle} idles while ${waiting.length} requests wait`);
    }
    if (this.reservation) {
      for (const request of waiting) {
        const reach = reachable(this.reservation(), this.setup.workers, request.type);
        const free = reach.find((worker) => this.on[worker] === undefined);
        if (free !== undefined) {
          this.violated(
            'reservation used',
            `worker ${free} idles while request ${request.id} of type ${request.type} may use it`,
          );
        }
      }
    }
  }

  queued(): number {
    return this.inner.queued();
  }

  // What the scheduler answers.

  private start(worker: number, handle: number, sliceNs: number): void {
    const request = this.known.get(handle);
    if (this.on[worker] !== undefined) this.violated('one at a time', `worker ${worker} was given a second request`);
    else if (!request) this.violated('conservation', `handle ${handle} was started, but no such request is here`);
    else if (request.state === 'running') this.violated('runs once', `request ${request.id} was started while it runs`);
    else {
      this.checkOrder(worker, request);
      request.state = 'running';
      this.events.push({ what: 'started', id: request.id, worker });
      this.on[worker] = handle;
      this.sinceNs[worker] = this.nowNs + (this.stealPaidNs[worker] ?? 0);
      this.sliceFromNs[worker] = this.sinceNs[worker];
      this.stealPaidNs[worker] = 0;
      this.setup.world.start(worker, handle, sliceNs);
    }
  }

  private dealt(worker: number, handle: number): void {
    if (this.known.get(handle)?.state !== 'queued') this.violated('conservation', `handle ${handle} does not wait`);
    if (this.on[worker] === undefined) this.violated('dealt', `worker ${worker} idles, but was only dealt a request`);
    this.setup.world.dealt!(worker, handle);
  }

  private preempt(worker: number): void {
    if (this.on[worker] === undefined) this.violated('preemption', `worker ${worker} runs nothing`);
    else if (!this.chosen.policy.preemptive)
      this.violated('preemption', `worker ${worker} under a policy that never preempts`);
    else {
      const request = this.known.get(this.on[worker])!;
      // A request that is done at this very moment completes instead, with nothing added.
      this.endStretch(worker, request);
      this.yielding.add(worker);
      this.setup.world.preempt(worker);
    }
  }

  private drop(handle: number, reason: DropReason): void {
    const request = this.known.get(handle);
    if (request?.state !== 'queued') {
      this.violated('conservation', `handle ${handle} was dropped, but does not wait`);
      return;
    }
    this.dropped.push(request.id);
    this.changes();
    this.droppedNs += this.nowNs - request.arrivedNs;
    this.known.delete(handle);
    this.setup.world.drop(handle, reason);
  }

  // The checks.

  /** Call it when the run is over. */
  finish(): void {
    const { workers } = this.setup;
    const { policy, parameters } = this.chosen;
    if (this.dropped.length > 0 || this.known.size > 0 || this.violations.length > 0) return;
    for (const { property, story } of historyRules[policy.name]?.({ workers, parameters, events: this.events }) ?? [])
      this.violated(property, story);
  }

  private books(): Books {
    const workers = Array.from({ length: this.setup.workers }, (_, worker) => worker);
    const running = workers.filter((worker) => this.on[worker] !== undefined).map((worker) => this.runningOn(worker));
    return { parameters: this.chosen.parameters, waiting: this.queuedRequests(), running };
  }

  private runningOn(worker: number): Running {
    const request = this.known.get(this.on[worker]!)!;
    const ranNs = this.yielding.has(worker) ? 0 : Math.max(0, this.nowNs - this.sinceNs[worker]!);
    return { ...request, worker, ranNs, attainedNs: request.receivedNs + ranNs };
  }

  private checkSettled(): void {
    const rule = settledRules[this.chosen.policy.name];
    if (!rule || this.yielding.size > 0) return;
    const breach = rule(this.books(), (worker) => this.objecting(worker));
    if (breach) this.violated(breach.property, breach.story);
  }

  /** The requests that must not wait any longer when the slice on a worker ends. */
  private objecting(worker: number): readonly Known[] {
    const waiting = this.queuedRequests();
    if (!this.reservation) {
      const rule = objectors[this.chosen.policy.name];
      return rule ? rule(this.runningOn(worker), waiting) : waiting;
    }
    const backlog = Number(this.chosen.parameters.backlog);
    return pressing(this.reservation(), worker, this.known.get(this.on[worker]!)!, waiting, backlog);
  }

  /**
   * No worker can have done more than one ns of work per ns: not since any arrival, for the requests that came with it
   * and after.
   */
  private checkShares(): void {
    let doneNs = 0;
    const here = new Set([...this.known.values()].map(({ id }) => id));
    for (let id = this.nextId - 1; id >= 0; id--) {
      if (here.has(id)) continue;
      doneNs += this.trace.serviceNs[id]!;
      const elapsedNs = this.nowNs - this.trace.arrivalNs[id]!;
      if (elapsedNs < this.trace.serviceNs[id]!)
        this.violated('shares', `request ${id} completed ${elapsedNs} ns after its arrival`);
      if (doneNs > elapsedNs * this.setup.workers)
        this.violated('shares', `${doneNs} ns of work were done in ${elapsedNs} ns`);
    }
  }

  private endStretch(worker: number, request: Known): void {
    const ranNs = this.nowNs - this.sinceNs[worker]!;
    request.receivedNs += ranNs;
    this.sinceNs[worker] = this.nowNs;
    if (!this.chosen.policy.preemptive) {
      const books = this.sums.get(request.type) ?? { sum: 0, count: 0 };
      this.sums.set(request.type, { sum: books.sum + ranNs, count: books.count + 1 });
    }
  }

  private checkBooks(): void {
    const waiting = this.queuedRequests().length;
    const told = this.inner.queued();
    if (waiting !== told)
      this.violated('conservation', `the scheduler says ${told} wait, but ${waiting} have neither started nor left`);
  }

  private checkOrder(worker: number, request: Known): void {
    const { policy } = this.chosen;
    const waiting = this.queuedRequests();
    const older = (among: Known[]) => among.find((other) => other.id < request.id);
    if (policy.name === 'c-fcfs') {
      const first = older(waiting);
      if (first) this.violated('global FIFO', `request ${request.id} started before ${first.id}`);
    }
    if (policy.fifoWithinType) {
      const first = older(waiting.filter((other) => other.type === request.type));
      if (first) this.violated('FIFO within a type', `request ${request.id} started before ${first.id}`);
    }
    const breach = startRules[policy.name]?.(request, this.books());
    if (breach) this.violated(breach.property, breach.story);
    if (policy.name === 'edf') this.checkDeadlines(request, waiting);
    if (policy.name === 'sjf') this.checkShortest(request, waiting);
    if (this.reservation) {
      const breaches = assignmentBreaches(this.reservation(), this.setup.workers, worker, request, waiting);
      for (const { property, story } of breaches) this.violated(property, story);
    }
  }

  private checkDeadlines(request: Known, waiting: Known[]): void {
    const { types } = this.setup;
    // UNKNOWN has no deadline to compare with.
    const deadline = ({ type, arrivedNs }: Known) => arrivedNs + (types[type]?.deadlineNs ?? Number.NaN);
    if (!types.every((type) => type.deadlineNs !== undefined)) return;
    const earlier = waiting.find((other) => deadline(other) < deadline(request));
    if (earlier)
      this.violated(
        'earliest deadline',
        `${request.id} (due ${deadline(request)}) before ${earlier.id} (due ${deadline(earlier)})`,
      );
  }

  /** Plain averages, which the profile also uses for the first 1000 completions of a type. */
  private checkShortest(request: Known, waiting: Known[]): void {
    const mean = (type: number) => {
      const books = this.sums.get(type);
      return books ? books.sum / books.count : 0;
    };
    if ([...this.sums.values()].some((books) => books.count > 1000)) return;
    const shorter = waiting.find((other) => mean(other.type) < mean(request.type) * (1 - 1e-9));
    if (shorter)
      this.violated(
        'shortest job',
        `type ${request.type} (mean ${mean(request.type)}) before ${shorter.type} (${mean(shorter.type)})`,
      );
  }
}

import { DROP_REASONS, type DropReason, type Scheduler, TO_COMPLETION, type Workers } from '../scheduler/scheduler.js';
import {
  Arrival,
  Control,
  DispatcherStat,
  FinishOutcome,
  Mailbox,
  Ring,
  RunState,
  type SharedMemory,
} from './layout.js';

const REASONS = DROP_REASONS.length;

/** What the dispatcher asks of its surroundings, besides shared memory. Each is called rarely or only when threads sleep. */
export interface DispatcherHooks {
  /** Nothing was to be done; `untilNs` is when a slice will have been used up (Infinity: none). Absent: spin. */
  idle?(untilNs: number): void;
  /** `poll: sleep` only: something was put into the mailbox of `worker`, which may be asleep. */
  wake?(worker: number): void;
  /** The scheduler's reservation changed at `nowNs`. */
  reserved?(scheduler: Scheduler, nowNs: number): void;
  /** Replaces the statistics' clock-driven refresh in tests that want every word exact after each step. */
  alwaysRefresh?: boolean;
}

/** The depth of the queues is written to the statistics this often; the counters are always exact after a step. */
const STEPS_PER_REFRESH = 256;
/** Steps between two looks at the stop word: about 10 us when nothing is to be done. */
const STEPS_PER_TURN = 256;

/**
 * The dispatcher loop: the world that hosts a {@link Scheduler} on a real machine. One {@link step} drains the workers' completions,
 * expires slices, tells the scheduler of all arrivals, lets it dispatch once, and publishes. Nothing is allocated, no native code is
 * called and no clock but the shared clock word is read on the way of a request.
 *
 * Time told to the scheduler: the worker's own stamp for a completion, the net thread's for an arrival, each raised to the latest time
 * told before, so that it never decreases.
 */
export class Dispatcher implements Workers {
  private readonly scheduler: Scheduler;
  private readonly words: Int32Array;
  private readonly doubles: Float64Array;
  private readonly workers: number;
  private readonly types: number;

  // Word (32-bit) and double (64-bit) indices of what is touched, so that no offset is computed twice.
  private readonly runStateWord = Control.runState / 4;
  private readonly clockDouble = Control.clockNs / 8;
  private readonly arrivalsTail: number;
  private readonly arrivalsHead: number;
  private readonly arrivalsFirstWord: number;
  private readonly arrivalsMask: number;
  private readonly releasesTail: number;
  private readonly releasesFirstWord: number;
  private readonly releasesMask: number;
  private readonly mailboxFirstWord: number;
  private readonly statFirstDouble: number;

  private head = 0;
  private tail = 0;
  private released = 0;
  private publishedReleases = 0;

  /** The time told to the scheduler, and to nobody else. */
  private readonly now = new Float64Array(1);
  private stepsToRefresh = STEPS_PER_REFRESH;

  /** Per worker: number of its latest start; slot it runs (-1: free); when its slice ends; whether it was asked to stop. */
  private readonly startSeq: Int32Array;
  private readonly running: Int32Array;
  private readonly sliceEndNs: Float64Array;
  private readonly asked: Uint8Array;
  /** Workers that run something, and how many of them have a finite slice. */
  private busy = 0;
  private sliced = 0;
  /** Per slot: the type it arrived with, for counting drops. */
  private readonly typeOfSlot: Uint16Array;

  constructor(
    memory: SharedMemory,
    makeScheduler: (pool: Workers, now: Float64Array) => Scheduler,
    private readonly hooks: DispatcherHooks = {},
  ) {
    const { buffer, base } = memory;
    this.words = new Int32Array(buffer, base, memory.totalBytes / 4);
    this.doubles = new Float64Array(buffer, base, memory.totalBytes / 8);
    this.workers = memory.workers;
    this.types = memory.types;
    this.arrivalsTail = (memory.arrivalsOffset + Ring.tail) / 4;
    this.arrivalsHead = (memory.arrivalsOffset + Ring.head) / 4;
    this.arrivalsFirstWord = (memory.arrivalsOffset + Ring.entries) / 4;
    this.arrivalsMask = memory.arrivalsCapacity - 1;
    this.releasesTail = (memory.releasesOffset + Ring.tail) / 4;
    this.releasesFirstWord = (memory.releasesOffset + Ring.entries) / 4;
    this.releasesMask = memory.releasesCapacity - 1;
    this.mailboxFirstWord = memory.mailboxesOffset / 4;
    this.statFirstDouble = memory.dispatcherStatsOffset / 8;
    this.head = Atomics.load(this.words, this.arrivalsHead);
    this.tail = this.head;
    this.released = Atomics.load(this.words, this.releasesTail);
    this.publishedReleases = this.released;
    this.startSeq = new Int32Array(memory.workers);
    this.running = new Int32Array(memory.workers).fill(-1);
    this.sliceEndNs = new Float64Array(memory.workers).fill(Number.POSITIVE_INFINITY);
    this.asked = new Uint8Array(memory.workers);
    this.typeOfSlot = new Uint16Array(memory.slots);
    this.scheduler = makeScheduler(this, this.now);
  }

  /** Runs until the stop word says so. */
  run(): void {
    while (Atomics.load(this.words, this.runStateWord) !== RunState.stopped) this.turn();
    this.refreshStatistics();
  }

  /**
   * A few hundred steps. The loop is cut into calls of this, because V8 optimises a function better when it is called again than when it
   * has to be replaced in the middle of an endless loop.
   */
  turn(): void {
    for (let i = 0; i < STEPS_PER_TURN; i++) {
      if (this.step() === 0) this.idle();
    }
  }

  /** One turn of the loop; answers the number of events it handled. */
  step(): number {
    const clockNs = this.doubles[this.clockDouble]!;
    if (clockNs > this.now[0]!) this.now[0] = clockNs;
    let events = 0;
    if (this.busy > 0) {
      events += this.drainCompletions();
      if (this.sliced > 0) events += this.expireSlices();
    }
    events += this.drainArrivals();
    if (events > 0) {
      this.scheduler.dispatch();
      if (this.released !== this.publishedReleases) {
        Atomics.store(this.words, this.releasesTail, this.released);
        this.publishedReleases = this.released;
      }
    }
    if (--this.stepsToRefresh === 0 || this.hooks.alwaysRefresh === true) this.refreshStatistics();
    return events;
  }

  /** Whether an event waits that {@link step} would handle: the last look before the thread sleeps. */
  hasWork(): boolean {
    const { words } = this;
    if (Atomics.load(words, this.arrivalsTail) !== this.head) return true;
    for (let worker = 0; worker < this.workers; worker++) {
      if (this.running[worker]! < 0) continue;
      const box = this.mailboxFirstWord + worker * (Mailbox.bytes / 4);
      if (Atomics.load(words, box + Mailbox.finishSeq / 4) === this.startSeq[worker]) return true;
    }
    return false;
  }

  /** When the first slice now running will have been used up; Infinity when none is limited. */
  nextSliceEndNs(): number {
    let untilNs = Number.POSITIVE_INFINITY;
    if (this.sliced > 0) {
      for (let worker = 0; worker < this.workers; worker++) {
        if (this.sliceEndNs[worker]! < untilNs) untilNs = this.sliceEndNs[worker]!;
      }
    }
    return untilNs;
  }

  private idle(): void {
    if (this.hooks.idle === undefined) return;
    this.refreshStatistics();
    this.hooks.idle(this.nextSliceEndNs());
  }

  private drainCompletions(): number {
    const { words, doubles, scheduler, running, startSeq } = this;
    let events = 0;
    let box = this.mailboxFirstWord;
    for (let worker = 0; worker < this.workers; worker++, box += Mailbox.bytes / 4) {
      const slot = running[worker]!;
      if (slot < 0) continue;
      if (Atomics.load(words, box + Mailbox.finishSeq / 4) !== startSeq[worker]) continue;
      events++;
      const finishNs = doubles[(box >> 1) + Mailbox.finishNs / 8]!;
      if (finishNs > this.now[0]!) this.now[0] = finishNs;
      running[worker] = -1;
      this.busy--;
      if (this.sliceEndNs[worker] !== Number.POSITIVE_INFINITY) this.endSlice(worker);
      if (words[box + Mailbox.finishOutcome / 4] === FinishOutcome.preempted) {
        doubles[this.statFirstDouble + DispatcherStat.preempted]!++;
        scheduler.preempted(worker);
      } else {
        doubles[this.statFirstDouble + DispatcherStat.completed]!++;
        this.release(slot);
        scheduler.complete(worker);
      }
    }
    return events;
  }

  private expireSlices(): number {
    const { sliceEndNs } = this;
    const nowNs = this.now[0]!;
    let events = 0;
    for (let worker = 0; worker < this.workers; worker++) {
      if (sliceEndNs[worker]! > nowNs) continue;
      events++;
      // Asked once per stint: from here on the request runs until it completes, yields, or the scheduler preempts it.
      this.endSlice(worker);
      if (this.scheduler.sliceExpired(worker)) this.preempt(worker);
    }
    return events;
  }

  private endSlice(worker: number): void {
    this.sliceEndNs[worker] = Number.POSITIVE_INFINITY;
    this.sliced--;
  }

  private drainArrivals(): number {
    const { words, doubles, scheduler } = this;
    if (this.tail === this.head) {
      this.tail = Atomics.load(words, this.arrivalsTail);
      if (this.tail === this.head) return 0;
    }
    const count = (this.tail - this.head) | 0;
    for (let i = 0; i < count; i++) {
      const entry = this.arrivalsFirstWord + ((this.head + i) & this.arrivalsMask) * (Arrival.bytes / 4);
      const arrivalNs = doubles[(entry >> 1) + Arrival.arrivalNs / 8]!;
      if (arrivalNs > this.now[0]!) this.now[0] = arrivalNs;
      const slot = words[entry + Arrival.slot / 4]!;
      const type = words[entry + Arrival.type / 4]!;
      this.typeOfSlot[slot] = type;
      scheduler.arrive(slot, type, words[entry + Arrival.flow / 4]!);
    }
    this.head = this.tail;
    Atomics.store(words, this.arrivalsHead, this.head);
    doubles[this.statFirstDouble + DispatcherStat.arrived]! += count;
    return count;
  }

  /** The request's handle goes back to the net thread; visible there when the step ends. */
  private release(slot: number): void {
    this.words[this.releasesFirstWord + (this.released & this.releasesMask)] = slot;
    this.released = (this.released + 1) | 0;
  }

  private refreshStatistics(): void {
    this.stepsToRefresh = STEPS_PER_REFRESH;
    this.doubles[this.statFirstDouble + DispatcherStat.queued] = this.scheduler.queued();
    this.doubles[this.statFirstDouble + DispatcherStat.inFlight] = this.busy;
  }

  // What the scheduler can make this world do.

  start(worker: number, request: number, sliceNs: number): void {
    if (this.running[worker] !== -1) {
      throw new Error(
        `the policy started request ${request} on worker ${worker}, which still runs request ${this.running[worker]}`,
      );
    }
    const box = this.mailboxFirstWord + worker * (Mailbox.bytes / 4);
    // 0 is what preemptSeq holds when nobody was ever preempted, so no start is numbered 0.
    const seq = (this.startSeq[worker]! + 1) | 0 || 1;
    this.startSeq[worker] = seq;
    this.running[worker] = request;
    this.asked[worker] = 0;
    this.busy++;
    if (sliceNs !== TO_COMPLETION) {
      this.sliceEndNs[worker] = this.now[0]! + sliceNs;
      this.sliced++;
    }
    this.words[box + Mailbox.startSlot / 4] = request;
    this.doubles[(box >> 1) + Mailbox.dispatchNs / 8] = this.now[0]!;
    Atomics.store(this.words, box + Mailbox.startSeq / 4, seq);
    this.doubles[this.statFirstDouble + DispatcherStat.dispatched]!++;
    if (this.hooks.wake !== undefined) this.hooks.wake(worker);
  }

  preempt(worker: number): void {
    if (this.running[worker] === -1 || this.asked[worker] === 1) return;
    this.asked[worker] = 1;
    const box = this.mailboxFirstWord + worker * (Mailbox.bytes / 4);
    Atomics.store(this.words, box + Mailbox.preemptSeq / 4, this.startSeq[worker]!);
    this.doubles[this.statFirstDouble + DispatcherStat.preemptsAsked]!++;
    if (this.hooks.wake !== undefined) this.hooks.wake(worker);
  }

  drop(request: number, reason: DropReason): void {
    const type = Math.min(this.typeOfSlot[request]!, this.types);
    this.doubles[this.statFirstDouble + DispatcherStat.dropped]!++;
    this.doubles[this.statFirstDouble + DispatcherStat.droppedByType + type * REASONS + reason]!++;
    this.release(request);
  }

  stole(_thief: number, _victim: number, count: number): void {
    // A real steal costs what it costs; here it is only counted.
    this.doubles[this.statFirstDouble + DispatcherStat.stolen]! += count;
  }

  reserved(): void {
    this.doubles[this.statFirstDouble + DispatcherStat.reservations]!++;
    this.hooks.reserved?.(this.scheduler, this.now[0]!);
  }
}

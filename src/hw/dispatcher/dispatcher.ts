import {
  DROP_REASONS,
  type DropReason,
  PREEMPT,
  type Scheduler,
  TO_COMPLETION,
  type World,
} from '../../scheduler/scheduler.js';
import { float64s, int32s } from '../../units/arrays.js';
import {
  Arrival,
  Control,
  DispatcherStat,
  dispatcherStats,
  FinishOutcome,
  Mailbox,
  Ring,
  RunState,
  type SharedMemory,
} from '../memory/layout.js';

/** What the dispatcher calls outside of shared memory. Each is called rarely, or only where threads sleep. */
export interface DispatcherHooks {
  /** Polls the port, between steps; returns the number of packets handled. Absent: a net thread does that. */
  net?(): number;
  /** There was nothing to do; `untilNs` is when the next slice ends (Infinity: none). Absent: spin. */
  idle?(untilNs: number): void;
  /** `poll: sleep` only: something was put into the mailbox of `worker`, which may be asleep. */
  wake?(worker: number): void;
  /** The scheduler's reservation changed at `nowNs`, after so many completions. */
  reserved?(scheduler: Scheduler, nowNs: number, completed: number): void;
}

/** The dispatcher loop: the world that hosts a {@link Scheduler} on a real machine. */
export interface Dispatcher {
  /** Runs until the stop word says so. */
  run(): void;
  /** Runs a few hundred steps, and the idle hook where there is nothing to do. */
  turn(): void;
  /** Runs one step of the loop. Returns the number of events handled. */
  step(): number;
  /** Does an event wait that {@link step} would handle? The last look before the thread sleeps. */
  hasWork(): boolean;
  /** When the first running slice ends; Infinity when none is limited. */
  nextSliceEndNs(): number;
  /** Writes the statistics to shared memory; the running loop does it every few hundred steps. */
  publishStatistics(): void;
  /** Forgets everything and takes another scheduler and other hooks. {@link clearSharedMemory} goes before. */
  reset(makeScheduler: MakeScheduler, hooks?: DispatcherHooks): void;
}

/** Makes the scheduler over the world that takes its answers and the cell that holds the time. */
export type MakeScheduler = (world: World, now: Float64Array) => Scheduler;

/** Steps between two looks at the stop word, and between two publications of the statistics: 10 us of an idle loop. */
const STEPS_PER_TURN = 256;
/** A busy dispatcher that polls the port does so once in this many steps (a power of two), an idle one after each. */
const STEPS_PER_POLL = 4;
const REASONS = DROP_REASONS.length;
const NEVER = Number.POSITIVE_INFINITY;
const ORDERED_BY_PROCESSOR = process.arch === 'x64';

// Indices of the integer state.
const HEAD = 0;
const RELEASED = 1;
const RELEASES_PUBLISHED = 2;
const SLICED = 3;

/**
 * Makes a dispatcher over shared memory. One step drains the workers' completions, expires slices, tells the scheduler
 * of all arrivals, lets it dispatch once, and publishes. The way of a request allocates nothing and reads no clock but
 * the shared clock word. The only native call is the one that polls the port, once for a burst (`poll: inline`).
 *
 * The scheduler is told the time at which things happened: the worker's stamp of a completion, the net thread's stamp
 * of an arrival, never earlier than the one before. The stamp of a dispatch is the time this thread woke, if that is
 * later: it shows how long the dispatcher took to notice.
 *
 * Order of memory: V8 inlines neither `Atomics.load` nor `Atomics.store`. The latter is sequentially consistent: on
 * x86-64 it stalls until the worker's core gives up the mailbox's cache line, 100 ns and more for each start. On x86-64
 * plain loads and stores are enough: the processor keeps stores and loads in program order (Intel SDM volume 3, 9.2.2;
 * AMD64 APM volume 2, 7.1.2), V8 keeps the program order of typed-array accesses, and every step looks again. Other
 * processors get `Atomics`. So do starts on workers that sleep, because a bell needs the full fence.
 *
 * V8 compiles the typed arrays of a closure into the code as constants (see createSimulation in src/sim). That holds
 * for the first dispatcher of a thread, so a thread makes one, warms it up and resets it. Exports of other modules are
 * no constants to V8: each use looks them up. The names at the beginning avoid that and save a sixth of a request's
 * time.
 */
export function createDispatcher(
  memory: SharedMemory,
  makeScheduler: MakeScheduler,
  hooks: DispatcherHooks = {},
): Dispatcher {
  const { buffer, base, workers, types } = memory;
  const words = new Int32Array(buffer, base, memory.totalBytes / 4);
  const doubles = new Float64Array(buffer, base, memory.totalBytes / 8);

  // Indices of 32-bit words and of doubles.
  const runStateWord = Control.runState / 4;
  const clockDouble = Control.clockNs / 8;
  const wokenDouble = Control.wokenNs / 8;
  const arrivalsTailWord = (memory.arrivalsOffset + Ring.tail) / 4;
  const arrivalsHeadWord = (memory.arrivalsOffset + Ring.head) / 4;
  const arrivalsFirstWord = (memory.arrivalsOffset + Ring.entries) / 4;
  const arrivalsMask = memory.arrivalsCapacity - 1;
  const releasesTailWord = (memory.releasesOffset + Ring.tail) / 4;
  const releasesFirstWord = (memory.releasesOffset + Ring.entries) / 4;
  const releasesMask = memory.releasesCapacity - 1;
  const mailboxesFirstWord = memory.mailboxesOffset / 4;
  const mailboxWords = Mailbox.bytes / 4;
  // Within a mailbox, and within an entry.
  const startSeqWord = Mailbox.startSeq / 4;
  const startSlotWord = Mailbox.startSlot / 4;
  const dispatchDouble = Mailbox.dispatchNs / 8;
  const preemptSeqWord = Mailbox.preemptSeq / 4;
  const finishSeqWord = Mailbox.finishSeq / 4;
  const finishOutcomeWord = Mailbox.finishOutcome / 4;
  const finishDouble = Mailbox.finishNs / 8;
  const arrivalWords = Arrival.bytes / 4;
  const arrivalDouble = Arrival.arrivalNs / 8;
  const slotWord = Arrival.slot / 4;
  const typeWord = Arrival.type / 4;
  const flowWord = Arrival.flow / 4;
  const statFirstDouble = memory.dispatcherStatsOffset / 8;
  const { completed, preempted, arrived } = DispatcherStat;
  const preemptedOutcome: number = FinishOutcome.preempted;
  const toCompletion = TO_COMPLETION;

  /** The time told to the scheduler, and to nobody else. */
  const now = float64s(1);
  const state = int32s(8);
  const { size, completions } = dispatcherStats(types, workers);
  const counts = float64s(size); // before they are published
  // Per worker: its latest start; the slot it runs (-1: free); when its slice ends; the last start asked to stop.
  const startSeq = int32s(workers);
  const running = int32s(workers);
  const sliceEndNs = float64s(workers);
  const askedSeq = int32s(workers);
  const busyWords = (workers + 31) >>> 5;
  /** The workers that run something, one bit each. */
  const busy = int32s(busyWords);
  /** Per slot: the type it arrived with. */
  const typeOfSlot = new Uint16Array(memory.slots);

  const world: World = { start, preempt, drop, stole, reserved };
  let scheduler: Scheduler;
  let wake: DispatcherHooks['wake'];
  let net: DispatcherHooks['net'];
  let idle: DispatcherHooks['idle'];
  let onReserved: DispatcherHooks['reserved'];
  reset(makeScheduler, hooks);

  function reset(make: MakeScheduler, others: DispatcherHooks = {}): void {
    now[0] = 0;
    state.fill(0);
    counts.fill(0);
    startSeq.fill(0);
    running.fill(-1);
    sliceEndNs.fill(NEVER);
    askedSeq.fill(0);
    busy.fill(0);
    ({ wake, net, idle, reserved: onReserved } = others);
    scheduler = make(world, now);
    // A reservation that a policy begins with counts as the first, as in the simulator.
    if (scheduler.reservation) reserved();
  }

  /** Loads a word; what its writer wrote before is then visible. */
  function look(word: number): number {
    return ORDERED_BY_PROCESSOR ? words[word]! : Atomics.load(words, word);
  }

  /** Stores a word; what was written before becomes visible with it. */
  function publish(word: number, value: number): void {
    if (ORDERED_BY_PROCESSOR) words[word] = value;
    else Atomics.store(words, word, value);
  }

  function run(): void {
    try {
      while (Atomics.load(words, runStateWord) < RunState.halted) turn();
    } finally {
      // Also when the policy has failed: the counts up to then are right.
      publishStatistics();
    }
  }

  // The endless loop is cut into calls, because V8 optimises a function that is called again better than one that runs.
  function turn(): void {
    for (let i = 0; i < STEPS_PER_TURN; i++) {
      let events = step();
      if (net !== undefined && (events === 0 || (i & (STEPS_PER_POLL - 1)) === 0)) events += net();
      if (events === 0 && idle !== undefined) {
        publishStatistics();
        idle(nextSliceEndNs());
      }
    }
    publishStatistics();
  }

  function step(): number {
    // No branch, here and below: V8 throws compiled code away when it first takes a branch that the warm-up never took.
    now[0] = Math.max(now[0]!, doubles[clockDouble]!);
    // First, so that the processor fetches it from another core's cache together with the mailboxes: up to a tenth
    // faster when busy.
    const tail = look(arrivalsTailWord);
    let events = drainCompletions();
    if (state[SLICED]! > 0) events += expireSlices();
    if (tail !== state[HEAD]) events += drainArrivals(tail);
    if (events > 0) {
      scheduler.dispatch();
      if (state[RELEASED] !== state[RELEASES_PUBLISHED]) {
        publish(releasesTailWord, state[RELEASED]!);
        state[RELEASES_PUBLISHED] = state[RELEASED]!;
      }
    }
    return events;
  }

  function hasWork(): boolean {
    if (Atomics.load(words, arrivalsTailWord) !== state[HEAD]) return true;
    for (let worker = 0; worker < workers; worker++) {
      if (running[worker]! < 0) continue;
      const box = mailboxesFirstWord + worker * mailboxWords;
      if (Atomics.load(words, box + finishSeqWord) === startSeq[worker]) return true;
    }
    return false;
  }

  function nextSliceEndNs(): number {
    let untilNs = NEVER;
    if (state[SLICED]! > 0) {
      for (let worker = 0; worker < workers; worker++) {
        if (sliceEndNs[worker]! < untilNs) untilNs = sliceEndNs[worker]!;
      }
    }
    return untilNs;
  }

  function drainCompletions(): number {
    let events = 0;
    for (let group = 0; group < busyWords; group++) {
      if (busy[group] === 0) continue;
      // Lowest number first.
      for (let left = finishedOf(group); left !== 0; left &= left - 1) {
        const bit = left & -left;
        const worker = (group << 5) + 31 - Math.clz32(bit);
        const box = mailboxesFirstWord + worker * mailboxWords;
        events++;
        now[0] = Math.max(now[0]!, doubles[(box >> 1) + finishDouble]!);
        const slot = running[worker]!;
        running[worker] = -1;
        busy[group]! &= ~bit;
        if (sliceEndNs[worker]! !== NEVER) endSlice(worker);
        if (words[box + finishOutcomeWord] === preemptedOutcome) {
          counts[preempted]!++;
          scheduler.preempted(worker);
        } else {
          counts[completed]!++;
          counts[completions + typeOfSlot[slot]! * workers + worker]!++;
          release(slot);
          scheduler.complete(worker);
        }
      }
    }
    return events;
  }

  /**
   * Which of 32 workers have finished what they ran, one bit each. A mailbox that has changed comes from another core's
   * cache, which takes 50 ns or more. Without a branch in the loop, the processor waits for all of them at once.
   */
  function finishedOf(group: number): number {
    const first = group << 5;
    const count = Math.min(32, workers - first);
    let word = mailboxesFirstWord + first * mailboxWords + finishSeqWord;
    let finished = 0;
    for (let i = 0; i < count; i++, word += mailboxWords) {
      const apart = look(word) ^ startSeq[first + i]!;
      // The sign of x | -x is set unless x is 0.
      finished |= (~(apart | ((0 - apart) | 0)) >>> 31) << i;
    }
    return finished & busy[group]!;
  }

  function expireSlices(): number {
    const nowNs = now[0]!;
    let events = 0;
    for (let worker = 0; worker < workers; worker++) {
      if (sliceEndNs[worker]! > nowNs) continue;
      events++;
      // Without another slice the request runs until it completes, yields, or the scheduler preempts it.
      endSlice(worker);
      const sliceNs = scheduler.sliceExpired(worker);
      if (sliceNs === PREEMPT) preempt(worker);
      else beginSlice(worker, sliceNs);
    }
    return events;
  }

  function beginSlice(worker: number, sliceNs: number): void {
    if (sliceNs === toCompletion) return;
    sliceEndNs[worker] = now[0]! + sliceNs;
    state[SLICED]!++;
  }

  function endSlice(worker: number): void {
    sliceEndNs[worker] = NEVER;
    state[SLICED]!--;
  }

  function drainArrivals(tail: number): number {
    const head = state[HEAD]!;
    const count = (tail - head) | 0;
    for (let i = 0; i < count; i++) {
      const entry = arrivalsFirstWord + ((head + i) & arrivalsMask) * arrivalWords;
      now[0] = Math.max(now[0]!, doubles[(entry >> 1) + arrivalDouble]!);
      const slot = words[entry + slotWord]!;
      const type = words[entry + typeWord]!;
      typeOfSlot[slot] = type;
      scheduler.arrive(slot, type, words[entry + flowWord]!);
    }
    state[HEAD] = tail;
    publish(arrivalsHeadWord, tail);
    counts[arrived]! += count;
    return count;
  }

  /** Gives the request's handle back to the net thread, which sees it when the step ends. */
  function release(slot: number): void {
    const released = state[RELEASED]!;
    words[releasesFirstWord + (released & releasesMask)] = slot;
    state[RELEASED] = released + 1;
  }

  function publishStatistics(): void {
    let inFlight = 0;
    for (let worker = 0; worker < workers; worker++) if (running[worker]! >= 0) inFlight++;
    counts[DispatcherStat.inFlight] = inFlight;
    counts[DispatcherStat.dispatched] = inFlight + counts[completed]! + counts[preempted]!;
    counts[DispatcherStat.queued] = scheduler.queued();
    for (let i = 0; i < counts.length; i++) doubles[statFirstDouble + i] = counts[i]!;
  }

  // What the scheduler can make this world do.
  function start(worker: number, request: number, sliceNs: number): void {
    if (running[worker] !== -1) {
      throw new Error(
        `the policy started request ${request} on worker ${worker}, which still runs request ${running[worker]}`,
      );
    }
    const box = mailboxesFirstWord + worker * mailboxWords;
    // No start has the number 0, because preemptSeq holds 0 until somebody is preempted.
    let seq = (startSeq[worker]! + 1) | 0;
    if (seq === 0) seq = 1;
    startSeq[worker] = seq;
    running[worker] = request;
    busy[worker >>> 5]! |= 1 << (worker & 31);
    beginSlice(worker, sliceNs);
    words[box + startSlotWord] = request;
    doubles[(box >> 1) + dispatchDouble] = Math.max(now[0]!, doubles[wokenDouble]!);
    if (wake === undefined) {
      publish(box + startSeqWord, seq);
    } else {
      Atomics.store(words, box + startSeqWord, seq);
      wake(worker);
    }
  }

  function preempt(worker: number): void {
    if (running[worker] === -1 || askedSeq[worker] === startSeq[worker]) return;
    askedSeq[worker] = startSeq[worker]!;
    const box = mailboxesFirstWord + worker * mailboxWords;
    Atomics.store(words, box + preemptSeqWord, startSeq[worker]!);
    counts[DispatcherStat.preemptsAsked]!++;
    // As in the simulator: the scheduler has decided, and is not asked again when the slice ends.
    if (sliceEndNs[worker]! !== NEVER) endSlice(worker);
    if (wake !== undefined) wake(worker);
  }

  function drop(request: number, reason: DropReason): void {
    const type = Math.min(typeOfSlot[request]!, types);
    counts[DispatcherStat.dropped]!++;
    counts[DispatcherStat.droppedByType + type * REASONS + reason]!++;
    release(request);
  }

  function stole(_thief: number, _victim: number, count: number): void {
    // A real steal has its own cost; here it is only counted.
    counts[DispatcherStat.stolen]! += count;
  }

  function reserved(): void {
    counts[DispatcherStat.reservations]!++;
    // A policy may announce its first reservation while it is being made.
    if (scheduler !== undefined) onReserved?.(scheduler, now[0]!, counts[DispatcherStat.completed]!);
  }

  return { run, turn, step, hasWork, nextSliceEndNs, publishStatistics, reset };
}

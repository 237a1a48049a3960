/**
 * The native side of the shared memory in TypeScript and virtual time: net thread and workers without a NIC, a core or
 * an addon. It warms up the dispatcher before the first real request, and tests use it to check the dispatcher's
 * decisions exactly.
 */

import { RequestBatch, type RequestSource } from '../../workload/request-source.js';
import { Arrival, Control, FinishOutcome, Mailbox, Ring, type SharedMemory } from '../memory/layout.js';

/** A request that has left, with its first start and its end. A dropped one has neither, and worker -1. */
export interface ScriptedEnd {
  /** Number among the requests that entered. */
  readonly id: number;
  readonly type: number;
  readonly worker: number;
  readonly arrivalNs: number;
  readonly startNs: number;
  readonly endNs: number;
}

/** A source that fills a batch at once, without a promise. */
export type SyncSource = Omit<RequestSource, 'fill'> & { fill(batch: RequestBatch): void };

const NEVER = Number.POSITIVE_INFINITY;

export class ScriptedNative {
  private readonly words: Int32Array;
  private readonly doubles: Float64Array;
  private readonly batch: RequestBatch = new RequestBatch();
  private at = 0;

  /** Free slots, last in, first out, like the native table. */
  private readonly free: Int32Array;
  private freeCount: number;
  private tail = 0;
  private releasesHead = 0;

  private readonly typeOf: Uint16Array;
  private readonly arrivalOf: Float64Array;
  private readonly leftOf: Float64Array;
  private readonly idOf: Float64Array;
  private readonly startOf: Float64Array;
  private readonly endOf: Float64Array;
  private readonly workerOf: Int32Array;

  /** Per worker: number of the last start it saw, its request (-1: none), when that began and when it will end. */
  private readonly seenSeq: Int32Array;
  private readonly slotOn: Int32Array;
  private readonly beganNs: Float64Array;
  private readonly endsNs: Float64Array;

  nowNs = 0;
  /** Requests that came, and those of them that found no slot or no room in the ring. */
  entered = 0;
  refused = 0;

  constructor(
    private readonly memory: SharedMemory,
    private readonly trace: SyncSource,
    private readonly onEnd?: (end: ScriptedEnd) => void,
  ) {
    this.words = new Int32Array(memory.buffer, memory.base, memory.totalBytes / 4);
    this.doubles = new Float64Array(memory.buffer, memory.base, memory.totalBytes / 8);
    this.free = new Int32Array(memory.slots);
    for (let i = 0; i < memory.slots; i++) this.free[i] = memory.slots - 1 - i;
    this.freeCount = memory.slots;
    this.typeOf = new Uint16Array(memory.slots);
    this.arrivalOf = new Float64Array(memory.slots);
    this.leftOf = new Float64Array(memory.slots);
    this.idOf = new Float64Array(memory.slots);
    this.startOf = new Float64Array(memory.slots);
    this.endOf = new Float64Array(memory.slots);
    this.workerOf = new Int32Array(memory.slots);
    this.seenSeq = new Int32Array(memory.workers);
    this.slotOn = new Int32Array(memory.workers).fill(-1);
    this.beganNs = new Float64Array(memory.workers);
    this.endsNs = new Float64Array(memory.workers).fill(NEVER);
    this.trace.fill(this.batch);
  }

  /** When the next thing happens by itself; Infinity when nothing will. */
  nextNs(): number {
    let next = this.at < this.batch.length ? this.batch.arrivalNs[this.at]! : NEVER;
    for (let worker = 0; worker < this.memory.workers; worker++) {
      if (this.endsNs[worker]! < next) next = this.endsNs[worker]!;
    }
    return next;
  }

  /** Moves time to `nowNs`: everything due by then happens and is published. */
  advanceTo(nowNs: number): void {
    this.setClock(nowNs);
    for (let worker = 0; worker < this.memory.workers; worker++) {
      if (this.endsNs[worker]! <= nowNs) this.finish(worker, this.endsNs[worker]!, FinishOutcome.completed);
    }
    const before = this.tail;
    while (this.at < this.batch.length && this.batch.arrivalNs[this.at]! <= nowNs) this.enterNext();
    if (this.tail !== before) this.publishArrivals();
  }

  /**
   * Plays the next end of a request on a worker, or the next arrival, in the simulator's order (workers first, lowest
   * number first).
   */
  playNext(): void {
    let next = -1;
    for (let worker = 0; worker < this.memory.workers; worker++) {
      if (this.endsNs[worker]! < (next < 0 ? NEVER : this.endsNs[next]!)) next = worker;
    }
    const arrivalNs = this.at < this.batch.length ? this.batch.arrivalNs[this.at]! : NEVER;
    if (next >= 0 && this.endsNs[next]! <= arrivalNs) {
      this.setClock(this.endsNs[next]!);
      this.finish(next, this.endsNs[next]!, FinishOutcome.completed);
    } else if (arrivalNs !== NEVER) {
      this.setClock(arrivalNs);
      this.enterNext();
      this.publishArrivals();
    }
  }

  /** Moves the clock only. */
  setClock(nowNs: number): void {
    this.nowNs = nowNs;
    this.doubles[Control.clockNs / 8] = nowNs;
  }

  /** Acts on what the dispatcher has published: slots given back, starts, preemptions. Call it after each step. */
  react(): void {
    this.takeBackSlots();
    const { words } = this;
    for (let worker = 0; worker < this.memory.workers; worker++) {
      const box = (this.memory.mailboxesOffset + worker * Mailbox.bytes) / 4;
      const seq = Atomics.load(words, box + Mailbox.startSeq / 4);
      if (seq !== this.seenSeq[worker]) {
        this.seenSeq[worker] = seq;
        const slot = words[box + Mailbox.startSlot / 4]!;
        this.slotOn[worker] = slot;
        if (this.workerOf[slot] === -1) this.startOf[slot] = this.nowNs;
        this.workerOf[slot] = worker;
        this.beganNs[worker] = this.nowNs;
        this.endsNs[worker] = this.nowNs + this.leftOf[slot]!;
      }
      if (this.slotOn[worker]! >= 0 && Atomics.load(words, box + Mailbox.preemptSeq / 4) === seq) {
        const done = this.nowNs - this.beganNs[worker]!;
        this.leftOf[this.slotOn[worker]!]! -= done;
        this.finish(worker, this.nowNs, FinishOutcome.preempted);
      }
    }
  }

  /** Requests that have not left yet. */
  inFlight(): number {
    return this.memory.slots - this.freeCount;
  }

  private enterNext(): void {
    this.enter(this.at++);
    if (this.at === this.batch.length) {
      this.trace.fill(this.batch);
      this.at = 0;
    }
  }

  private publishArrivals(): void {
    Atomics.store(this.words, (this.memory.arrivalsOffset + Ring.tail) / 4, this.tail);
  }

  private enter(index: number): void {
    this.entered++;
    const head = Atomics.load(this.words, (this.memory.arrivalsOffset + Ring.head) / 4);
    if (this.freeCount === 0 || ((this.tail - head) | 0) === this.memory.arrivalsCapacity) {
      this.refused++;
      return;
    }
    const slot = this.free[--this.freeCount]!;
    const { batch } = this;
    this.typeOf[slot] = batch.type[index]!;
    this.arrivalOf[slot] = batch.arrivalNs[index]!;
    this.leftOf[slot] = batch.serviceNs[index]!;
    this.idOf[slot] = this.entered - 1;
    this.workerOf[slot] = -1;
    const entry =
      (this.memory.arrivalsOffset + Ring.entries) / 4 +
      (this.tail & (this.memory.arrivalsCapacity - 1)) * (Arrival.bytes / 4);
    this.doubles[entry / 2 + Arrival.arrivalNs / 8] = batch.arrivalNs[index]!;
    this.words[entry + Arrival.slot / 4] = slot;
    this.words[entry + Arrival.type / 4] = batch.type[index]!;
    this.words[entry + Arrival.flow / 4] = batch.flow[index]!;
    this.tail = (this.tail + 1) | 0;
  }

  private finish(worker: number, atNs: number, outcome: number): void {
    const box = (this.memory.mailboxesOffset + worker * Mailbox.bytes) / 4;
    this.words[box + Mailbox.finishOutcome / 4] = outcome;
    this.doubles[box / 2 + Mailbox.finishNs / 8] = atNs;
    Atomics.store(this.words, box + Mailbox.finishSeq / 4, this.seenSeq[worker]!);
    this.endOf[this.slotOn[worker]!] = atNs;
    this.endsNs[worker] = NEVER;
    this.slotOn[worker] = -1;
  }

  private takeBackSlots(): void {
    const { memory, words } = this;
    const tail = Atomics.load(words, (memory.releasesOffset + Ring.tail) / 4);
    for (; this.releasesHead !== tail; this.releasesHead = (this.releasesHead + 1) | 0) {
      const slot =
        words[(memory.releasesOffset + Ring.entries) / 4 + (this.releasesHead & (memory.releasesCapacity - 1))]!;
      this.free[this.freeCount++] = slot;
      if (this.onEnd === undefined) continue;
      this.onEnd({
        id: this.idOf[slot]!,
        type: this.typeOf[slot]!,
        worker: this.workerOf[slot]!,
        arrivalNs: this.arrivalOf[slot]!,
        startNs: this.startOf[slot]!,
        endNs: this.endOf[slot]!,
      });
    }
    Atomics.store(words, (memory.releasesOffset + Ring.head) / 4, this.releasesHead);
  }
}

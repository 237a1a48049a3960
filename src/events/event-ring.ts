import { EventKind, type EventSink } from './event.js';

/** One event in memory: its time as a double, kind and three numbers as 32-bit words. */
const DOUBLES_PER_EVENT = 3;
const WORDS_PER_EVENT = 6;
/** The writer's words and the reader's words, each on a cache line of their own. */
const HEADER_BYTES = 128;
const TAIL_WORD = 0;
/** Events lost since the beginning, and since the last one that was written. */
const LOST_WORD = 1;
const MISSING_WORD = 2;
const HEAD_WORD = 16;
const ENDED_WORD = 17;

/**
 * A ring of events in a shared buffer: one thread (the dispatcher) writes, another reads and puts them into a file. The
 * writer never waits: a full ring loses events and counts them. The count is written as a `gap` as soon as there is
 * room again.
 */
export interface EventRing extends EventSink {
  /** Hands at most `limit` waiting events to `take` and returns how many there were. Called by the reader only. */
  drain(take: TakeEvent, limit: number): number;
  /** Events lost so far. */
  lost(): number;
  /** Empties the ring and forgets what was lost. Only while nobody reads. */
  clear(): void;
  /** Tells the reader that no more will be written. */
  end(): void;
  hasEnded(): boolean;
}

export type TakeEvent = (kind: number, a: number, b: number, c: number, timeNs: number) => void;

/** The shared memory of a ring. @param capacity events, a power of two */
export function createEventMemory(capacity: number): SharedArrayBuffer {
  if (capacity < 4 || (capacity & (capacity - 1)) !== 0)
    throw new RangeError(`capacity: expected a power of two, found ${capacity}`);
  return new SharedArrayBuffer(HEADER_BYTES + capacity * DOUBLES_PER_EVENT * 8);
}

/** Either side's view of a ring. */
export function openEventRing(memory: SharedArrayBuffer): EventRing {
  const marks = new Int32Array(memory, 0, HEADER_BYTES / 4);
  const words = new Int32Array(memory, HEADER_BYTES);
  const doubles = new Float64Array(memory, HEADER_BYTES);
  const capacity = doubles.length / DOUBLES_PER_EVENT;
  const mask = capacity - 1;

  function put(tail: number, kind: number, a: number, b: number, c: number, time: Float64Array): void {
    const at = tail & mask;
    doubles[at * DOUBLES_PER_EVENT] = time[0]!;
    const word = at * WORDS_PER_EVENT + 2;
    words[word] = kind;
    words[word + 1] = a;
    words[word + 2] = b;
    words[word + 3] = c;
  }

  return {
    write: (kind, a, b, c, time) => {
      let tail = marks[TAIL_WORD]!;
      const room = capacity - ((tail - Atomics.load(marks, HEAD_WORD)) | 0);
      // There must be room for the gap and the event behind it.
      if (room < 2) {
        marks[MISSING_WORD]!++;
        Atomics.add(marks, LOST_WORD, 1);
        return;
      }
      if (marks[MISSING_WORD]! > 0) {
        put(tail, EventKind.gap, marks[MISSING_WORD]!, 0, 0, time);
        marks[MISSING_WORD] = 0;
        tail = (tail + 1) | 0;
      }
      put(tail, kind, a, b, c, time);
      Atomics.store(marks, TAIL_WORD, (tail + 1) | 0);
    },
    drain: (take, limit) => {
      const head = marks[HEAD_WORD]!;
      const count = Math.min(limit, (Atomics.load(marks, TAIL_WORD) - head) | 0);
      for (let i = 0; i < count; i++) {
        const at = (head + i) & mask;
        const word = at * WORDS_PER_EVENT + 2;
        take(words[word]!, words[word + 1]!, words[word + 2]!, words[word + 3]!, doubles[at * DOUBLES_PER_EVENT]!);
      }
      Atomics.store(marks, HEAD_WORD, (head + count) | 0);
      return count;
    },
    lost: () => Atomics.load(marks, LOST_WORD),
    clear: () => marks.fill(0),
    end: () => Atomics.store(marks, ENDED_WORD, 1),
    hasEnded: () => Atomics.load(marks, ENDED_WORD) === 1,
  };
}

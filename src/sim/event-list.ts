/**
 * The future events of the workers. A worker has at most one: its request completes, its slice expires, or it has given
 * up its request. Events at the same time come in the order of worker numbers.
 */

import { float64s, int32s } from '../units/arrays.js';
export interface EventList {
  /** Time of the next event, ns; Infinity when there is none. */
  nextNs(): number;
  /** Removes the next event and returns its worker. There must be one. */
  take(): number;
  /** Adds the event of a worker that has none. */
  add(worker: number, timeNs: number): void;
  /** Removes the event of a worker; it must have one. */
  remove(worker: number): void;
  size(): number;
  /** Removes all events. */
  clear(): void;
}

/** Up to this many workers, a sorted array is faster than a heap, because few entries are shifted. */
const SORTED_LIST_LIMIT = 64;

export function createEventList(workers: number): EventList {
  return workers <= SORTED_LIST_LIMIT ? createSortedEventList(workers) : createHeapEventList(workers);
}

/** Places before the first entry of a sorted list that has just been moved back. */
const ROOM = 1024;
/** The same in a new list: so little that V8 sees it move back before it compiles, and need not compile again. */
const ROOM_AT_FIRST = 100;
const FIRST = 0;
const LAST = 1;
const HEAD = 0;
const LENGTH = 1;

/**
 * Entries in descending order, the next event last. Taking it moves nothing. An event that is later than all others,
 * as the end of a slice usually is, goes in front of them at once; another one moves only the entries that come before
 * it in time, which are few for a short service.
 */
export function createSortedEventList(workers: number): EventList {
  const times = float64s(ROOM + workers + 1);
  const owners = int32s(ROOM + workers + 1);
  // The entries are at first … last. The places before them are sentinels, later than everything.
  const ends = int32s(2);
  clear();
  ends[FIRST] = ROOM_AT_FIRST;
  ends[LAST] = ROOM_AT_FIRST - 1;

  function clear(): void {
    ends[FIRST] = ROOM;
    ends[LAST] = ROOM - 1;
    times.fill(Number.POSITIVE_INFINITY, 0, ROOM);
  }

  /** The entries have come to the front of the arrays: moves them back. */
  function moveBack(): void {
    const count = ends[LAST]! + 1;
    times.copyWithin(ROOM, 0, count);
    owners.copyWithin(ROOM, 0, count);
    clear();
    ends[LAST] = ROOM - 1 + count;
  }

  return {
    nextNs: () => times[ends[LAST]!]!,
    take: () => {
      const at = ends[LAST]!;
      ends[LAST] = at - 1;
      return owners[at]!;
    },
    add: (worker, timeNs) => {
      const first = ends[FIRST]!;
      // In an empty list this entry is an old one, which does no harm.
      if (timeNs > times[first]!) {
        times[first - 1] = timeNs;
        owners[first - 1] = worker;
        ends[FIRST] = first - 1;
        if (first === 1) moveBack();
        return;
      }
      let at = ends[LAST]!;
      ends[LAST] = at + 1;
      while (times[at]! < timeNs || (times[at] === timeNs && owners[at]! < worker && at >= first)) {
        times[at + 1] = times[at]!;
        owners[at + 1] = owners[at]!;
        at--;
      }
      times[at + 1] = timeNs;
      owners[at + 1] = worker;
    },
    remove: (worker) => {
      let at = ends[FIRST]!;
      while (owners[at] !== worker) at++;
      const end = ends[LAST]!;
      ends[LAST] = end - 1;
      for (; at < end; at++) {
        times[at] = times[at + 1]!;
        owners[at] = owners[at + 1]!;
      }
    },
    size: () => ends[LAST]! + 1 - ends[FIRST]!,
    clear,
  };
}

/**
 * A queue beside a heap. An event that is later than the last of the queue, as the end of a slice usually is, goes to
 * its tail and never into the heap.
 */
export function createHeapEventList(workers: number): EventList {
  const heap = createHeap(workers);
  // The queue is a ring. Without entries, the time at its head is Infinity.
  const mask = 2 ** Math.ceil(Math.log2(workers)) - 1;
  const times = float64s(mask + 1);
  const owners = int32s(mask + 1);
  const isQueued = int32s(workers);
  const ends = int32s(2);
  clear();

  function clear(): void {
    heap.clear();
    ends[HEAD] = ends[LENGTH] = 0;
    times[0] = Number.POSITIVE_INFINITY;
  }

  /** Entries behind that of the worker move up. */
  function removeFromQueue(worker: number): void {
    let at = ends[HEAD]!;
    while (owners[at] !== worker) at = (at + 1) & mask;
    const tail = (ends[HEAD]! + --ends[LENGTH]!) & mask;
    while (at !== tail) {
      const next = (at + 1) & mask;
      times[at] = times[next]!;
      owners[at] = owners[next]!;
      at = next;
    }
    if (ends[LENGTH] === 0) times[tail] = Number.POSITIVE_INFINITY;
  }

  return {
    nextNs: () => Math.min(heap.nextNs(), times[ends[HEAD]!]!),
    take: () => {
      const head = ends[HEAD]!;
      const worker = owners[head]!;
      const inHeapNs = heap.nextNs();
      if (times[head]! > inHeapNs || (times[head] === inHeapNs && heap.nextOwner() < worker)) return heap.take();
      const next = (head + 1) & mask;
      ends[HEAD] = next;
      if (--ends[LENGTH]! === 0) times[next] = Number.POSITIVE_INFINITY;
      return worker;
    },
    add: (worker, timeNs) => {
      const length = ends[LENGTH]!;
      const tail = (ends[HEAD]! + length) & mask;
      const isLast = length === 0 || timeNs > times[(tail - 1) & mask]!;
      isQueued[worker] = isLast ? 1 : 0;
      if (!isLast) {
        heap.add(worker, timeNs);
        return;
      }
      times[tail] = timeNs;
      owners[tail] = worker;
      ends[LENGTH] = length + 1;
    },
    remove: (worker) => {
      if (isQueued[worker] === 1) removeFromQueue(worker);
      else heap.remove(worker);
    },
    size: () => heap.size() + ends[LENGTH]!,
    clear,
  };
}

interface Heap extends EventList {
  /** The worker of the next event. There must be one. */
  nextOwner(): number;
}

/** A 4-ary heap that knows where each worker's entry is. Without entries, the time at its root is Infinity. */
function createHeap(workers: number): Heap {
  const times = float64s(workers);
  const owners = int32s(workers);
  const position = int32s(workers);
  const count = int32s(1);

  function earlier(timeNs: number, worker: number, at: number): boolean {
    const other = times[at]!;
    return timeNs < other || (timeNs === other && worker < owners[at]!);
  }

  function place(at: number, timeNs: number, worker: number): void {
    times[at] = timeNs;
    owners[at] = worker;
    position[worker] = at;
  }

  function siftUp(from: number, timeNs: number, worker: number): void {
    let at = from;
    while (at > 0) {
      const parent = (at - 1) >> 2;
      if (!earlier(timeNs, worker, parent)) break;
      place(at, times[parent]!, owners[parent]!);
      at = parent;
    }
    place(at, timeNs, worker);
  }

  function siftDown(from: number, timeNs: number, worker: number): void {
    const size = count[0]!;
    let at = from;
    for (;;) {
      const first = 4 * at + 1;
      if (first >= size) break;
      let least = first;
      const end = Math.min(first + 4, size);
      for (let child = first + 1; child < end; child++) {
        if (earlier(times[child]!, owners[child]!, least)) least = child;
      }
      if (earlier(timeNs, worker, least)) break;
      place(at, times[least]!, owners[least]!);
      at = least;
    }
    place(at, timeNs, worker);
  }

  /** Fills the hole at `at` with the last entry. */
  function close(at: number): void {
    const end = count[0]! - 1;
    count[0] = end;
    if (end === 0) times[0] = Number.POSITIVE_INFINITY;
    if (at === end) return;
    const timeNs = times[end]!;
    const worker = owners[end]!;
    if (at > 0 && earlier(timeNs, worker, (at - 1) >> 2)) siftUp(at, timeNs, worker);
    else siftDown(at, timeNs, worker);
  }

  return {
    nextNs: () => times[0]!,
    nextOwner: () => owners[0]!,
    take: () => {
      const worker = owners[0]!;
      close(0);
      return worker;
    },
    add: (worker, timeNs) => {
      const at = count[0]!;
      count[0] = at + 1;
      siftUp(at, timeNs, worker);
    },
    remove: (worker) => close(position[worker]!),
    size: () => count[0]!,
    clear: () => {
      count[0] = 0;
      times[0] = Number.POSITIVE_INFINITY;
    },
  };
}

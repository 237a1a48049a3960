/** Who waits, kept so that a rule finds whom it asks for without a look at each request: a run may have millions. */

import type { KnownRequest } from './books.js';

/** All requests of one type in the order of their arrival, from the first that has not left. */
interface Line {
  readonly requests: KnownRequest[];
  /** No request before this index waits. */
  first: number;
  waiting: number;
}

/** Lines with more than this many requests before the first that waits are cut. */
const MOST_GONE = 1024;

/** Orders requests; while one waits, its key does not change. */
export type WaitingKey = (request: KnownRequest) => number;

/** The requests that wait. */
export interface WaitingRequests {
  /** Call it when a request waits: it is new, or it was preempted. */
  add(request: KnownRequest, isNew: boolean): void;
  /** Call it when a request that waited has started or left, after its state has changed. */
  remove(request: KnownRequest): void;
  /** How many wait. */
  count(): number;
  /** How many of a type wait. */
  countOf(type: number): number;
  /** Of each type with a waiting request, the one that arrived first. */
  oldest(): readonly KnownRequest[];
  oldestOf(type: number): KnownRequest | undefined;
  /** The one with the least key; of equal keys, the one that has waited longest. Only with a key. */
  least(): KnownRequest | undefined;
  /** How many have a key of at most this, counted up to `most`. Only with a key. */
  countUpTo(key: number, most: number): number;
}

export function createWaitingRequests(keyOf?: WaitingKey): WaitingRequests {
  const lines = new Map<number, Line>();
  const heap = keyOf && createLazyHeap(keyOf);
  let waiting = 0;

  function lineOf(type: number): Line {
    const line = lines.get(type) ?? { requests: [], first: 0, waiting: 0 };
    lines.set(type, line);
    return line;
  }

  function oldestOf(type: number): KnownRequest | undefined {
    const line = lineOf(type);
    const { requests } = line;
    while (line.first < requests.length && requests[line.first]!.state !== 'queued') line.first++;
    if (line.first > MOST_GONE) {
      const here = requests.findIndex(({ state }) => state !== 'left');
      const gone = Math.min(line.first, here < 0 ? requests.length : here);
      if (gone > MOST_GONE) {
        requests.splice(0, gone);
        line.first -= gone;
      }
    }
    return requests[line.first];
  }

  return {
    add(request, isNew) {
      const line = lineOf(request.type);
      waiting++;
      line.waiting++;
      heap?.push(request);
      if (isNew) line.requests.push(request);
      else line.first = Math.min(line.first, placeOf(line.requests, request.id));
    },
    remove({ type }) {
      waiting--;
      lineOf(type).waiting--;
    },
    count: () => waiting,
    countOf: (type) => lineOf(type).waiting,
    oldest: () => [...lines.keys()].flatMap((type) => oldestOf(type) ?? []),
    oldestOf,
    least: () => heap?.least(),
    countUpTo: (key, most) => heap?.countUpTo(key, most) ?? 0,
  };
}

/** By halves: the requests of a line are in the order of their numbers. */
function placeOf(requests: readonly KnownRequest[], id: number): number {
  let [low, high] = [0, requests.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (requests[middle]!.id < id) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** A place in the heap: a wait of a request. It is void once the request has started. */
interface Entry {
  readonly request: KnownRequest;
  readonly key: number;
  /** When the wait began: the same request may wait several times. */
  readonly enteredAt: number;
}

/** Entries of requests that wait no longer are taken away when they come to the top. */
function createLazyHeap(keyOf: WaitingKey) {
  const heap: Entry[] = [];
  const isBefore = (a: Entry, b: Entry) => a.key < b.key || (a.key === b.key && a.enteredAt < b.enteredAt);
  const isVoid = ({ request, enteredAt }: Entry) => request.state !== 'queued' || request.enteredAt !== enteredAt;

  function push(request: KnownRequest): void {
    const entry = { request, key: keyOf(request), enteredAt: request.enteredAt };
    let at = heap.length;
    for (let up = (at - 1) >> 1; at > 0 && isBefore(entry, heap[up]!); up = (at - 1) >> 1) {
      heap[at] = heap[up]!;
      at = up;
    }
    heap[at] = entry;
  }

  function pop(): void {
    const entry = heap.pop()!;
    if (heap.length === 0) return;
    let at = 0;
    for (let down = 1; down < heap.length; down = 2 * at + 1) {
      if (down + 1 < heap.length && isBefore(heap[down + 1]!, heap[down]!)) down++;
      if (!isBefore(heap[down]!, entry)) break;
      heap[at] = heap[down]!;
      at = down;
    }
    heap[at] = entry;
  }

  function least(): KnownRequest | undefined {
    while (heap.length > 0 && isVoid(heap[0]!)) pop();
    return heap[0]?.request;
  }

  /** Looks only at entries with such a key: all others are below one that is greater. */
  function countUpTo(key: number, most: number): number {
    least();
    let found = 0;
    const open = [0];
    while (open.length > 0 && found < most) {
      const at = open.pop()!;
      const entry = heap[at];
      if (!entry || entry.key > key) continue;
      if (!isVoid(entry)) found++;
      open.push(2 * at + 1, 2 * at + 2);
    }
    return found;
  }

  return { push, least, countUpTo };
}

import { int32s } from '../units/arrays.js';

/**
 * Room that arrays by request handle have at first. More requests than that are in flight only in overload: V8 takes an
 * array that is never replaced as a constant, and compiles all code that uses it again when it is. What is not used
 * takes only address space.
 */
export const FIRST_HANDLES = 1 << 14;

/**
 * Several FIFO queues of requests: linked lists whose links share one array, by request handle. One link per request is
 * enough, because a request is in at most one queue at a time.
 *
 * With 16 queues this is 1.2 times as fast as an object per queue, and a long queue takes no memory of its own. The
 * arrays grow when a larger handle appears, which stops after warm-up where the world limits the requests in flight.
 */
export class Queues {
  /** Requests in each queue. Read only. */
  readonly length: Int32Array;
  private readonly first: Int32Array;
  private readonly last: Int32Array;
  private next = new Int32Array(FIRST_HANDLES);

  /** Empty queues 0 … count-1. */
  constructor(readonly count: number) {
    this.length = int32s(count);
    this.first = int32s(count);
    this.last = int32s(count);
  }

  /** Appends a request at the tail. */
  push(queue: number, request: number): void {
    if (request >= this.next.length) this.next = grown(this.next, request);
    const { length, last } = this;
    if (length[queue]!++ === 0) this.first[queue] = request;
    else this.next[last[queue]!] = request;
    last[queue] = request;
  }

  /** Puts a request at the head, before all others. */
  unshift(queue: number, request: number): void {
    if (request >= this.next.length) this.next = grown(this.next, request);
    if (this.length[queue]!++ === 0) this.last[queue] = request;
    else this.next[request] = this.first[queue]!;
    this.first[queue] = request;
  }

  /** Takes the request at the head. The queue must not be empty. */
  shift(queue: number): number {
    const request = this.first[queue]!;
    this.first[queue] = this.next[request]!;
    this.length[queue]!--;
    return request;
  }

  /** The request at the head. The queue must not be empty. */
  head(queue: number): number {
    return this.first[queue]!;
  }

  /** The request behind the head. The queue must hold at least two. */
  second(queue: number): number {
    return this.next[this.first[queue]!]!;
  }
}

/**
 * Queues that know when each request arrived, for policies that compare ages. A request that is queued again keeps its
 * time.
 */
export class TimedQueues extends Queues {
  private arrivals = new Float64Array(FIRST_HANDLES);

  /** @param now the cell of the scheduler's setup that holds the time, ns */
  constructor(
    count: number,
    private readonly now: Float64Array,
  ) {
    super(count);
  }

  /** Appends a request that arrives now. */
  arrive(queue: number, request: number): void {
    if (request >= this.arrivals.length) this.arrivals = grown(this.arrivals, request);
    this.arrivals[request] = this.now[0]!;
    this.push(queue, request);
  }

  /** When a request arrived, ns. */
  arrivalNs(request: number): number {
    return this.arrivals[request]!;
  }

  /** When the request at the head arrived, ns. The queue must not be empty. */
  headArrivalNs(queue: number): number {
    return this.arrivals[this.head(queue)]!;
  }
}

/** A copy of an array by request handle with room for `request`; its size is a power of two. */
export function grown<A extends Int32Array | Float64Array | Uint16Array | Uint8Array>(values: A, request: number): A {
  const larger = new (values.constructor as new (length: number) => A)(2 ** Math.ceil(Math.log2(request + 1)));
  larger.set(values);
  return larger;
}

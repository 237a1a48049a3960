/**
 * A number of FIFO queues of requests over one set of typed arrays: linked lists whose links lie in one array, indexed by request handle. A
 * request is in at most one queue at a time, which is what makes one link per request enough.
 *
 * Compared with an object per queue there is nothing to look up but the queue's number (1.2 times as fast with 16 queues), and a queue of any length
 * costs no memory of its own. The arrays by handle grow when a world hands out a larger one; a world that bounds the requests in flight
 * does not see that after warm-up.
 */
import { int32s } from '../units/arrays.js';
export class Queues {
  /** Requests in each queue. Read only. */
  readonly length: Int32Array;
  private readonly first: Int32Array;
  private readonly last: Int32Array;
  private next = new Int32Array(1024);

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

/** Queues that know when each request arrived, for policies that compare ages. The time stays with a request that is queued again. */
export class TimedQueues extends Queues {
  private arrivals = new Float64Array(1024);

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
export function grown<A extends Int32Array | Float64Array | Uint16Array>(values: A, request: number): A {
  const larger = new (values.constructor as new (length: number) => A)(2 ** Math.ceil(Math.log2(request + 1)));
  larger.set(values);
  return larger;
}

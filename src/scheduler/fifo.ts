/**
 * A queue of requests with the time each of them arrived: a power-of-two ring over two typed arrays.
 *
 * It grows by doubling until `limit`; a world that bounds the requests in flight (the hardware backend's slot table) thus never sees
 * it grow after warm-up. `push` answers false when the limit is reached, and the caller drops the request.
 */
export class Fifo {
  /** Requests waiting. */
  length = 0;
  private requests: Int32Array;
  private arrivals: Float64Array;
  private mask: number;
  private head = 0;

  /** @param limit most requests held at once, at least 1; Infinity for no bound */
  constructor(
    private readonly limit: number = Number.POSITIVE_INFINITY,
    initialCapacity = 64,
  ) {
    this.requests = new Int32Array(initialCapacity);
    this.arrivals = new Float64Array(initialCapacity);
    this.mask = initialCapacity - 1;
  }

  /** Appends at the tail; false (and no change) when the queue is full. */
  push(request: number, arrivalNs: number): boolean {
    const { length } = this;
    if (length >= this.limit) return false;
    if (length > this.mask) this.grow();
    const at = (this.head + length) & this.mask;
    this.requests[at] = request;
    this.arrivals[at] = arrivalNs;
    this.length = length + 1;
    return true;
  }

  /**
   * Puts a request at the head: a preempted one that goes before all others. It was admitted when it arrived, so the limit
   * does not apply to it.
   */
  unshift(request: number, arrivalNs: number): void {
    if (this.length > this.mask) this.grow();
    this.head = (this.head - 1) & this.mask;
    this.requests[this.head] = request;
    this.arrivals[this.head] = arrivalNs;
    this.length++;
  }

  /** Puts a preempted request at the tail, beyond the limit if need be: it was admitted when it arrived. */
  requeue(request: number, arrivalNs: number): void {
    if (this.length > this.mask) this.grow();
    const at = (this.head + this.length) & this.mask;
    this.requests[at] = request;
    this.arrivals[at] = arrivalNs;
    this.length++;
  }

  /** Takes the request at the head. The queue must not be empty. */
  shift(): number {
    const { head } = this;
    this.head = (head + 1) & this.mask;
    this.length--;
    return this.requests[head]!;
  }

  /** When the request at position `i` from the head (0 is the oldest) arrived, ns. */
  arrivalAt(i: number): number {
    return this.arrivals[(this.head + i) & this.mask]!;
  }

  /** When the request at the head arrived, ns. The queue must not be empty. */
  headArrivalNs(): number {
    return this.arrivals[this.head]!;
  }

  private grow(): void {
    const { requests, arrivals, head, length, mask } = this;
    const capacity = (mask + 1) * 2;
    this.requests = new Int32Array(capacity);
    this.arrivals = new Float64Array(capacity);
    for (let i = 0; i < length; i++) {
      this.requests[i] = requests[(head + i) & mask]!;
      this.arrivals[i] = arrivals[(head + i) & mask]!;
    }
    this.head = 0;
    this.mask = capacity - 1;
  }
}

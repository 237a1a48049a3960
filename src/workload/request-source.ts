/**
 * The request trace both worlds consume: arrivals in time order, each with its type, service demand and flow. A source
 * fills batches of parallel arrays, so that neither world allocates or calls per request.
 */

/** Requests per batch: large enough to amortise the call, small enough to stay in the L1 cache. */
export const BATCH_CAPACITY = 512;

/**
 * A batch of requests, struct-of-arrays. Entries `0 … length-1` are valid. A class, because V8 changes its mind about
 * the fields of an object literal when it is evaluated for the second time, and throws away the code of all hot loops.
 */
export class RequestBatch {
  /** Number of valid entries. */
  length = 0;
  /** Planned arrival, integer ns since the start of the run, never decreasing (also across batches). */
  readonly arrivalNs: Float64Array;
  /** Service demand, integer ns, at least 1. */
  readonly serviceNs: Float64Array;
  /** Index into the workload's types; the number of classified types means UNKNOWN. */
  readonly type: Uint16Array;
  /** Unsigned 32-bit label of the connection the request comes on. */
  readonly flow: Uint32Array;

  constructor(capacity: number = BATCH_CAPACITY) {
    this.arrivalNs = new Float64Array(capacity);
    this.serviceNs = new Float64Array(capacity);
    this.type = new Uint16Array(capacity);
    this.flow = new Uint32Array(capacity);
  }
}

/** Gives one request trace, batch by batch. */
export interface RequestSource {
  /**
   * Overwrites `batch` with the next requests, as many as fit. Afterwards `batch.length` is 0 exactly when the trace
   * has ended. Generated workloads return at once; a trace file may return a promise.
   */
  fill(batch: RequestBatch): void | Promise<void>;
  /** Ends the trace before its end, so that a file behind it is closed. */
  close?(): Promise<void> | undefined;
}

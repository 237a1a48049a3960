/**
 * Progress and stop of several runs in several threads. They are integers in shared memory, because a busy thread
 * receives no messages.
 */
export class RunControl {
  private readonly cells: Int32Array;
  /** How many runs there will be, as far as is known now. */
  planned: number;

  /**
   * @param most runs that are possible
   * @param buffer of the same control in another thread
   */
  constructor(
    readonly most: number,
    readonly buffer: ArrayBufferLike = memory(4 * (most + 1)),
  ) {
    this.cells = new Int32Array(buffer);
    this.planned = most;
  }

  /** Asks all runs to end with the results so far. */
  stop(): void {
    Atomics.store(this.cells, STOP, 1);
  }

  get stopped(): boolean {
    return Atomics.load(this.cells, STOP) === 1;
  }

  /** Notes how much of a run is done, 0 … 1. */
  report(run: number, done: number): void {
    Atomics.store(this.cells, 1 + run, Math.round(done * SCALE));
  }

  /** The share of all planned runs that is done, 0 … 1. */
  done(): number {
    let sum = 0;
    for (let run = 0; run < this.most; run++) sum += Atomics.load(this.cells, 1 + run);
    return sum / (SCALE * this.planned);
  }
}

/** A page that is not isolated has no shared memory, and no other threads to share it with. */
function memory(bytes: number): ArrayBufferLike {
  return typeof SharedArrayBuffer === 'undefined' ? new ArrayBuffer(bytes) : new SharedArrayBuffer(bytes);
}

const STOP = 0;
const SCALE = 10_000;

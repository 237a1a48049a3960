/** Progress and stop of several runs in several threads: a few integers in shared memory, because a busy thread receives no messages. */
export class RunControl {
  private readonly cells: Int32Array;
  /** How many of the runs are meant to happen, as far as is known now. */
  planned: number;

  /**
   * @param most runs there may be
   * @param buffer the one of the same control in another thread
   */
  constructor(
    readonly most: number,
    readonly buffer: SharedArrayBuffer = new SharedArrayBuffer(4 * (most + 1)),
  ) {
    this.cells = new Int32Array(buffer);
    this.planned = most;
  }

  /** Asks all runs to end with what there is. */
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

  /** How much of all planned runs together is done, 0 … 1. */
  done(): number {
    let sum = 0;
    for (let run = 0; run < this.most; run++) sum += Atomics.load(this.cells, 1 + run);
    return sum / (SCALE * this.planned);
  }
}

const STOP = 0;
const SCALE = 10_000;

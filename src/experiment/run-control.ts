/** Progress and stop of several runs in several threads: a few integers in shared memory, because a busy thread receives no messages. */
export class RunControl {
  private readonly cells: Int32Array;

  /** @param buffer the one of the same control in another thread */
  constructor(
    readonly runs: number,
    readonly buffer: SharedArrayBuffer = new SharedArrayBuffer(4 * (runs + 1)),
  ) {
    this.cells = new Int32Array(buffer);
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

  /** How much of all runs together is done, 0 … 1. */
  done(): number {
    let sum = 0;
    for (let run = 0; run < this.runs; run++) sum += Atomics.load(this.cells, 1 + run);
    return sum / (SCALE * this.runs);
  }
}

const STOP = 0;
const SCALE = 10_000;

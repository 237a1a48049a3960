import type { ArrivalKind, ArrivalProcess, Arrivals } from './arrival-process.js';

/** The same gap every time. */
class ConstantGapProcess implements ArrivalProcess {
  private startNs = 0;
  private arrivals = 0;

  constructor(private readonly gapNs: number) {}

  restart(atNs: number): void {
    this.startNs = atNs;
    this.arrivals = 0;
  }

  fill(out: Float64Array, from: number, to: number, endNs: number): number {
    const { startNs, gapNs } = this;
    let n = this.arrivals;
    let i = from;
    while (i < to) {
      // A product, so that rounding errors do not add up.
      const now = startNs + ++n * gapNs;
      if (now >= endNs) break;
      out[i++] = Math.floor(now);
    }
    this.arrivals = n;
    return i;
  }
}

const CONSTANT: Arrivals = {
  kind: 'constant',
  immediate: false,
  start: (meanGapNs) => new ConstantGapProcess(meanGapNs),
};

export const constantGap: ArrivalKind = {
  name: 'constant',
  title: 'a metronome: all gaps equal',
  examples: [undefined],
  read: (value, checker) =>
    value === undefined ? CONSTANT : checker.refuse('expected no parameters: write arrivals: constant'),
};

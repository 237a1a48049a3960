import type { Random } from '../random.js';
import { EXPONENTIAL_ACCEPT, EXPONENTIAL_LAYERS, EXPONENTIAL_WIDTH, exponentialEdge } from '../ziggurat.js';
import type { ArrivalKind, ArrivalProcess, Arrivals } from './arrival-process.js';

/** Independent exponential gaps. */
class PoissonProcess implements ArrivalProcess {
  private nowNs = 0;

  constructor(
    private readonly meanGapNs: number,
    private readonly random: Random,
  ) {}

  restart(atNs: number): void {
    this.nowNs = atNs;
  }

  fill(out: Float64Array, from: number, to: number, endNs: number): number {
    const { meanGapNs, random } = this;
    const accept = EXPONENTIAL_ACCEPT;
    const width = EXPONENTIAL_WIDTH;
    const layers = EXPONENTIAL_LAYERS - 1;
    let now = this.nowNs;
    let i = from;
    while (i < to) {
      // standardExponential with its common case inlined: this is the hottest loop of the generator.
      const u = random();
      const k = (u * 4294967296) & layers;
      now += meanGapNs * (u < accept[k]! ? u * width[k]! : exponentialEdge(random, u, k));
      if (now >= endNs) break;
      out[i++] = Math.floor(now);
    }
    this.nowNs = now;
    return i;
  }
}

/** Poisson arrivals; other modules use it as the default. */
export const POISSON: Arrivals = {
  kind: 'poisson',
  immediate: true,
  start: (meanGapNs, random) => new PoissonProcess(meanGapNs, random),
};

export const poisson: ArrivalKind = {
  name: 'poisson',
  title: 'independent users: exponential gaps',
  examples: [undefined],
  read: (value, checker) =>
    value === undefined ? POISSON : checker.refuse('expected no parameters: write arrivals: poisson'),
};

import type { Distribution } from '../distributions/distribution.js';
import { readDistribution } from '../distributions/distribution-registry.js';
import type { Random } from '../random.js';
import type { ArrivalKind, ArrivalProcess, Arrivals } from './arrival-process.js';

/** Independent gaps from one distribution. */
class RenewalProcess implements ArrivalProcess {
  private nowNs = 0;

  /** @param scale what the distribution's gaps are multiplied by */
  constructor(
    private readonly gap: Distribution,
    private readonly scale: number,
    private readonly random: Random,
  ) {}

  restart(atNs: number): void {
    this.nowNs = atNs;
  }

  fill(out: Float64Array, from: number, to: number, endNs: number): number {
    const { gap, scale, random } = this;
    let now = this.nowNs;
    let i = from;
    while (i < to) {
      now += scale * gap.sample(random);
      if (now >= endNs) break;
      out[i++] = Math.floor(now);
    }
    this.nowNs = now;
    return i;
  }
}

export const renewal: ArrivalKind = {
  name: 'renewal',
  title: 'independent gaps with the shape of any distribution, scaled to the rate',
  examples: [{ gamma: { shape: 0.5, mean: '1us' } }, { uniform: { min: '0ns', max: '1us' } }, '1us'],
  read(value, checker) {
    const gap = readDistribution(value, checker);
    return gap && renewalOf(gap);
  },
};

function renewalOf(gap: Distribution): Arrivals {
  return {
    kind: 'renewal',
    immediate: false,
    start: (meanGapNs, random) => new RenewalProcess(gap, meanGapNs / gap.meanNs, random),
  };
}

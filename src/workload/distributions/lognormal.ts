import { number, optional, positiveDuration } from '../../input/fields.js';
import { exp } from '../math.js';
import type { Random } from '../random.js';
import { standardNormal } from '../ziggurat.js';
import type { Distribution, DistributionKind } from './distribution.js';

/** e^(ln(median) + sigma Z) with a standard normal Z. */
class LogNormal implements Distribution {
  readonly kind = 'lognormal';
  readonly meanNs: number;
  readonly secondMomentNs2: number;

  /** @param sigma standard deviation of the logarithm */
  constructor(
    readonly medianNs: number,
    readonly sigma: number,
  ) {
    this.meanNs = medianNs * exp((sigma * sigma) / 2);
    this.secondMomentNs2 = medianNs * medianNs * exp(2 * sigma * sigma);
  }

  sample(random: Random): number {
    return this.medianNs * exp(this.sigma * standardNormal(random));
  }
}

export const lognormal: DistributionKind = {
  name: 'lognormal',
  title: 'its logarithm is normal; sigma is the standard deviation of the logarithm',
  examples: [
    { mean: '10us', sigma: 1 },
    { median: '5us', sigma: 0.5 },
  ],
  read(value, checker) {
    const p = checker.map(
      {
        mean: optional(positiveDuration),
        median: optional(positiveDuration),
        sigma: number('a number above 0 and at most 4', { above: 0, max: 4 }),
      },
      value,
    );
    if (!p) return undefined;
    if ((p.mean === undefined) === (p.median === undefined)) {
      return checker.refuse(`expected either mean or median, found ${p.mean === undefined ? 'neither' : 'both'}`);
    }
    return new LogNormal(p.median ?? p.mean! * exp((-p.sigma * p.sigma) / 2), p.sigma);
  },
};

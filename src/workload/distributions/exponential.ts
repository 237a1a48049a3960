import { positiveDuration } from '../../input/fields.js';
import type { Random } from '../random.js';
import { standardExponential } from '../ziggurat.js';
import type { Distribution, DistributionKind } from './distribution.js';

/** Memoryless: density e^(-x/mean) / mean. */
export class Exponential implements Distribution {
  readonly kind = 'exponential';
  readonly secondMomentNs2: number;

  constructor(readonly meanNs: number) {
    this.secondMomentNs2 = 2 * meanNs * meanNs;
  }

  sample(random: Random): number {
    return this.meanNs * standardExponential(random);
  }
}

export const exponential: DistributionKind = {
  name: 'exponential',
  title: 'memoryless, with a mean',
  examples: [{ mean: '10us' }],
  read(value, checker) {
    const p = checker.map({ mean: positiveDuration }, value);
    return p && new Exponential(p.mean);
  },
};

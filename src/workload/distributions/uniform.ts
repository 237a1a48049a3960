import { duration, positiveDuration } from '../../input/fields.js';
import type { Random } from '../random.js';
import type { Distribution, DistributionKind } from './distribution.js';

/** Every duration from min to max equally likely. */
class Uniform implements Distribution {
  readonly kind = 'uniform';
  readonly meanNs: number;
  readonly secondMomentNs2: number;

  constructor(
    readonly minNs: number,
    readonly maxNs: number,
  ) {
    this.meanNs = (minNs + maxNs) / 2;
    this.secondMomentNs2 = (minNs * minNs + minNs * maxNs + maxNs * maxNs) / 3;
  }

  sample(random: Random): number {
    return this.minNs + (this.maxNs - this.minNs) * random();
  }
}

export const uniform: DistributionKind = {
  name: 'uniform',
  title: 'equally likely between min and max',
  examples: [
    { min: '1us', max: '3us' },
    { min: '0ns', max: '100us' },
  ],
  read(value, checker) {
    const p = checker.map({ min: duration, max: positiveDuration }, value);
    if (!p) return undefined;
    if (p.max < p.min)
      return checker.at('max').refuse(`expected a duration of at least min (${p.min}ns), found ${p.max}ns`);
    return new Uniform(p.min, p.max);
  },
};

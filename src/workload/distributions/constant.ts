import { positiveDuration } from '../../input/fields.js';
import type { Distribution, DistributionKind } from './distribution.js';

/** Always the same duration. */
export class Constant implements Distribution {
  readonly kind = 'constant';
  readonly secondMomentNs2: number;

  constructor(readonly meanNs: number) {
    this.secondMomentNs2 = meanNs * meanNs;
  }

  sample(): number {
    return this.meanNs;
  }
}

export const constant: DistributionKind = {
  name: 'constant',
  title: 'always the same',
  examples: ['1us', '0.5 ms'],
  read(value, checker) {
    // Zero would make the slowdown of a request infinite.
    const ns = checker.value(positiveDuration, value);
    return ns === undefined ? undefined : new Constant(ns);
  },
};

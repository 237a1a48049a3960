import { readDuration } from '../../input/fields.js';
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
    let ns: number;
    try {
      ns = readDuration(value);
    } catch (error) {
      return checker.refuse((error as Error).message);
    }
    // Zero would make the slowdown of a request infinite.
    return ns > 0 ? new Constant(ns) : checker.refuse(`expected a duration above 0, found '${value}'`);
  },
};

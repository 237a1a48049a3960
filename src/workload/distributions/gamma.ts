import { exp, log } from '../math.js';
import type { Random } from '../random.js';
import { standardExponential, standardNormal } from '../ziggurat.js';
import type { Distribution, DistributionKind } from './distribution.js';
import { readShapeAndScale } from './shape-and-scale.js';

/**
 * Gamma with shape k and scale θ (k = 1: exponential, integer k: Erlang).
 * Sampled as in G. Marsaglia and W. W. Tsang, "A Simple Method for Generating Gamma Variables", ACM TOMS 26(3), 2000.
 */
class Gamma implements Distribution {
  readonly kind = 'gamma';
  readonly meanNs: number;
  readonly secondMomentNs2: number;
  private readonly d: number;
  private readonly c: number;

  constructor(
    readonly shape: number,
    readonly scaleNs: number,
  ) {
    this.meanNs = shape * scaleNs;
    this.secondMomentNs2 = shape * (shape + 1) * scaleNs * scaleNs;
    this.d = (shape < 1 ? shape + 1 : shape) - 1 / 3;
    this.c = 1 / Math.sqrt(9 * this.d);
  }

  sample(random: Random): number {
    const { d, c } = this;
    for (;;) {
      const x = standardNormal(random);
      const root = 1 + c * x;
      if (root <= 0) continue;
      const v = root * root * root;
      const u = random();
      const x2 = x * x;
      // The first test is the squeeze of the paper. It avoids most logarithms.
      if (u < 1 - 0.0331 * x2 * x2 || log(u) < 0.5 * x2 + d * (1 - v + log(v))) {
        const value = this.scaleNs * d * v;
        // Below shape 1: gamma(k) = gamma(k+1) U^(1/k) (paper, section 6); -ln U is an exponential.
        return this.shape < 1 ? value * exp(-standardExponential(random) / this.shape) : value;
      }
    }
  }
}

export const gamma: DistributionKind = {
  name: 'gamma',
  title: 'shape 1 is exponential, below 1 more variable, above 1 less',
  examples: [
    { shape: 0.5, mean: '10us' },
    { shape: 3, scale: '2us' },
    { shape: 1, mean: '1us' },
  ],
  read(value, checker) {
    const p = readShapeAndScale(value, checker, (shape) => shape);
    return p && new Gamma(p.shape, p.scaleNs);
  },
};

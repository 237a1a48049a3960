import { exp, gammaFunction, log } from '../math.js';
import type { Random } from '../random.js';
import { standardExponential } from '../ziggurat.js';
import type { Distribution, DistributionKind } from './distribution.js';
import { readShapeAndScale } from './shape-and-scale.js';

/** Weibull with shape k and scale λ: P(X > x) = e^(-(x/λ)^k), so X = λ E^(1/k) with a standard exponential E. */
class Weibull implements Distribution {
  readonly kind = 'weibull';
  readonly meanNs: number;
  readonly secondMomentNs2: number;
  private readonly power: number;

  constructor(
    readonly shape: number,
    readonly scaleNs: number,
  ) {
    this.power = 1 / shape;
    this.meanNs = scaleNs * gammaFunction(1 + this.power);
    this.secondMomentNs2 = scaleNs * scaleNs * gammaFunction(1 + 2 * this.power);
  }

  sample(random: Random): number {
    return this.scaleNs * exp(this.power * log(standardExponential(random)));
  }
}

export const weibull: DistributionKind = {
  name: 'weibull',
  title: 'shape 1 is exponential, below 1 heavier-tailed',
  examples: [
    { shape: 0.7, mean: '10us' },
    { shape: 2, scale: '3us' },
  ],
  read(value, checker) {
    const p = readShapeAndScale(value, checker, (shape) => gammaFunction(1 + 1 / shape));
    return p && new Weibull(p.shape, p.scaleNs);
  },
};

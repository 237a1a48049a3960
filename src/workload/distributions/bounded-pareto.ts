import { number, positiveDuration } from '../../input/fields.js';
import { exp, expm1, log, pow } from '../math.js';
import { type Random, uniform53 } from '../random.js';
import type { Distribution, DistributionKind } from './distribution.js';

/**
 * Pareto cut at both ends: density proportional to x^(-α-1) on [min, max].
 * Formulas: M. Harchol-Balter, "Performance Modeling and Design of Computer Systems", 2013, section 20.3.
 */
class BoundedPareto implements Distribution {
  readonly kind = 'bounded-pareto';
  readonly meanNs: number;
  readonly secondMomentNs2: number;
  /** P(an uncut Pareto stays below max) = 1 - (min/max)^α. */
  private readonly covered: number;
  private readonly power: number;

  constructor(
    readonly alpha: number,
    readonly minNs: number,
    readonly maxNs: number,
  ) {
    this.covered = -expm1(alpha * log(minNs / maxNs));
    this.power = -1 / alpha;
    this.meanNs = this.moment(1);
    this.secondMomentNs2 = this.moment(2);
  }

  /**
   * E[X^n] = α min^n / covered · (1 - (min/max)^(α-n)) / (α-n), where the last factor tends to ln(max/min) as α tends
   * to n.
   */
  private moment(n: number): number {
    const lnRatio = log(this.minNs / this.maxNs);
    const excess = this.alpha - n;
    const factor = excess === 0 ? -lnRatio : -expm1(excess * lnRatio) / excess;
    return ((this.alpha * pow(this.minNs, n)) / this.covered) * factor;
  }

  sample(random: Random): number {
    // The inverse distribution function. It takes 53 random bits: with 32 the largest values of a wide range would come
    // in visible steps.
    return this.minNs * exp(this.power * log(1 - uniform53(random) * this.covered));
  }
}

export const boundedPareto: DistributionKind = {
  name: 'bounded-pareto',
  title: 'heavy tail x^-alpha between min and max',
  examples: [
    { alpha: 1.5, min: '1us', max: '1ms' },
    { alpha: 1, min: '1us', max: '100us' },
    { alpha: 2, min: '10us', max: '1ms' },
  ],
  read(value, checker) {
    const p = checker.map(
      {
        alpha: number('a number from 0.1 to 100', { min: 0.1, max: 100 }),
        min: positiveDuration,
        max: positiveDuration,
      },
      value,
    );
    if (!p) return undefined;
    if (!(p.max > p.min))
      return checker.at('max').refuse(`expected a duration above min (${p.min}ns), found ${p.max}ns`);
    return new BoundedPareto(p.alpha, p.min, p.max);
  },
};

import { describe, expect, it } from 'vitest';
import { Checker, type Problem } from '../../src/input/checker.js';
import { Chooser } from '../../src/workload/chooser.js';
import { type Distribution, squaredVariation } from '../../src/workload/distributions/distribution.js';
import { DISTRIBUTIONS, readDistribution } from '../../src/workload/distributions/distribution-registry.js';
import { standardExponential, standardNormal } from '../../src/workload/ziggurat.js';
import { meanAndError, random } from './helpers.js';

const SAMPLES = 400_000;

function make(value: unknown, files: Record<string, string> = {}): Distribution {
  const problems: Problem[] = [];
  const distribution = readDistribution(value, new Checker([], problems, (path) => files[path]!));
  expect(problems).toEqual([]);
  return distribution!;
}

/** The one-sample Kolmogorov-Smirnov statistic times sqrt(n): above 1.95 with probability 0.001. */
function kolmogorov(samples: number[], cdf: (x: number) => number): number {
  samples.sort((a, b) => a - b);
  let worst = 0;
  samples.forEach((x, i) => {
    const p = cdf(x);
    worst = Math.max(worst, p - i / samples.length, (i + 1) / samples.length - p);
  });
  return worst * Math.sqrt(samples.length);
}

describe.each(DISTRIBUTIONS)('$name', ({ name, title, examples }) => {
  it('has a title and examples', () => {
    expect(title).not.toBe('');
    expect(examples.length).toBeGreaterThan(0);
  });

  it.each(examples.map((example) => [JSON.stringify(example), example]))('%s has the moments it says', (_, example) => {
    const distribution = make({ [name]: example });
    expect(distribution.kind).toBe(name);
    const draw = random(`moments ${name}`);
    const first = meanAndError(SAMPLES, () => distribution.sample(draw));
    // 4.5 standard errors: a false alarm once in 150 000 seeds, and the seed is fixed. The slack is for constants.
    const slack = 1e-12 * distribution.meanNs;
    expect(Math.abs(first.mean - distribution.meanNs)).toBeLessThan(4.5 * first.error + slack);
    const second = meanAndError(SAMPLES, () => distribution.sample(draw) ** 2);
    expect(Math.abs(second.mean - distribution.secondMomentNs2)).toBeLessThan(
      4.5 * second.error + 1e-12 * distribution.secondMomentNs2,
    );
  });

  it.each(examples.map((example) => [JSON.stringify(example), example]))(
    '%s never gives anything below 0 or not finite',
    (_, example) => {
      const distribution = make({ [name]: example });
      // The extreme draws, 0 and 1 - 2^-32, and everything near them.
      for (const first of [0, 2 ** -32, 0.5, 1 - 2 ** -31, 1 - 2 ** -32]) {
        const rest = random(`extremes ${name}`);
        let draws = 0;
        const x = distribution.sample(() => (draws++ === 0 ? first : rest()));
        expect(x).toBeGreaterThanOrEqual(0);
        expect(x).toBeLessThan(Number.POSITIVE_INFINITY);
      }
    },
  );
});

describe('shapes', () => {
  const draw = random('shapes');
  const samplesOf = (distribution: Distribution) => Array.from({ length: 100_000 }, () => distribution.sample(draw));

  it('the exponential ziggurat follows 1 - e^-x', () => {
    const samples = Array.from({ length: 200_000 }, () => standardExponential(draw));
    expect(kolmogorov(samples, (x) => 1 - Math.exp(-x))).toBeLessThan(1.95);
  });

  it('the exponential tail beyond the last layer is neither cut nor coarse', () => {
    const tail = 7.69711747013105;
    let beyond = 0;
    let excess = 0;
    const n = 4_000_000;
    for (let i = 0; i < n; i++) {
      const x = standardExponential(draw);
      if (x <= tail) continue;
      beyond++;
      excess += x - tail;
    }
    const expected = n * Math.exp(-tail);
    expect(Math.abs(beyond - expected)).toBeLessThan(4.5 * Math.sqrt(expected));
    // Memoryless: what is beyond is exponential again, with mean and deviation 1.
    expect(Math.abs(excess / beyond - 1)).toBeLessThan(4.5 / Math.sqrt(beyond));
  });

  it('the normal ziggurat has the moments of a normal and its tails', () => {
    const n = 2_000_000;
    let beyond = 0;
    let sum = 0;
    let sum2 = 0;
    let sum3 = 0;
    let sum4 = 0;
    for (let i = 0; i < n; i++) {
      const x = standardNormal(draw);
      const x2 = x * x;
      sum += x;
      sum2 += x2;
      sum3 += x2 * x;
      sum4 += x2 * x2;
      if (Math.abs(x) > 3.442619855899) beyond++;
    }
    // Variances of x, x², x³, x⁴ are 1, 2, 15, 96.
    expect(Math.abs(sum / n)).toBeLessThan(4.5 / Math.sqrt(n));
    expect(Math.abs(sum2 / n - 1)).toBeLessThan(4.5 * Math.sqrt(2 / n));
    expect(Math.abs(sum3 / n)).toBeLessThan(4.5 * Math.sqrt(15 / n));
    expect(Math.abs(sum4 / n - 3)).toBeLessThan(4.5 * Math.sqrt(96 / n));
    // 2 (1 - Φ(3.442619855899))
    const expected = n * 5.7607e-4;
    expect(Math.abs(beyond - expected)).toBeLessThan(4.5 * Math.sqrt(expected));
  });

  it('Weibull, bounded Pareto and uniform follow their distribution functions', () => {
    const weibull = samplesOf(make({ weibull: { shape: 0.7, scale: '10us' } }));
    expect(kolmogorov(weibull, (x) => 1 - Math.exp(-((x / 10_000) ** 0.7)))).toBeLessThan(1.95);
    const pareto = samplesOf(make({ 'bounded-pareto': { alpha: 1.1, min: '1us', max: '10ms' } }));
    expect(kolmogorov(pareto, (x) => (1 - (1000 / x) ** 1.1) / (1 - 1e-4 ** 1.1))).toBeLessThan(1.95);
    const uniform = samplesOf(make({ uniform: { min: '1us', max: '3us' } }));
    expect(kolmogorov(uniform, (x) => (x - 1000) / 2000)).toBeLessThan(1.95);
  });

  it('gamma with shape 2 is the sum of two exponentials', () => {
    const gamma = samplesOf(make({ gamma: { shape: 2, scale: '1us' } }));
    expect(kolmogorov(gamma, (x) => 1 - Math.exp(-x / 1000) * (1 + x / 1000))).toBeLessThan(1.95);
  });

  it('lognormal has its median and its 97.5th percentile where they belong', () => {
    const samples = samplesOf(make({ lognormal: { median: '5us', sigma: 1 } })).sort((a, b) => a - b);
    const shareBelow = (x: number) => samples.findIndex((s) => s > x) / samples.length;
    expect(shareBelow(5000)).toBeCloseTo(0.5, 2);
    expect(shareBelow(5000 * Math.exp(1.959964))).toBeCloseTo(0.975, 2);
  });

  it('parametrisations agree', () => {
    expect(make({ lognormal: { mean: '10us', sigma: 1 } }).meanNs).toBeCloseTo(10_000, 6);
    expect(make({ gamma: { shape: 4, mean: '8us' } }).secondMomentNs2).toBeCloseTo(
      make({ gamma: { shape: 4, scale: '2us' } }).secondMomentNs2,
      3,
    );
    expect(make({ weibull: { shape: 0.7, mean: '10us' } }).meanNs).toBeCloseTo(10_000, 6);
    const h2 = make({ hyperexponential: { mean: '10us', scv: 4 } });
    expect(h2.meanNs).toBeCloseTo(10_000, 6);
    expect(squaredVariation(h2)).toBeCloseTo(4, 9);
    expect(squaredVariation(make({ exponential: { mean: '3us' } }))).toBeCloseTo(1, 12);
    expect(squaredVariation(make('1us'))).toBe(0);
  });

  it('an empirical distribution from a CSV file equals the same one inline', () => {
    const inline = make({
      empirical: {
        quantiles: [
          [0, '1us'],
          [0.9, '3us'],
          [1, '10us'],
        ],
      },
    });
    const csv = '\uFEFFprobability,duration\r\n# measured\r\n0,1us\r\n0.9, 3us\r\n\r\n1,10us\r\n';
    const file = make({ empirical: { file: 'q.csv' } }, { 'q.csv': csv });
    expect(file).toEqual(inline);
    expect(file.meanNs).toBeCloseTo(0.9 * 2000 + 0.1 * 6500, 9);
    expect(file.sample(() => 0.45)).toBe(2000);
    expect(file.sample(() => 0)).toBe(1000);
    expect(file.sample(() => 0.95)).toBeCloseTo(6500, 9);
  });
});

describe('Chooser', () => {
  it('inverts the cumulative probabilities exactly and never chooses what has probability 0', () => {
    const chooser = new Chooser([0, 0.1, 0, 0.7, 0.2, 0]);
    for (let i = 0; i < 10_000; i++) {
      const u = i / 10_000;
      expect(chooser.choose(u)).toBe(u < 0.1 ? 1 : u < 0.1 + 0.7 ? 3 : 4);
    }
    expect(chooser.choose(1 - 2 ** -53)).toBe(4);
    expect(new Chooser([1]).choose(0.999)).toBe(0);
  });

  it('survives ratios whose sum is not quite 1', () => {
    const thirds = new Chooser(Array(3).fill(0.3333333333));
    expect(thirds.choose(1 - 2 ** -53)).toBe(2);
    expect(new Chooser([...Array(3).fill(0.3333333333), 0]).choose(1 - 2 ** -53)).toBe(2);
    const many = new Chooser(Array(1000).fill(0.001));
    expect(many.choose(1 - 2 ** -53)).toBe(999);
    expect(many.choose(0.4999)).toBe(499);
  });
});

import { describe, expect, it } from 'vitest';
import {
  hull,
  meanInterval,
  quantileInterval,
  relativeError,
  replicationInterval,
} from '../../src/metrics/confidence.js';
import { Histogram, KnownValues } from '../../src/metrics/histogram.js';
import { studentT } from '../../src/metrics/student.js';
import { substream } from '../../src/workload/random.js';
import { seedOr } from '../support/runs.js';

describe('Student’s t', () => {
  // Tables of the t distribution, two-sided.
  it.each([
    [1, 0.95, 12.7062],
    [2, 0.95, 4.3027],
    [3, 0.95, 3.1824],
    [7, 0.95, 2.3646],
    [10, 0.99, 3.1693],
    [19, 0.95, 2.093],
    [7, 0.999, 5.4079],
    [60, 0.95, 2.0003],
    [120, 0.999, 3.3735],
    [1e6, 0.95, 1.9602],
  ])('%d degrees, %d: %d', (degrees, confidence, t) => {
    expect(studentT(degrees, confidence)).toBeCloseTo(t, 4);
  });

  it('refuses what makes no sense', () => {
    expect(() => studentT(0)).toThrow('expected a whole number of degrees of freedom, from 1, found 0');
    expect(() => studentT(2.5)).toThrow(RangeError);
    expect(() => studentT(5, 1)).toThrow('expected a confidence between 0 and 1, found 1');
  });
});

/** The values 1, 2, … count, which have buckets of their own up to 512. */
function upTo(count: number): KnownValues {
  const histogram = new Histogram();
  for (let value = 1; value <= count; value++) histogram.record(value);
  return new KnownValues(histogram);
}

describe('the order-statistic interval', () => {
  // For the median of 100 values the ranks are 40 and 61: P(X(40) <= median < X(61)) = 0.9648 (David and Nagaraja,
  // section 7.1).
  it('of the median of 100 values is from the 40th to the 61st', () => {
    const [low, high] = quantileInterval(upTo(100), 0.5);
    expect(low).toBe(40);
    expect(high).toBeGreaterThan(61);
    expect(high).toBeLessThan(62);
  });

  it('has no bound where there are too few values', () => {
    // All of n values lie below the p99.9 with probability 0.999^n, which is 2.5 % at n = 3687.1.
    expect(quantileInterval(upTo(3687), 0.999)[1]).toBeNull();
    expect(quantileInterval(upTo(3688), 0.999)[1]).toBeGreaterThan(3687);
    expect(quantileInterval(upTo(5), 0.5)).toEqual([null, null]);
    expect(quantileInterval(upTo(6), 0.5)[0]).toBe(1);
    expect(quantileInterval(upTo(5), 0.99)).toEqual([4, null]);
  });

  it('is the same, but for a rank, where the exact sum gives way to the normal approximation', () => {
    for (const q of [0.1, 0.5, 0.9, 0.999]) {
      const exact = Math.floor(100 / (q * (1 - q)));
      const widths = [exact, exact + 2].map((count) => {
        const [low, high] = quantileInterval(upTo(count), q);
        return [low! / (q * count), high! / (q * count)];
      });
      for (const side of [0, 1]) expect(Math.abs(widths[0]![side]! / widths[1]![side]! - 1)).toBeLessThan(0.012);
    }
  });

  it('holds the quantile of independent values 95 times in 100', () => {
    const random = substream(seedOr(1), 'coverage');
    const misses = { 0.5: 0, 0.9: 0, 0.99: 0 };
    for (let i = 0; i < 1000; i++) {
      const histogram = new Histogram();
      for (let j = 0; j < 500; j++) histogram.record(1000 - 1000 * Math.log(1 - random()));
      for (const q of [0.5, 0.9, 0.99] as const) {
        const [low, high] = quantileInterval(new KnownValues(histogram), q);
        const truth = 1000 - 1000 * Math.log(1 - q);
        if (low! > truth || (high !== null && high < truth)) misses[q]++;
      }
    }
    for (const each of Object.values(misses)) {
      expect(each).toBeGreaterThan(20);
      expect(each).toBeLessThan(65);
    }
  });
});

const exactly = (value: number) => ({ low: value, value, high: value });

describe('the interval from replications', () => {
  it('is Student’s t on the logarithm, around the estimate', () => {
    // Logarithms 0, 1, 2: mean 1, standard deviation 1, t of 2 degrees 4.3027.
    const factor = Math.exp(4.302653 / Math.sqrt(3));
    const [low, high] = replicationInterval(exactly(3), [1, Math.E, Math.E ** 2]);
    expect(low).toBeCloseTo(3 / factor, 4);
    expect(high! / (3 * factor)).toBeCloseTo(1, 5);
  });

  it('is never narrower than what the estimate is known within', () => {
    const known = { low: 99.9, value: 100, high: 100.2 };
    expect(replicationInterval(known, [100, 100, 100])).toEqual([99.9, 100.2]);
    expect(replicationInterval(known, [100, 100.001, 100])).toEqual([99.9, 100.2]);
    expect(replicationInterval(exactly(1_234_567), [1_234_567, 1_234_567])).toEqual([1_234_567, 1_234_567]);
  });

  it('holds the mean of independent values 95 times in 100', () => {
    const random = substream(seedOr(2), 'coverage');
    let misses = 0;
    for (let i = 0; i < 2000; i++) {
      const means = Array.from({ length: 5 }, () => {
        let sum = 0;
        for (let j = 0; j < 100; j++) sum += -Math.log(1 - random());
        return sum / 100;
      });
      const [low, high] = replicationInterval(exactly(means.reduce((a, b) => a + b) / 5), means);
      if (low! > 1 || high! < 1) misses++;
    }
    expect(misses / 2000).toBeGreaterThan(0.035);
    expect(misses / 2000).toBeLessThan(0.065);
  });
});

it('the interval of a mean is that of the central limit theorem', () => {
  const histogram = upTo(300);
  const half = (1.959964 * Math.sqrt((300 * 301) / 12)) / Math.sqrt(300);
  const [low, high] = meanInterval(histogram);
  expect(low! / (150.5 - half)).toBeCloseTo(1, 2);
  expect(high! / (150.5 + half)).toBeCloseTo(1, 2);
  expect(meanInterval(upTo(1))).toEqual([null, null]);
});

it('an interval without a bound leaves an error without one', () => {
  expect(relativeError(10, [9, 10.5])).toBeCloseTo(0.1);
  expect(relativeError(10, [9.9, 12])).toBeCloseTo(0.2);
  expect(relativeError(10, [9, null])).toBe(Number.POSITIVE_INFINITY);
  expect(hull([1, 5], [2, 6])).toEqual([1, 6]);
  expect(hull([1, 5], [null, 6])).toEqual([null, 6]);
  expect(hull([1, null], [2, 6])).toEqual([1, null]);
});

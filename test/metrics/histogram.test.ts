import fc from 'fast-check';
import { build } from 'hdr-histogram-js';
import { describe, expect, it } from 'vitest';
import { BUCKETS, bucketOf, Histogram, KnownValues, lowerBound } from '../../src/metrics/histogram.js';
import { createRecorder } from '../../src/metrics/recorder.js';
import { NANOSECONDS, SLOWDOWN, summarize } from '../../src/metrics/summarize.js';
import { quantileOf } from '../support/histogram.js';
import { runs } from '../support/runs.js';

const HOUR_NS = 3600e9;
const values = fc.oneof(
  fc.integer({ min: 1, max: 2000 }),
  fc.double({ min: 0, max: Math.log(2000 * HOUR_NS), noNaN: true }).map(Math.exp),
);

/** The q-quantile by sorting. */
function exactQuantile(sorted: readonly number[], q: number): number {
  return sorted[Math.max(0, Math.ceil(q * sorted.length - 1e-9) - 1)]!;
}

describe('buckets', () => {
  it('hold what belongs to them, and their middle is within 0.1 %', () => {
    fc.assert(
      fc.property(values, (value) => {
        const bucket = bucketOf(value);
        expect(lowerBound(bucket)).toBeLessThanOrEqual(value);
        expect(lowerBound(bucket + 1)).toBeGreaterThan(value);
        const middle = (lowerBound(bucket) + lowerBound(bucket + 1)) / 2;
        expect(Math.abs(middle - value) / value).toBeLessThanOrEqual(0.001);
      }),
      { numRuns: runs(2000) },
    );
  });

  it('are contiguous from 1/256 to beyond the largest exact number of ns, 104 days', () => {
    expect(lowerBound(0)).toBe(2 ** -8);
    expect(lowerBound(BUCKETS)).toBeGreaterThan(Number.MAX_SAFE_INTEGER);
    for (let bucket = 0; bucket < BUCKETS; bucket++) expect(bucketOf(lowerBound(bucket))).toBe(bucket);
  });

  it('take what is out of range at the ends', () => {
    expect([0, 2 ** -9, -3, Number.NaN].map(bucketOf)).toEqual([0, 0, 0, 0]);
    expect([2 ** 54, 1e17, Number.POSITIVE_INFINITY].map(bucketOf)).toEqual([BUCKETS - 1, BUCKETS - 1, BUCKETS - 1]);
  });
});

describe('quantiles', () => {
  it('are within 0.1 % of the exact ones', () => {
    fc.assert(
      fc.property(
        fc.array(values, { minLength: 1, maxLength: 300 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (list, q) => {
          const histogram = new Histogram();
          for (const value of list) histogram.record(value);
          const exact = exactQuantile(
            [...list].sort((a, b) => a - b),
            q,
          );
          expect(Math.abs(quantileOf(histogram, q) - exact) / exact).toBeLessThanOrEqual(0.001);
          expect(histogram.count).toBe(list.length);
        },
      ),
    );
  });

  it('agree with hdr-histogram-js', () => {
    const histogram = new Histogram();
    const hdr = build({
      lowestDiscernibleValue: 1,
      highestTrackableValue: HOUR_NS,
      numberOfSignificantValueDigits: 4,
      bitBucketSize: 64,
    });
    let x = 12345;
    for (let i = 0; i < 50_000; i++) {
      x = (Math.imul(x, 1664525) + 1013904223) | 0;
      const value = Math.floor(Math.exp((x >>> 0) / 1.5e8));
      histogram.record(Math.max(1, value));
      hdr.recordValue(Math.max(1, value));
    }
    for (const q of [0.01, 0.5, 0.9, 0.99, 0.999, 0.9999]) {
      const theirs = hdr.getValueAtPercentile(q * 100);
      expect(Math.abs(quantileOf(histogram, q) - theirs) / theirs, `p${q * 100}`).toBeLessThan(0.0012);
    }
    expect(Math.abs(new KnownValues(histogram).mean - hdr.mean) / hdr.mean).toBeLessThan(0.001);
  });

  it('of merged histograms are those of all values together', () => {
    fc.assert(
      fc.property(fc.array(values, { maxLength: 100 }), fc.array(values, { maxLength: 100 }), (a, b) => {
        const one = new Histogram();
        const two = new Histogram();
        const both = new Histogram();
        for (const value of a) one.record(value);
        for (const value of b) two.record(value);
        for (const value of [...a, ...b]) both.record(value);
        one.merge(two);
        expect(one.counts.every((count, bucket) => count === both.counts[bucket])).toBe(true);
        // Sums of doubles in another order differ in their last bits: one rounding for each value added.
        const rounding = (a.length + b.length) * Number.EPSILON * both.sum;
        expect(Math.abs(one.sum - both.sum)).toBeLessThanOrEqual(rounding);
        expect({ ...one, counts: 0, sum: 0 }).toEqual({ ...both, counts: 0, sum: 0 });
      }),
      { numRuns: runs(20) },
    );
  });

  it('of nothing are unknown, not zero', () => {
    const { p50, mean, min, max, count } = summarize(new Histogram(), SLOWDOWN);
    expect({ p50, mean, min, max, count }).toEqual({ p50: null, mean: null, min: null, max: null, count: 0 });
  });

  it('of small whole numbers are exact once floored', () => {
    for (let value = 1; value < 1024; value++) {
      const histogram = new Histogram();
      histogram.record(value);
      expect(summarize(histogram, NANOSECONDS).p50).toBe(value);
    }
  });
});

/** @param replications each becomes a histogram; the summary is of all together */
function summaryOf(quantity: typeof SLOWDOWN, ...replications: readonly (readonly number[])[]) {
  const all = new Histogram();
  const each = replications.map((values) => {
    const one = new Histogram();
    for (const value of values) one.record(value);
    all.merge(one);
    return summarize(one, quantity);
  });
  return summarize(all, quantity, each.length > 1 ? each : []);
}

describe('exact values come out exact', () => {
  const many = (value: number) => Array.from({ length: 10_000 }, () => value);

  it.each([
    ['slowdown', SLOWDOWN, 1],
    ['slowdown', SLOWDOWN, 1.05],
    ['sojourn', NANOSECONDS, 10_000],
    ['sojourn', NANOSECONDS, 1_234_567],
    ['a day', NANOSECONDS, 24 * HOUR_NS],
    ['104 days', NANOSECONDS, 2 ** 53 - 1],
  ])('a constant %s', (_, quantity, value) => {
    for (const summary of [summaryOf(quantity, many(value)), summaryOf(quantity, many(value), many(value))]) {
      const { p50, p90, p99, p99_9, min, max, ci95 } = summary;
      expect([p50, p90, p99, p99_9, min, max]).toEqual(Array(6).fill(value));
      expect([ci95.p50, ci95.p90]).toEqual([
        [value, value],
        [value, value],
      ]);
      expect(Math.abs(summary.mean! / value - 1)).toBeLessThan(1e-12);
    }
  });

  it('the smallest value, though others share its bucket', () => {
    const waited = Array.from({ length: 4000 }, (_, i) => 10_001 + i);
    const { p50, p99, min, max, ci95 } = summaryOf(NANOSECONDS, [...many(10_000), ...waited]);
    expect([p50, ci95.p50, min, max]).toEqual([10_000, [10_000, 10_000], 10_000, 14_000]);
    expect(p99).toBeGreaterThan(13_000);
  });

  it('the largest value, where a percentile is the last of all', () => {
    expect(summaryOf(NANOSECONDS, [10_003, 10_005, 10_011]).p99_9).toBe(10_011);
  });

  it('nothing is reported outside of what was recorded, whatever that was', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 1, max: 1e18, noNaN: true }), { minLength: 1 }), (list) => {
        const summary = summaryOf(SLOWDOWN, list);
        const [min, max] = [Math.min(...list), Math.max(...list)];
        expect([summary.min, summary.max]).toEqual([min, max]);
        for (const name of ['p50', 'p90', 'p95', 'p99', 'p99_9', 'p99_99'] as const) {
          const [low, high] = summary.ci95[name]!;
          expect(summary[name]).toBeGreaterThanOrEqual(min);
          expect(summary[name]).toBeLessThanOrEqual(max);
          expect(low ?? min).toBeGreaterThanOrEqual(min);
          expect(high ?? max).toBeLessThanOrEqual(max);
        }
      }),
    );
  });

  it('a slowdown below 1, of a machine quicker than its service demands', () => {
    const { p50, p99, ci95 } = summaryOf(SLOWDOWN, many(0.25), many(0.5));
    expect(p50).toBe(0.25);
    expect(Math.abs(p99! / 0.5 - 1)).toBeLessThan(0.001);
    expect(ci95.p50![0]).toBe(0.25);
  });
});

it('an interval of a slowdown never reaches below 1', () => {
  const { ci95 } = summaryOf(SLOWDOWN, [1, 1, 1, 20], [1, 1, 2, 300], [1, 1, 4, 5]);
  for (const interval of Object.values(ci95)) expect(interval![0] ?? 1).toBeGreaterThanOrEqual(1);
  expect(ci95.mean![0]).toBe(1);
});

it('a recorder cuts what it records into parts, exactly, and still knows the whole', () => {
  const recorder = createRecorder(1);
  const parts = [[5000, 5000, 9000], [7000], [], [5000, 12_000]];
  const seen = parts.map((sojourns) => {
    for (const sojournNs of sojourns) recorder.record(0, sojournNs, 1000, 0);
    return recorder.cut()[0]!.sojournNs;
  });
  expect(seen.map(({ count, sum, min, atMin, max }) => [count, sum, min, atMin, max])).toEqual([
    [3, 19_000, 5000, 2, 9000],
    [1, 7000, 7000, 1, 7000],
    [0, 0, Number.POSITIVE_INFINITY, 0, Number.NEGATIVE_INFINITY],
    [2, 17_000, 5000, 1, 12_000],
  ]);
  const { count, sum, min, atMin, max } = recorder.histograms(0).sojournNs;
  expect([count, sum, min, atMin, max]).toEqual([6, 43_000, 5000, 3, 12_000]);
});

it('a recorder keeps of requests that waited and that did not what a histogram of each quantity keeps', () => {
  const requests = fc.array(fc.record({ serviceNs: fc.integer({ min: 1, max: 3 }), waitedNs: fc.nat(2) }));
  fc.assert(
    fc.property(fc.array(requests, { minLength: 1, maxLength: 4 }), (parts) => {
      const recorder = createRecorder(1);
      const expected = (list: readonly number[]) => {
        const histogram = new Histogram();
        for (const value of list) histogram.record(value);
        return histogram;
      };
      const check = (found: ReturnType<typeof recorder.histograms>, part: (typeof parts)[number]) => {
        const sojourns = part.map(({ serviceNs, waitedNs }) => serviceNs + waitedNs);
        const services = part.map(({ serviceNs }) => serviceNs);
        const slowdowns = part.map(({ serviceNs, waitedNs }) => (serviceNs + waitedNs) / serviceNs);
        for (const [histogram, values] of [
          [found.sojournNs, sojourns],
          [found.serviceNs, services],
          [found.slowdown, slowdowns],
        ] as const) {
          const { counts, sum, ...rest } = expected(values);
          expect(histogram.counts.every((count, bucket) => count === counts[bucket])).toBe(true);
          expect({ min: histogram.min, atMin: histogram.atMin, max: histogram.max }).toEqual(rest);
          expect(histogram.sum).toBeCloseTo(sum, 9);
        }
      };
      for (const part of parts) {
        for (const { serviceNs, waitedNs } of part) recorder.record(0, serviceNs + waitedNs, serviceNs, 0);
        check(recorder.cut()[0]!, part);
      }
      check(recorder.histograms(0), parts.flat());
    }),
    { numRuns: runs(50) },
  );
});

it('a recorder keeps types apart and divides sojourn by demand', () => {
  const recorder = createRecorder(2);
  recorder.record(0, 3000, 1000, 0);
  recorder.record(1, 500, 500, 0);
  recorder.record(1, 1500, 500, 0);
  const [first, second] = [recorder.histograms(0), recorder.histograms(1)];
  expect([first.sojournNs.count, second.sojournNs.count]).toEqual([1, 2]);
  expect([first.slowdown.sum, second.slowdown.sum]).toEqual([3, 4]);
  expect([first.serviceNs.sum, second.serviceNs.sum]).toEqual([1000, 1000]);
  expect(second.sojournNs.sum).toBe(2000);
});

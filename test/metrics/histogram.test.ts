import fc from 'fast-check';
import { build } from 'hdr-histogram-js';
import { describe, expect, it } from 'vitest';
import { BUCKETS, bucketOf, Histogram, lowerBound, middle } from '../../src/metrics/histogram.js';
import { createRecorder } from '../../src/metrics/recorder.js';
import { summarize } from '../../src/metrics/summarize.js';
import { runs } from '../support/runs.js';

const HOUR_NS = 3600e9;
const values = fc.oneof(
  fc.integer({ min: 1, max: 2000 }),
  fc.double({ min: 0, max: Math.log(HOUR_NS), noNaN: true }).map((x) => Math.min(HOUR_NS, Math.exp(x))),
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
        expect(Math.abs(middle(bucket) - value) / value).toBeLessThanOrEqual(0.001);
      }),
      { numRuns: runs(2000) },
    );
  });

  it('are contiguous from 1 ns to beyond an hour', () => {
    expect(lowerBound(0)).toBe(1);
    expect(lowerBound(BUCKETS)).toBeGreaterThan(HOUR_NS);
    for (let bucket = 0; bucket < BUCKETS; bucket++) expect(bucketOf(lowerBound(bucket))).toBe(bucket);
  });

  it('take what is out of range at the ends', () => {
    expect([0, 0.5, -3, Number.NaN].map(bucketOf)).toEqual([0, 0, 0, 0]);
    expect([2 ** 42, 1e15, Number.POSITIVE_INFINITY].map(bucketOf)).toEqual([BUCKETS - 1, BUCKETS - 1, BUCKETS - 1]);
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
          expect(Math.abs(histogram.quantile(q) - exact) / exact).toBeLessThanOrEqual(0.001);
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
      expect(Math.abs(histogram.quantile(q) - theirs) / theirs, `p${q * 100}`).toBeLessThan(0.0012);
    }
    expect(Math.abs(histogram.mean - hdr.mean) / hdr.mean).toBeLessThan(0.001);
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
        expect(one.counts).toEqual(both.counts);
        expect(one.sum).toBeCloseTo(both.sum, 0);
      }),
      { numRuns: runs(20) },
    );
  });

  it('of nothing are unknown, not zero', () => {
    const { p50, mean, count } = summarize(new Histogram());
    expect({ p50, mean, count }).toEqual({ p50: null, mean: null, count: 0 });
  });

  it('of small whole numbers are exact once floored', () => {
    for (let value = 1; value < 1024; value++) {
      const histogram = new Histogram();
      histogram.record(value);
      expect(summarize(histogram, Math.floor).p50).toBe(value);
    }
  });
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

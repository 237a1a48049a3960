import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { kolmogorovSmirnov, pairedDifference, type RequestSamples, sortedSojourns } from '../../src/metrics/samples.js';

const samples = (sojourns: readonly number[], types: readonly number[] = sojourns.map(() => 0)): RequestSamples => ({
  traceDigest: 'x',
  type: Uint16Array.from(types),
  serviceNs: new Float64Array(sojourns.length).fill(1),
  sojournNs: Float64Array.from(sojourns),
});

describe('the Kolmogorov–Smirnov distance', () => {
  it('is the largest difference of the empirical distribution functions', () => {
    const value = fc.integer({ min: 0, max: 12 });
    fc.assert(
      fc.property(
        fc.array(value, { minLength: 1, maxLength: 30 }),
        fc.array(value, { minLength: 1, maxLength: 30 }),
        (a, b) => {
          const share = (values: number[], x: number) => values.filter((v) => v <= x).length / values.length;
          const largest = Math.max(...[...a, ...b].map((x) => Math.abs(share(a, x) - share(b, x))));
          expect(kolmogorovSmirnov(Float64Array.from(a).sort(), Float64Array.from(b).sort())).toBeCloseTo(largest, 12);
        },
      ),
    );
  });

  it('is 0 of a sample with itself, 1 of samples that do not meet, and unknown of nothing', () => {
    const a = Float64Array.of(1, 2, 2, 5);
    expect(kolmogorovSmirnov(a, a)).toBe(0);
    expect(kolmogorovSmirnov(a, Float64Array.of(6, 7))).toBe(1);
    expect(kolmogorovSmirnov(a, new Float64Array())).toBeNaN();
  });
});

describe('paired requests', () => {
  it('are compared with themselves, of one type or all, where both were measured', () => {
    const a = samples([10, 20, Number.NaN, 40, 50], [0, 1, 0, 1, 0]);
    const b = samples([11, 25, 30, Number.NaN, 53], [0, 1, 0, 1, 0]);
    expect(pairedDifference(a, b, undefined)).toEqual({ count: 3, p1Ns: -5, medianNs: -3, p99Ns: -1 });
    expect(pairedDifference(a, b, 1)).toEqual({ count: 1, p1Ns: -5, medianNs: -5, p99Ns: -5 });
    expect(pairedDifference(a, samples([Number.NaN]), undefined)).toBeUndefined();
  });
});

it('sojourns of a type are sorted, those that were not measured left out', () => {
  const run = samples([300, 5, Number.NaN, 70], [0, 1, 0, 0]);
  expect([...sortedSojourns(run, 0)]).toEqual([70, 300]);
  expect([...sortedSojourns(run, undefined)]).toEqual([5, 70, 300]);
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { exp, expm1, gammaFunction, log, pow } from '../../src/workload/math.js';
import { runs } from '../support/runs.js';

/** Distance in units of the last place, by the ordered integers behind the doubles. */
function ulps(a: number, b: number): number {
  if (Object.is(a, b)) return 0;
  if (Number.isNaN(a) || Number.isNaN(b)) return Number.POSITIVE_INFINITY;
  const view = new DataView(new ArrayBuffer(16));
  view.setFloat64(0, a);
  view.setFloat64(8, b);
  const ordered = (bits: bigint) => (bits < 0n ? -(bits & 0x7fffffffffffffffn) : bits);
  const gap = ordered(view.getBigInt64(0)) - ordered(view.getBigInt64(8));
  return Number(gap < 0n ? -gap : gap);
}

function within(limit: number, mine: number, reference: number, what: string): void {
  expect(ulps(mine, reference), `${what}: ${mine} against ${reference}`).toBeLessThanOrEqual(limit);
}

const CASES = { numRuns: runs(5_000) };

describe('deterministic math', () => {
  it('log is within 2 ulp of Math.log over all positive doubles', () => {
    fc.assert(
      fc.property(fc.double({ min: 5e-324, noNaN: true }), (x) => within(2, log(x), Math.log(x), `log(${x})`)),
      CASES,
    );
    fc.assert(
      fc.property(fc.double({ min: 0.4, max: 3, noNaN: true }), (x) => within(2, log(x), Math.log(x), `log(${x})`)),
      CASES,
    );
    expect(log(1)).toBe(0);
    expect(log(0)).toBe(Number.NEGATIVE_INFINITY);
    expect(log(-1)).toBeNaN();
    expect(log(Number.POSITIVE_INFINITY)).toBe(Number.POSITIVE_INFINITY);
    expect(log(Number.NaN)).toBeNaN();
  });

  it('exp is within 2 ulp of Math.exp', () => {
    for (const [min, max] of [
      [-750, 710],
      [-2, 2],
      [-1e-7, 1e-7],
    ] as const) {
      fc.assert(
        fc.property(fc.double({ min, max, noNaN: true }), (x) => within(2, exp(x), Math.exp(x), `exp(${x})`)),
        CASES,
      );
    }
    expect(exp(0)).toBe(1);
    expect(exp(710)).toBe(Number.POSITIVE_INFINITY);
    expect(exp(-746)).toBe(0);
    expect(exp(Number.NEGATIVE_INFINITY)).toBe(0);
    expect(exp(Number.NaN)).toBeNaN();
  });

  it('pow is within 2 ulp of Math.pow', () => {
    for (const [xMax, yMax] of [
      [1e300, 1],
      [10, 10],
      [1.001, 1e5],
      [1e12, 25],
    ] as const) {
      fc.assert(
        fc.property(
          fc.double({ min: 1e-300, max: xMax, noNaN: true }),
          fc.double({ min: -yMax, max: yMax, noNaN: true }),
          (x, y) => within(2, pow(x, y), x ** y, `pow(${x}, ${y})`),
        ),
        CASES,
      );
    }
    expect(pow(2, 10)).toBe(1024);
    expect(pow(0, 2)).toBe(0);
    expect(pow(0, -1)).toBe(Number.POSITIVE_INFINITY);
    expect(pow(5e-324, 0.5)).toBe(5e-324 ** 0.5);
    expect(pow(2, -1074)).toBe(5e-324);
    expect(pow(-1, 0.5)).toBeNaN();
  });

  it('expm1 keeps its relative precision near 0', () => {
    fc.assert(
      fc.property(fc.double({ min: -3, max: 3, noNaN: true }), (x) =>
        within(16, expm1(x), Math.expm1(x), `expm1(${x})`),
      ),
      CASES,
    );
  });

  it('gamma gives factorials, half-integers and the reflection at small arguments', () => {
    let factorial = 1;
    for (let n = 1; n <= 20; n++) {
      expect(gammaFunction(n) / factorial).toBeCloseTo(1, 13);
      factorial *= n;
    }
    expect(gammaFunction(0.5)).toBeCloseTo(Math.sqrt(Math.PI), 13);
    expect(gammaFunction(1.5)).toBeCloseTo(Math.sqrt(Math.PI) / 2, 13);
    expect(gammaFunction(0.1)).toBeCloseTo(9.513507698668732, 12);
    expect(gammaFunction(101) / 9.332621544394415e157).toBeCloseTo(1, 12);
  });
});

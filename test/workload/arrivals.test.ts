import { describe, expect, it } from 'vitest';
import { Checker, type Problem } from '../../src/input/checker.js';
import type { ArrivalProcess, Arrivals } from '../../src/workload/arrivals/arrival-process.js';
import { ARRIVALS, readArrivals } from '../../src/workload/arrivals/arrival-registry.js';
import { random } from './helpers.js';

const TRACE = 'arrival_ns,type,service_ns\n1000,A,1\n1100,A,1\n1100,B,2\n1900,A,1\n';

function make(value: unknown): Arrivals {
  const problems: Problem[] = [];
  const arrivals = readArrivals(value, new Checker([], problems, () => TRACE));
  expect(problems).toEqual([]);
  return arrivals!;
}

function times(process: ArrivalProcess, n: number, endNs = Number.POSITIVE_INFINITY): Float64Array {
  const out = new Float64Array(n);
  return out.subarray(0, process.fill(out, 0, n, endNs));
}

/** Index of dispersion of counts: variance over mean of the number of arrivals per window; 1 for Poisson. */
function dispersion(arrivals: Float64Array, windowNs: number): number {
  const windows = Math.floor(arrivals[arrivals.length - 1]! / windowNs);
  const counts = new Float64Array(windows);
  for (const t of arrivals) {
    const window = Math.floor(t / windowNs);
    if (window < windows) counts[window]!++;
  }
  const mean = counts.reduce((a, b) => a + b) / windows;
  return counts.reduce((sum, c) => sum + (c - mean) ** 2, 0) / windows / mean;
}

describe.each(ARRIVALS)('$name', ({ name, title, examples }) => {
  it.each(examples.map((example) => [JSON.stringify(example) ?? name, example]))(
    '%s keeps the rate, to a fraction of a nanosecond',
    (_, example) => {
      expect(title).not.toBe('');
      const arrivals = make(example === undefined ? name : { [name]: example });
      const gapNs = 333.37;
      const n = 2_000_000;
      const all = times(arrivals.start(gapNs, random(`rate ${name}`)), n);
      expect(all.length).toBe(n);
      // The widest of them (MMPP-2 on-off) has a dispersion of about 150: a deviation of 0.9 % of the mean over two
      // million.
      expect(all[n - 1]! / n / gapNs).toBeGreaterThan(0.97);
      expect(all[n - 1]! / n / gapNs).toBeLessThan(1.03);
      for (let i = 1; i < n; i++)
        if (!(all[i]! >= all[i - 1]!) || !Number.isInteger(all[i]!)) expect.fail(`arrival ${i} at ${all[i]}`);
    },
  );

  it.each(examples.map((example) => [JSON.stringify(example) ?? name, example]))(
    '%s stops before the end and starts again after it',
    (_, example) => {
      const process = make(example === undefined ? name : { [name]: example }).start(100, random(`restart ${name}`));
      const first = times(process, 1000, 20_000);
      expect(first.length).toBeGreaterThan(0);
      expect(first.length).toBeLessThan(1000);
      expect(Math.max(...first)).toBeLessThan(20_000);
      process.restart(20_000);
      const second = times(process, 1000, 40_000);
      expect(Math.min(...second)).toBeGreaterThanOrEqual(20_000);
      expect(Math.max(...second)).toBeLessThan(40_000);
    },
  );
});

describe('arrival processes', () => {
  it('constant gaps do not drift', () => {
    const all = times(make('constant').start(1000 / 3, random('constant')), 300_000);
    expect(all[0]).toBe(333);
    expect(all[299_999]).toBe(100_000_000);
  });

  it('Poisson has a dispersion of 1 and exponential gaps', () => {
    const all = times(make('poisson').start(1000, random('poisson')), 1_000_000);
    const windows = 1_000_000 / 100;
    expect(Math.abs(dispersion(all, 100_000) - 1)).toBeLessThan(4.5 * Math.sqrt(2 / windows));
    let longer = 0;
    for (let i = 1; i < all.length; i++) if (all[i]! - all[i - 1]! > 2000) longer++;
    expect(longer / all.length).toBeCloseTo(Math.exp(-2), 2);
  });

  it('MMPP-2 is as bursty as its formula says', () => {
    const gapNs = 1000;
    const [factor, calm, burst] = [10, 900_000, 100_000];
    const all = times(
      make({ mmpp2: { burstFactor: factor, meanCalm: '900us', meanBurst: '100us' } }).start(gapNs, random('mmpp2')),
      8_000_000,
    );
    // Fischer and Meier-Hellstern 1993: for windows T, IDC(T) = 1 + c (1 - (1 - e^(-r T)) / (r T)),
    // r = r1 + r2, c = 2 r1 r2 (l1 - l2)² / (r² (l1 r2 + l2 r1))
    const r1 = 1 / calm;
    const r2 = 1 / burst;
    const r = r1 + r2;
    const l1 = (calm + burst) / (calm + factor * burst) / gapNs;
    const l2 = factor * l1;
    const c = (2 * r1 * r2 * (l1 - l2) ** 2) / (r * r * (l1 * r2 + l2 * r1));
    for (const windowNs of [100_000, 1_000_000]) {
      const expected = 1 + c * (1 - (1 - Math.exp(-r * windowNs)) / (r * windowNs));
      expect(expected).toBeGreaterThan(30);
      expect(dispersion(all, windowNs) / expected).toBeGreaterThan(0.9);
      expect(dispersion(all, windowNs) / expected).toBeLessThan(1.1);
    }
  });

  it('MMPP-2 with an infinite factor is silent between bursts', () => {
    const arrivals = make({ mmpp2: { burstFactor: Number.POSITIVE_INFINITY, meanCalm: '1ms', meanBurst: '10us' } });
    const all = times(arrivals.start(1000, random('on-off')), 200_000);
    let silences = 0;
    for (let i = 1; i < all.length; i++) if (all[i]! - all[i - 1]! > 100_000) silences++;
    // About 1000 arrivals come in each burst, 200 bursts, and nine of ten calms last longer than 100 us.
    expect(silences).toBeGreaterThan(130);
    expect(silences).toBeLessThan(250);
  });

  it('a recorded process repeats the gaps of its trace, scaled', () => {
    // Gaps 100, 0, 800: mean 300
    expect([...times(make({ trace: { file: 'x.csv' } }).start(600, random('recorded')), 7)]).toEqual([
      200, 200, 1800, 2000, 2000, 3600, 3800,
    ]);
  });
});

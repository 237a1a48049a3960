import { describe, expect, it } from 'vitest';
import { createSettling, truncation } from '../../src/metrics/settling.js';
import { substream } from '../../src/workload/random.js';
import { seedOr } from '../support/runs.js';

/** Noise around a level, after this many values on the way to it. */
function series(length: number, transient: number, bias: number, seed = 1): number[] {
  const random = substream(seedOr(seed), 'series');
  return Array.from({ length }, (_, i) => 100 + 20 * (random() - 0.5) + bias * Math.max(0, 1 - i / transient));
}

function settles(values: readonly number[]): boolean {
  const settling = createSettling();
  for (const value of values) settling.add(value);
  return settling.settled();
}

describe('the cut of MSER-5', () => {
  it('is the one that minimises the standard error of what is left', () => {
    // By hand: leaving out the 10 gives the least (sum of squares 0), leaving out more only shortens the rest.
    expect(truncation([10, 1, 1, 1, 1, 1, 1, 1])).toBe(1);
    expect(truncation([1, 1, 1, 1, 1, 1, 1, 10])).toBe(0);
  });

  it('is where a transient ends', () => {
    for (const bias of [-80, 80]) {
      const cut = truncation(series(1000, 200, bias));
      expect(cut).toBeGreaterThan(120);
      expect(cut).toBeLessThan(260);
    }
  });
});

describe('a series has settled', () => {
  it('when it is noise around a level from the start, nearly always', () => {
    const verdicts = Array.from({ length: 200 }, (_, seed) => settles(series(2000, 1, 0, seed)));
    expect(verdicts.filter(Boolean).length).toBeGreaterThan(180);
  });

  it('when at least as much again as the transient has been seen', () => {
    expect(settles(series(5000, 4500, -100))).toBe(false);
    expect(settles(series(20_000, 4500, -100))).toBe(true);
  });

  it('not while it grows, nor when it is too short to tell', () => {
    expect(settles(Array.from({ length: 1000 }, (_, i) => i))).toBe(false);
    expect(settles([1, 1, 1, 1, 1, 1, 1, 1])).toBe(false);
  });

  it('the same however long it is: batches are joined', () => {
    expect(settles(series(400_000, 150_000, -100))).toBe(true);
    expect(settles(series(400_000, 390_000, -100))).toBe(false);
  });
});

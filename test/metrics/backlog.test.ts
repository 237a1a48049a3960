import { describe, expect, it } from 'vitest';
import { createBacklog } from '../../src/metrics/backlog.js';
import { substream } from '../../src/workload/random.js';
import { seedOr } from '../support/runs.js';

function grows(values: readonly number[], idle = 0.1): boolean {
  const backlog = createBacklog();
  for (const value of values) backlog.add(value);
  return backlog.grows(idle);
}

/** A queue whose length changes by -1, 0 or 1 per step and a drift, at least 0. */
function walk(length: number, drift: number, seed: number): number[] {
  const random = substream(seedOr(seed), 'walk');
  let at = 0;
  return Array.from({ length }, () => {
    at = Math.max(0, at + 2 * (random() - 0.5) + drift);
    return at;
  });
}

describe('queues grow', () => {
  it('when more comes than goes, little as it is', () => {
    for (let seed = 0; seed < 50; seed++) expect(grows(walk(20_000, 0.05, seed))).toBe(true);
  });

  it('not when they go back and forth, even near the limit', () => {
    const alarms = Array.from({ length: 300 }, (_, seed) => grows(walk(20_000, -0.01, seed))).filter(Boolean);
    expect(alarms).toEqual([]);
    const critical = Array.from({ length: 300 }, (_, seed) => grows(walk(20_000, 0, seed))).filter(Boolean);
    expect(critical.length).toBeLessThan(6);
  });

  it('not in bursts, the last of which the run does not see through', () => {
    const bursts = Array.from({ length: 1000 }, (_, i) => (i % 100 > 80 ? 50 * (i % 100) + i : 3 + (i % 7)));
    expect(grows(bursts)).toBe(false);
    expect(grows([...bursts, ...Array.from({ length: 60 }, (_, i) => 100 * i)])).toBe(false);
  });

  it('not when they are long at the end only, and were shorter in the middle than before', () => {
    const levels = [3, 100, 50, 400];
    expect(
      grows(
        Array.from({ length: 1024 }, (_, i) => levels[Math.floor(i / 256)]! + (i % 3)),
        0,
      ),
    ).toBe(false);
  });

  it('not when they fill up to a limit and stay there', () => {
    const filling = Array.from({ length: 1000 }, (_, i) => Math.min(600, i) + (i % 3));
    expect(grows(filling)).toBe(false);
  });

  it('when the workers never idle, from less', () => {
    const slowly = walk(4000, 0, 5).map((value, i) => value + i / 50);
    expect([grows(slowly, 0.1), grows(slowly, 0)]).toEqual([false, true]);
  });

  it('in a long series as in a short one', () => {
    expect(grows(Array.from({ length: 100_000 }, (_, i) => i / 1000))).toBe(true);
    expect(grows(Array.from({ length: 100_000 }, (_, i) => i % 1000))).toBe(false);
    expect(grows([1, 2, 3, 4])).toBe(false);
  });
});

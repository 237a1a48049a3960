import { describe, expect, it } from 'vitest';
import { createBacklog, createBacklogs, type Growth } from '../../src/metrics/backlog.js';
import { substream } from '../../src/workload/random.js';
import { seedOr } from '../support/runs.js';

function growth(values: readonly number[]): Growth {
  const backlog = createBacklog();
  for (const value of values) backlog.add(value);
  return backlog.growth();
}

function grows(values: readonly number[]): boolean {
  return growth(values) === 'steady';
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
    expect(growth(Array.from({ length: 1024 }, (_, i) => levels[Math.floor(i / 256)]! + (i % 3)))).toBe('none');
  });

  it('not when they fill up to a limit and stay there', () => {
    const filling = Array.from({ length: 1000 }, (_, i) => Math.min(600, i) + (i % 3));
    expect(grows(filling)).toBe(false);
  });

  it('maybe, when they rise by no more than a few standard deviations', () => {
    const slowly = walk(4000, 0, 5).map((value, i) => value + i / 50);
    expect(growth(slowly)).toBe('unclear');
  });

  it('not when they rise in bursts, the steps of which are not independent', () => {
    const levels = [5, 40, 20, 60, 30, 90, 50, 80];
    const bursts = Array.from({ length: 2048 }, (_, i) => levels[Math.floor(i / 256)]! + (i % 256) / 10);
    expect(growth(bursts)).not.toBe('steady');
  });

  it('in a long series as in a short one', () => {
    expect(grows(Array.from({ length: 100_000 }, (_, i) => i / 1000))).toBe(true);
    expect(grows(Array.from({ length: 100_000 }, (_, i) => i % 1000))).toBe(false);
    expect(grows([1, 2, 3, 4])).toBe(false);
  });
});

describe('the queue of one type grows', () => {
  /** SHORT's queue goes back and forth by hundreds, so that its noise hides what LONG does. */
  function growthOf(long: readonly number[]) {
    const backlogs = createBacklogs(['SHORT', 'LONG']);
    const short = walk(long.length, -0.01, 3).map((value) => 100 * value);
    long.forEach((value, i) => {
      backlogs.add((type) => [short[i]!, value][type]!);
    });
    return backlogs.growth();
  }

  it('though that of all types does not show it', () => {
    expect(growthOf(walk(20_000, 0.05, 1))).toEqual({ growth: 'steady', growing: 'LONG' });
    expect(growthOf(walk(4000, 0, 5).map((value, i) => value + i / 50))).toEqual({
      growth: 'unclear',
      growing: 'LONG',
    });
    expect(growthOf(walk(20_000, -0.01, 1))).toEqual({ growth: 'none' });
  });

  it('with all others, and then none is named', () => {
    const backlogs = createBacklogs(['A', 'B']);
    for (let i = 0; i < 4000; i++) backlogs.add(() => i);
    expect(backlogs.growth()).toEqual({ growth: 'steady' });
  });
});

import { describe, expect, it } from 'vitest';
import { PreemptionBudget } from '../../src/scheduler/preemption-budget.js';
import { LEVELS, levelOf, levelStart, SizeProfile } from '../../src/scheduler/size-profile.js';
import { STREAM, substream } from '../../src/workload/random.js';

const UNIT_NS = 5_000;

/** The sizes of one type after completions with these demands, ns. */
function learned(demandsNs: Iterable<number>) {
  const profile = new SizeProfile(1, UNIT_NS);
  for (const demandNs of demandsNs) observe(profile, demandNs);
  return profile;
}

function observe(profile: SizeProfile, demandNs: number) {
  profile.servedNs[0] = demandNs;
  profile.observe(0);
}

function* exponential(meanNs: number, count: number) {
  const random = substream(7, STREAM.stealing);
  for (let i = 0; i < count; i++) yield Math.max(1, -meanNs * Math.log(1 - random()));
}

describe('a profile of sizes', () => {
  it('has levels that begin at 1, 4, 16 … units', () => {
    for (let level = 0; level < LEVELS; level++) {
      expect(levelOf(levelStart(level))).toBe(level);
      expect(levelOf(levelStart(level + 1) * 0.999)).toBe(level);
    }
    expect(levelOf(1e12)).toBe(LEVELS - 1);
  });

  it.each([500, 1_000, 5_700, 100_000, 635_000])('of a constant demand of %d ns is that demand', (demandNs) => {
    const { sizeNs, stageNs, lowNs } = learned(new Array(1000).fill(demandNs));
    expect(sizeNs[0]).toBeCloseTo(demandNs, 6);
    expect(stageNs[0]).toBeCloseTo(demandNs, 6);
    expect(Math.abs(lowNs[0]! / demandNs - 1)).toBeLessThan(0.06);
  });

  it('of demands that are short or long is near the short ones, until a request has run for longer than those', () => {
    const { sizeNs } = learned(Array.from({ length: 1000 }, (_, i) => (i % 2 === 0 ? 1_000 : 100_000)));
    // Half complete after 1 us, and the other half takes the level of 5 us: (0.5 / 1) / (0.5 x 1 + 0.5 x 5) = 1/6.
    expect(sizeNs[0]).toBeCloseTo(1_000 * Math.sqrt(6), -1);
    expect(sizeNs[1]).toBeCloseTo(Math.sqrt(100_000 * 95_000), 0);
  });

  it('of an exponential demand grows with the service attained, and knows how short the shortest are', () => {
    const { sizeNs, lowNs } = learned(exponential(10_000, 20_000));
    expect(sizeNs[1]).toBeGreaterThan(2 * sizeNs[0]!);
    expect(sizeNs[2]).toBeGreaterThan(1.3 * sizeNs[1]!);
    // One in a hundred is below 100 ns.
    expect(lowNs[0]).toBeGreaterThan(50);
    expect(lowNs[0]).toBeLessThan(200);
  });

  it('follows a type that becomes a hundred times longer within 1500 completions, and shorter within 300', () => {
    const profile = learned(new Array(10_000).fill(1_000));
    for (let i = 0; i < 1500; i++) observe(profile, 100_000);
    expect(profile.sizeNs[0]).toBeGreaterThan(50_000);
    for (let i = 0; i < 300; i++) observe(profile, 1_000);
    expect(profile.sizeNs[0]).toBeLessThan(5_000);
  });

  it('has the share of its type that gets as far as each level, and forgets those of before a change', () => {
    const profile = learned(Array.from({ length: 1000 }, (_, i) => (i % 4 === 0 ? 100_000 : 1_000)));
    expect(Array.from(profile.share.subarray(0, 5), (share) => share.toFixed(2))).toEqual([
      '1.00',
      '0.25',
      '0.25',
      '0.25',
      '0.00',
    ]);
    for (let i = 0; i < 1500; i++) observe(profile, 1_000);
    expect(profile.share[1]).toBeLessThan(0.01);
  });

  it('of a type without completions is 0, which is shorter than all', () => {
    expect(new SizeProfile(2, UNIT_NS).sizeNs.every((size) => size === 0)).toBe(true);
  });

  it('that begins with a wrong mean soon forgets it', () => {
    const profile = new SizeProfile(1, UNIT_NS);
    profile.believe([100_000]);
    expect(profile.sizeNs[0]).toBeCloseTo(100_000, 6);
    for (let i = 0; i < 16; i++) observe(profile, 1_000);
    expect(profile.sizeNs[0]).toBeLessThan(1_500);
  });
});

describe('a budget for preemptions', () => {
  const spent = (idleShare: number, costNs: number) => {
    const now = new Float64Array(1);
    const budget = new PreemptionBudget(4, costNs, 10, now);
    let count = 0;
    for (let t = 0; t < 10_000_000; t += 100) {
      now[0] = t + 100 * (1 - idleShare);
      for (let worker = 0; worker < 4; worker++) budget.stops(worker);
      now[0] = t + 100;
      for (let worker = 0; worker < 4; worker++) budget.starts(worker);
      while (costNs > 0 && budget.allows()) {
        budget.spend();
        count++;
      }
    }
    return (count * costNs) / (4 * 10_000_000);
  };

  it('gives 3 % of the workers’ time, or four times what is idle, with what was saved up', () => {
    expect(spent(0.5, 50)).toBeCloseTo(0.03, 4);
    // A credit of 20 000 quanta of 10 ns is there at the beginning: 3 % of 0.2 ms.
    expect(spent(0.005, 50)).toBeCloseTo(0.02 + 0.03 * 0.02, 4);
    expect(spent(0, 50)).toBeCloseTo(0.03 * 0.02, 4);
  });

  it('is scarce when less than half of the credit is left', () => {
    const now = new Float64Array(1);
    const budget = new PreemptionBudget(4, 50, 10, now);
    // The credit at the beginning is 3 % of the time of four workers in 20 000 quanta: 480 preemptions of 50 ns.
    for (let i = 0; i < 240; i++) budget.spend();
    expect(budget.scarcity()).toBeCloseTo(0, 9);
    for (let i = 0; i < 120; i++) budget.spend();
    expect(budget.scarcity()).toBeCloseTo(0.5, 9);
    now[0] = 1500;
    budget.starts(0);
    expect(budget.scarcity()).toBeCloseTo(0, 9);
    expect(new PreemptionBudget(4, 0, 10, now).scarcity()).toBe(0);
  });
});

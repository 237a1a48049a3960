import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { planRuns } from '../../src/experiment/plan/plan.js';
import type { Settings } from '../../src/experiment/plan/run-settings.js';
import { runSimulation } from '../../src/experiment/run/run-simulation.js';
import type { Result } from '../../src/results/result.js';

const base: Settings = {
  workload: 'bimodal',
  policies: ['darc:window=2000'],
  load: 0.7,
  durationNs: 100e6,
  warmup: 0.2,
};

async function simulated(settings: Partial<Settings>): Promise<Result> {
  const { specs } = await planRuns({ ...base, ...settings });
  return runSimulation(specs[0]!);
}

describe('slices', () => {
  it.each([
    [{ policies: ['c-fcfs'] }],
    [{ policies: ['ts'] }],
    [{ policies: ['d-fcfs-steal'] }],
    [{ policies: ['ps'] }],
    [{}],
    [{ policies: ['darc:window=2000'], systems: ['persephone'] }],
    [{ policies: ['ts'], systems: ['shinjuku'] }],
  ])('change nothing of the run: %j', async (settings) => {
    // Not a divisor of anything.
    const { slices, ...sliced } = await simulated({ ...settings, sliceNs: 7_777_777 });
    const { slices: none, ...whole } = await simulated(settings);
    expect(none).toBeUndefined();
    expect({ ...sliced, manifest: whole.manifest }).toEqual(whole);
    expect(slices!.length).toBe(Math.ceil(80e6 / 7_777_777));
  });

  it('are the window, one after the other, and hold all that completed in it', async () => {
    const { slices, types, durationNs } = await simulated({ sliceNs: 20e6 });
    expect(slices!.map(({ fromNs, toNs }) => [fromNs, toNs])).toEqual([
      [20e6, 40e6],
      [40e6, 60e6],
      [60e6, 80e6],
      [80e6, 100e6],
    ]);
    expect(durationNs).toBe(100e6);
    for (const slice of slices!) {
      const counts = slice.types.map(({ slowdown }) => slowdown.count);
      expect(slice.overall!.slowdown.count).toBe(counts.reduce((a, b) => a + b));
      const maxima = slice.types.map(({ sojournNs }) => sojournNs.max!);
      expect(slice.overall!.sojournNs.max).toBe(Math.max(...maxima));
    }
    types.forEach(({ name, slowdown, sojournNs }, i) => {
      const own = slices!.map((slice) => slice.types[i]!);
      expect(own.map((type) => type.name)).toEqual(own.map(() => name));
      const counts = own.reduce((sum, type) => sum + type.slowdown.count, 0);
      // But for the few that were still there at the end.
      expect(slowdown.count - counts).toBeGreaterThanOrEqual(0);
      expect(slowdown.count - counts).toBeLessThan(60);
      const tails = own.map((type) => type.sojournNs.p99!);
      expect(Math.min(...tails)).toBeLessThanOrEqual(sojournNs.p99!);
      expect(Math.max(...tails)).toBeGreaterThanOrEqual(sojournNs.p99!);
      const mean = own.reduce((sum, type) => sum + type.slowdown.mean! * type.slowdown.count, 0) / counts;
      expect(mean).toBeCloseTo(slowdown.mean!, 1);
    });
  });

  it('tell before from after when the workload changes', async () => {
    // After 5 s the types swap their service times.
    const settings = { workload: 'changing', policies: ['c-fcfs'], load: 0.05, durationNs: 10e9, warmup: 0 };
    const { slices } = await simulated({ ...settings, sliceNs: 5e9 });
    const medians = slices!.map(({ types }) => types.map(({ sojournNs }) => Math.round(sojournNs.p50! / 1000)));
    expect(medians).toEqual([
      [100, 1],
      [1, 100],
    ]);
  });

  it('hold what completed in them, not what was still to be played when they ended', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'psp-slices-'));
    const yaml = 'name: even\ntypes: [{ name: A, ratio: 1, service: 100us }]\narrivals: constant\n';
    writeFileSync(join(folder, 'even.yaml'), yaml);
    // A request each millisecond, done 0.1 ms later.
    const settings = { workload: join(folder, 'even.yaml'), policies: ['c-fcfs'], workers: 1, load: 0.1, warmup: 0 };
    const { slices } = await simulated({ ...settings, durationNs: 20e6, sliceNs: 250e3 });
    rmSync(folder, { recursive: true });
    const filled = slices!.filter(({ types }) => types[0]!.sojournNs.count === 1);
    expect(filled.length).toBeGreaterThan(15);
    for (const { fromNs } of filled) expect(fromNs % 1e6).toBe(filled[0]!.fromNs % 1e6);
    expect(filled[0]!.fromNs).toBe(1e6);
  });

  it('too many are refused', async () => {
    await expect(simulated({ sliceNs: 1000 })).rejects.toThrow('slice: expected at most 10000 slices, found 100000');
  });
});

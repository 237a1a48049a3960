import { expect, test } from 'vitest';
import { loadPhases, loadSlices } from '../../../src/experiment/hardware/load-parts.js';
import type { Phase } from '../../../src/workload/workload.js';

/** A request each ms for 40 ms, of two types in turn; each takes 10 ms in its first half, 1 ms in the second. */
const LENGTH = 40;
const arrivalNs = Float64Array.from({ length: LENGTH }, (_, i) => i * 1e6);
const serviceNs = new Float64Array(LENGTH).fill(1e6);
const type = Uint16Array.from({ length: LENGTH }, (_, i) => i % 2);
const repliedNs = arrivalNs.map((ns, i) => (i === 25 ? Number.NaN : ns + (i < 20 ? 10e6 : 1e6)));
const run = { trace: { length: LENGTH, arrivalNs, serviceNs, type }, records: { repliedNs } } as unknown as Parameters<
  typeof loadSlices
>[0];
const phase = (durationNs: number) => ({ durationNs }) as Phase;

test('slices have what was answered in them, by type and of all, after the warm-up', () => {
  const slices = loadSlices(run, ['A', 'B'], 0.25, 10e6);
  expect(slices.map(({ fromNs, toNs }) => [fromNs, toNs])).toEqual([
    [10e6, 20e6],
    [20e6, 30e6],
    [30e6, 40e6],
  ]);
  const counts = slices.map(({ types, overall }) => [
    ...types.map(({ sojournNs }) => sojournNs.count),
    overall!.slowdown.count,
  ]);
  // Requests 10 to 19 are answered from 20 to 29 ms, and so are 20 to 28, but for one that never is.
  expect(counts).toEqual([
    [0, 0, 0],
    [10, 8, 18],
    [5, 6, 11],
  ]);
  expect(slices[1]!.types[0]!.slowdown.max).toBe(10);
  expect(slices[2]!.overall!.sojournNs.max).toBe(1e6);
  expect(loadSlices(run, ['A', 'B'], 1, 10e6)).toEqual([]);
});

test('phases have what was offered and achieved, each time they come; without phases the run has', () => {
  const [all, ...none] = loadPhases(run, { phases: [phase(Number.POSITIVE_INFINITY)] });
  expect(none).toEqual([]);
  expect(all).toMatchObject({ fromNs: 0, toNs: 39e6, unanswered: 1 });
  expect(all!.offeredRps).toBeCloseTo(40 / 0.039, 6);
  const phases = loadPhases(run, { phases: [phase(5e6), phase(15e6)] });
  expect(phases.map(({ fromNs, toNs, unanswered }) => [fromNs, toNs, unanswered])).toEqual([
    [0, 5e6, 0],
    [5e6, 20e6, 0],
    [20e6, 25e6, 0],
    [25e6, 39e6, 1],
  ]);
  expect(phases.map(({ offeredRps }) => Math.round(offeredRps))).toEqual([1000, 1000, 1000, Math.round(15 / 0.014)]);
  // From 20 to 25 ms there are the answers to 10 … 14, and to 20 … 23.
  expect(phases.map(({ achievedRps }) => Math.round(achievedRps)).slice(0, 3)).toEqual([
    0,
    Math.round(10 / 0.015),
    1800,
  ]);
});

import { describe, expect, test } from 'vitest';
import { planRuns } from '../../src/experiment/plan/plan.js';
import type { Settings } from '../../src/experiment/plan/run-settings.js';
import type { RunSpec } from '../../src/experiment/plan/run-spec.js';
import { withCommonWarmUp } from '../../src/experiment/run/common-warm-up.js';
import { runSimulation, seekWarmUp } from '../../src/experiment/run/run-simulation.js';

async function seek(settings: Settings) {
  const { specs } = await planRuns(settings);
  return Promise.all(specs.map((spec) => seekWarmUp(spec)));
}

async function run(settings: Settings) {
  const { specs } = await planRuns(settings);
  return runSimulation(specs[0]!);
}

const POLICIES = ['c-fcfs', 'd-fcfs-steal', 'darc', 'ts', 'ps'];
const PLAYED_ON = [
  ...POLICIES.flatMap((policy) => [
    { policies: [policy], requests: 4000, load: 0.7 },
    { policies: [policy], requests: 20_481, load: 1.1 },
  ]),
  // Its checkpoints are at the ends of batches.
  { policies: ['darc'], requests: 204_800, load: 0.8 },
  { policies: ['darc'], requests: 7 },
  { policies: ['ts'], systems: ['shinjuku'], requests: 10_000, load: 0.6 },
];

test.each(PLAYED_ON)('a run that goes on from its pilot is the run with that warm-up: %j', async (settings) => {
  const { specs } = await planRuns({ workload: 'bimodal', ...settings });
  // A load above 1 has a warm-up that is given.
  const spec: RunSpec = { ...specs[0]!, warmup: 'find' };
  const played = await runSimulation(spec);
  const given = await runSimulation({ ...spec, warmup: await seekWarmUp(spec) });
  const { startedAt, wallSeconds } = given.manifest;
  expect({ ...played, manifest: { ...played.manifest, startedAt, wallSeconds } }).toEqual(given);
});

describe('the warm-up', () => {
  test('is over early in a run that is long enough, and the result says what was left out', async () => {
    const settings = { workload: 'exponential', policies: ['c-fcfs'], requests: 200_000 };
    const [found] = await seek(settings);
    expect(found!.settled).toBe(true);
    expect(found!.share).toBeLessThanOrEqual(0.2);
    const result = await run(settings);
    expect(result).toMatchObject({
      warmup: found!.share,
      warmupRule: 'found',
      warmupRequests: found!.share * 200_000,
    });
    expect(result.overall.slowdown.count).toBe(200_000 - result.warmupRequests);
  });

  test('has the whole of a run that ends within it: nothing is measured', async () => {
    const { specs } = await planRuns({ workload: 'exponential', policies: ['c-fcfs'], requests: 1000 });
    const result = await runSimulation({ ...specs[0]!, warmup: 1 });
    expect([result.overall.slowdown.count, result.warmupRequests]).toEqual([0, 1000]);
  });

  test('of a policy that learns is not over before it has learnt', async () => {
    // DARC reserves after 50 000 completions: within the first tenth of a million, within the first half of 150 000,
    // never in 40 000.
    const darc = (requests: number) => seek({ workload: 'bimodal', policies: ['darc'], requests, load: 0.5 });
    expect((await darc(1_000_000))[0]!.share).toBeGreaterThanOrEqual(0.05);
    expect((await darc(150_000))[0]).toEqual({ share: 0.4, settled: true });
    expect((await darc(40_000))[0]).toEqual({ share: 0.4, settled: false });
    expect((await seek({ workload: 'exponential', policies: ['darc'], requests: 40_000 }))[0]!.settled).toBe(true);
    const oracle = await seek({ workload: 'bimodal', policies: ['darc:oracle'], requests: 40_000, load: 0.5 });
    expect(oracle[0]!.settled).toBe(true);
  });

  test('of a long run does not grow with it', async () => {
    const [found] = await seek({ workload: 'exponential', policies: ['c-fcfs'], requests: 1e9, load: 0.5 });
    expect(found).toEqual({ share: 1e-4, settled: true });
  });

  test('of a system that is overloaded is never over', async () => {
    const [found] = await seek({ workload: 'bimodal', policies: ['ts'], requests: 50_000, load: 0.95 });
    expect(found).toEqual({ share: 0.4, settled: false });
  });

  test('is what was asked for when it was, and a tenth where the workload changes by itself', async () => {
    const settings = { workload: 'bimodal', policies: ['c-fcfs'], requests: 5000 };
    expect(await run({ ...settings, warmup: 0.25 })).toMatchObject({
      warmup: 0.25,
      warmupRequests: 1250,
      warmupRule: 'given',
    });
    expect(await run({ ...settings, workload: 'changing' })).toMatchObject({ warmup: 0.1, warmupRule: 'given' });
  });

  test('is the longest of all policies that settle', async () => {
    const { specs } = await planRuns({ workload: 'bimodal', policies: ['c-fcfs', 'ts', 'darc', 'sjf'] });
    const given = specs.map((spec, i) => (i === 3 ? { ...spec, warmup: 0.3 } : spec));
    const found = [
      { share: 0.05, settled: true },
      { share: 0.4, settled: false },
      { share: 0.1, settled: true },
    ];
    expect(withCommonWarmUp(given, [...found, undefined]).map(({ warmup }) => warmup)).toEqual([
      { share: 0.1, settled: true },
      { share: 0.1, settled: false },
      { share: 0.1, settled: true },
      0.3,
    ]);
    expect(withCommonWarmUp(specs.slice(0, 1), [found[1]])[0]!.warmup).toEqual({ share: 0.4, settled: false });
  });
});

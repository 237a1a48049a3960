import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { planRuns } from '../../../src/experiment/plan/plan.js';
import type { Settings } from '../../../src/experiment/plan/run-settings.js';
import { runSimulation } from '../../../src/experiment/run/run-simulation.js';
import type { DistributionSummary, Result } from '../../../src/results/result.js';
import { policies } from '../../../src/scheduler/policy-registry.js';

const MAIN = fileURLToPath(new URL('../../../dist/bin/main.js', import.meta.url));

async function runInline(settings: Settings): Promise<Result[]> {
  const { specs } = await planRuns(settings);
  const results: Result[] = [];
  for (const spec of specs) results.push(await runSimulation(spec));
  return results;
}

const EVERY_POLICY = policies.map(({ name }) => name);
const BIMODAL: Settings = { workload: 'bimodal', policies: EVERY_POLICY, requests: 5000, load: 0.9, warmup: 0.1 };

test('a run in a thread of the command and one in this thread have equal results', async () => {
  const args = [
    'sim',
    '--workload',
    'bimodal',
    '--policy',
    EVERY_POLICY.join(','),
    '--requests',
    '5k',
    '--load',
    '0.9',
    '--warmup',
    '0.1',
  ];
  const { stdout } = await promisify(execFile)(process.execPath, [MAIN, ...args, '--json', '-']);
  const summary = (result: Result) => ({
    policy: result.policy,
    digest: result.digest,
    overall: result.overall,
    configHash: result.manifest.configHash,
  });
  expect((JSON.parse(stdout) as Result[]).map(summary)).toEqual((await runInline(BIMODAL)).map(summary));
});

describe('a result of psp.result/1', async () => {
  const results = await runInline(BIMODAL);
  test.each(results.map((result) => [result.policy, result] as const))(
    '%s has every field, and they agree',
    (_, result) => {
      const { reason, ...fields } = result;
      // At this load their preemptions take the rest of the workers' time.
      expect(reason !== undefined).toBe(['ts', 'ts-mq', 'steal-ts'].includes(result.policy));
      expect(Object.keys(fields).sort()).toEqual(FIELDS);
      expect(Object.keys(result.manifest).sort()).toEqual(MANIFEST_FIELDS);
      expect(result).toMatchObject({
        schema: 'psp.result/1',
        workload: 'bimodal',
        workers: 14,
        load: 0.9,
        requests: 5000,
      });

      expect(result.completed + result.dropped + result.inFlight).toBe(result.requests);
      expect(result.types.map(({ name }) => name)).toEqual(['SHORT', 'LONG']);
      for (const key of ['completed', 'dropped'] as const) {
        expect(result.types.reduce((sum, type) => sum + type[key], 0)).toBe(result[key]);
      }
      expect(result.types.reduce((sum, type) => sum + type.arrived, 0)).toBe(result.requests);
      for (const measure of ['slowdown', 'sojournNs'] as const) {
        const count = result.types.reduce((sum, type) => sum + type[measure].count, 0);
        expect(result.overall[measure].count).toBe(count);
        expect(count).toBe(4500);
        for (const slice of [...result.types, result.overall]) checkOrder(slice[measure]);
      }
      for (const { slowdown } of result.types) expect(slowdown.p50).toBeGreaterThanOrEqual(0.999);
      expect(result.types[0]!.serviceNs).toMatchObject({ p50: 1000, mean: 1000 });
      expect(Math.abs(result.types[1]!.serviceNs.p50! - 100_000)).toBeLessThanOrEqual(100);

      expect(result.offeredRps).toBeCloseTo((0.9 * 14) / 50.5e-6);
      expect(result.utilisation + result.overhead).toBeLessThanOrEqual(1 + 1e-9);
      expect(result.utilisation).toBeGreaterThan(0.6);
      for (const { groups } of result.reservations) {
        expect(groups.flatMap(({ types }) => types).sort()).toEqual(['LONG', 'SHORT']);
      }
    },
  );
});

test('the digest depends on the seed and on the policy', async () => {
  const settings = { workload: 'bimodal', policies: ['c-fcfs', 'ts'], requests: 5000 };
  const digests = [...(await runInline(settings)), ...(await runInline({ ...settings, seed: '2' }))].map(
    (r) => r.digest,
  );
  expect(new Set(digests).size).toBe(4);
});

test('a run that is stopped has what there was by then', async () => {
  const { specs } = await planRuns({ workload: 'bimodal', policies: ['c-fcfs'], requests: 50_000_000 });
  const progress: number[] = [];
  const result = await runSimulation(specs[0]!, {
    onProgress: (done) => progress.push(done),
    shouldStop: () => progress.length >= 2,
  });
  expect(result.interrupted).toBe(true);
  expect(result.requests).toBeGreaterThan(0);
  expect(result.requests).toBeLessThan(50_000_000);
  expect(result.completed + result.dropped + result.inFlight).toBe(result.requests);
  expect(progress[0]).toBeGreaterThan(0);
  expect(progress[1]).toBeGreaterThan(progress[0]!);
});

function checkOrder(distribution: DistributionSummary): void {
  const { p50, p90, p95, p99, p99_9, p99_99 } = distribution;
  const values = [p50!, p90!, p95!, p99!, p99_9!, p99_99!];
  expect(values).toEqual([...values].sort((a, b) => a - b));
}

const FIELDS = [
  ...[
    'schema',
    'world',
    'policy',
    'policyParameters',
    'workload',
    'workers',
    'load',
    'offeredRps',
    'achievedRps',
    'seed',
  ],
  ...[
    'warmup',
    'warmupRequests',
    'warmupRule',
    'outcome',
    'unstable',
    'replications',
    'requests',
    'completed',
    'dropped',
    'droppedMeasured',
    'dropReasons',
    'inFlight',
    'interrupted',
    'durationNs',
    'digest',
  ],
  ...[
    'utilisation',
    'overhead',
    'preemptions',
    'steals',
    'reservations',
    'reservationsLeftOut',
    'overall',
    'types',
    'manifest',
  ],
].sort();
const MANIFEST_FIELDS = [
  'version',
  'commit',
  'node',
  'cpu',
  'configHash',
  'policyCode',
  'startedAt',
  'wallSeconds',
].sort();

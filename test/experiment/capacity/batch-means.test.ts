import { expect, test } from 'vitest';
import { inBatches, withBatchMeans } from '../../../src/experiment/capacity/batch-means.js';
import { planRuns } from '../../../src/experiment/plan/plan.js';
import { runSimulation } from '../../../src/experiment/run/run-simulation.js';
import { sojournQuantileMMc } from '../../support/mmc.js';
import { seedOr } from '../../support/runs.js';

const RUNS = 20;
const SERVICE_NS = 10_000;
const LOAD = 0.8;

test('intervals by batches have the mean and p99 of theory in them, those of single requests have not', async () => {
  const truths = {
    mean: SERVICE_NS / (1 - LOAD),
    p99: sojournQuantileMMc(1, LOAD / SERVICE_NS, SERVICE_NS, 0.99),
  };
  const hits = { batches: { mean: 0, p99: 0 }, single: { mean: 0, p99: 0 } };
  for (let i = 0; i < RUNS; i++) {
    const settings = {
      workload: 'exponential',
      policies: ['c-fcfs'],
      workers: 1,
      load: LOAD,
      requests: 60_000,
      warmup: 0.1,
    };
    const { specs, workload } = await planRuns({ ...settings, seed: `${seedOr('batches')} ${i}` });
    const result = await runSimulation(inBatches(specs[0]!, workload));
    expect(result.slices!.length).toBeGreaterThanOrEqual(14);
    for (const [way, { overall, types }] of [
      ['batches', withBatchMeans(result)],
      ['single', result],
    ] as const) {
      // There is one type, which is all requests.
      expect(overall.sojournNs.ci95).toEqual(types[0]!.sojournNs.ci95);
      for (const statistic of ['mean', 'p99'] as const) {
        const [low, high] = overall.sojournNs.ci95[statistic]!;
        if (low! <= truths[statistic] && truths[statistic] <= high!) hits[way][statistic]++;
      }
    }
  }
  for (const statistic of ['mean', 'p99'] as const) {
    expect(hits.batches[statistic] / RUNS, statistic).toBeGreaterThan(0.75);
    expect(hits.single[statistic] / RUNS, statistic).toBeLessThan(0.5);
  }
});

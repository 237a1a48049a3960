import { expect, test } from 'vitest';
import { planRuns } from '../../src/experiment/plan.js';
import { measure } from '../../src/experiment/run-simulation.js';
import type { RunSpec } from '../../src/experiment/run-spec.js';
import { sojournQuantileMMc } from '../../src/experiment/theory/queues.js';
import { createPool } from '../../src/metrics/pool.js';

const EXPERIMENTS = 200;
const REPLICATIONS = 4;
const SERVERS = 2;
const LOAD = 0.6;
/** Of workloads/exponential.yaml. */
const MEAN_NS = 10_000;

test('of 200 experiments with M/M/2, 90 to 99 % of the 95 % intervals hold the truth', {
  timeout: 120_000,
}, async () => {
  const { specs } = await planRuns({
    workload: 'exponential',
    policies: ['c-fcfs'],
    workers: SERVERS,
    load: LOAD,
    requests: 5000,
    warmup: 0.1,
  });
  const rate = (SERVERS * LOAD) / MEAN_NS;
  const truth = {
    mean: MEAN_NS / (1 - LOAD ** 2),
    p50: sojournQuantileMMc(SERVERS, rate, MEAN_NS, 0.5),
    p90: sojournQuantileMMc(SERVERS, rate, MEAN_NS, 0.9),
    p99: sojournQuantileMMc(SERVERS, rate, MEAN_NS, 0.99),
  };
  const held = { mean: 0, p50: 0, p90: 0, p99: 0 };
  const heldBySingleRun = { ...held };
  const holds = (name: keyof typeof truth, interval: readonly [number | null, number | null]) =>
    (interval[0] ?? 0) <= truth[name] && truth[name] <= (interval[1] ?? Number.POSITIVE_INFINITY);
  for (let experiment = 0; experiment < EXPERIMENTS; experiment++) {
    const pool = createPool((hashes) => hashes.join());
    for (let replication = 0; replication < REPLICATIONS; replication++) {
      const spec: RunSpec = { ...specs[0]!, seed: String(experiment), replication };
      pool.add(replication, await measure(spec, { environment: { version: '', commit: null, node: '', cpu: '' } }));
    }
    const pooled = pool.result()!.types[0]!.sojournNs.ci95;
    const single = pool.runs()[0]!.types[0]!.sojournNs.ci95;
    for (const name of ['mean', 'p50', 'p90', 'p99'] as const) {
      if (holds(name, pooled[name]!)) held[name]++;
      if (holds(name, single[name]!)) heldBySingleRun[name]++;
    }
  }
  for (const [name, count] of Object.entries(held)) {
    expect(count, `${name} of ${EXPERIMENTS}`).toBeGreaterThanOrEqual(0.9 * EXPERIMENTS);
    expect(count, `${name} of ${EXPERIMENTS}`).toBeLessThanOrEqual(0.99 * EXPERIMENTS);
  }
  // What a single run says of itself holds less often, for its requests wait together: the reason to replicate.
  expect(heldBySingleRun.mean).toBeLessThan(0.9 * EXPERIMENTS);
});

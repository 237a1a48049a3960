import { expect, test } from 'vitest';
import { planRuns } from '../../src/experiment/plan/plan.js';
import type { RunSpec } from '../../src/experiment/plan/run-spec.js';
import { runRaw } from '../../src/experiment/run/run-simulation.js';
import { erlangC } from '../../src/experiment/validate/theory/closed-forms.js';
import { mergeReplications } from '../../src/metrics/replications.js';
import type { Result, Statistic } from '../../src/results/result.js';
import { sojournQuantileMMc } from '../support/mmc.js';

const EXPERIMENTS = 200;
const REPLICATIONS = 4;
const SERVERS = 2;
const LOAD = 0.6;
/** Of workloads/exponential.yaml. */
const MEAN_NS = 10_000;

type Truth = readonly ['sojournNs' | 'slowdown', Statistic, number];

/**
 * The q-quantile of the slowdown 1 + W / S in M/M/c, where wait W and service S are independent: P(W > y S) is that of
 * the exponential part of the wait, C exp(-(c mu - lambda) y S), over all S, C mu / (mu + (c mu - lambda) y).
 */
function slowdownQuantileMMc(servers: number, rate: number, serviceNs: number, q: number): number {
  const delayed = erlangC(servers, rate * serviceNs);
  return 1 + Math.max(0, delayed / (1 - q) - 1) / (servers - rate * serviceNs);
}

test('of 200 experiments with M/M/2, 90 to 99 % of the 95 % intervals hold the truth', {
  timeout: 120_000,
}, async () => {
  const { specs } = await planRuns({
    workload: 'exponential',
    policies: ['c-fcfs'],
    workers: SERVERS,
    load: LOAD,
    requests: 20000,
    warmup: 0.1,
  });
  const rate = (SERVERS * LOAD) / MEAN_NS;
  const sojournNs = (q: number) => sojournQuantileMMc(SERVERS, rate, MEAN_NS, q);
  const slowdown = (q: number) => slowdownQuantileMMc(SERVERS, rate, MEAN_NS, q);
  // The slowdown of M/M/c has no mean: short requests wait as long as others.
  const truths: readonly Truth[] = [
    ['sojournNs', 'mean', MEAN_NS / (1 - LOAD ** 2)],
    ['sojournNs', 'p50', sojournNs(0.5)],
    ['sojournNs', 'p90', sojournNs(0.9)],
    ['sojournNs', 'p99', sojournNs(0.99)],
    ['sojournNs', 'p99_9', sojournNs(0.999)],
    ['slowdown', 'p90', slowdown(0.9)],
    ['slowdown', 'p99', slowdown(0.99)],
    ['slowdown', 'p99_9', slowdown(0.999)],
  ];
  const held = truths.map(() => 0);
  let heldBySingleRun = 0;
  const holds = ([quantity, statistic, value]: Truth, result: Result): boolean => {
    const [low, high] = result.types[0]![quantity].ci95[statistic]!;
    return (low ?? 0) <= value && value <= (high ?? Number.POSITIVE_INFINITY);
  };
  for (let experiment = 0; experiment < EXPERIMENTS; experiment++) {
    const replications = mergeReplications((hashes) => hashes.join());
    for (let replication = 0; replication < REPLICATIONS; replication++) {
      const spec: RunSpec = { ...specs[0]!, seed: String(experiment), replication };
      replications.add(
        replication,
        await runRaw(spec, { environment: { version: '', commit: null, node: '', cpu: '' } }),
      );
    }
    const result = replications.result()!;
    truths.forEach((truth, i) => {
      if (holds(truth, result)) held[i]!++;
    });
    if (holds(truths[0]!, replications.runs()[0]!)) heldBySingleRun++;
  }
  truths.forEach(([quantity, statistic], i) => {
    const what = `${quantity} ${statistic}: ${held[i]} of ${EXPERIMENTS}`;
    expect(held[i], what).toBeGreaterThanOrEqual(0.9 * EXPERIMENTS);
    // Short runs: of the p99.9 only the lower limit. (18 values lie beyond it in each. With fewer than ten it holds
    // less often: docs/reading-the-numbers.md.)
    if (statistic !== 'p99_9') expect(held[i], what).toBeLessThanOrEqual(0.99 * EXPERIMENTS);
  });
  // What a single run says of itself holds less often, for its requests wait together: the reason to replicate.
  expect(heldBySingleRun).toBeLessThan(0.9 * EXPERIMENTS);
});

import { describe, expect, it } from 'vitest';
import { planRuns } from '../../src/experiment/plan/plan.js';
import { runRaw } from '../../src/experiment/run/run-simulation.js';
import { mergeReplications } from '../../src/metrics/replications.js';
import type { DistributionSummary, Result } from '../../src/results/result.js';

const REPLICATIONS = 8;
const ENVIRONMENT = { version: '', commit: null, node: '', cpu: '' };

/**
 * What docs/decisions/darc-ts.md says of darc-ts on Extreme Bimodal, with shorter runs: one type after the other,
 * against both its parents.
 */
describe.each([0.85, 0.9, 0.95])('darc-ts at load %f', { timeout: 120_000 }, async (load) => {
  const pooled = async (policy: string): Promise<Result> => {
    const { specs } = await planRuns({
      workload: 'extreme-bimodal',
      policies: [policy],
      load,
      requests: 200_000,
      warmup: 0.3,
    });
    const replications = mergeReplications((hashes) => hashes.join());
    for (let replication = 0; replication < REPLICATIONS; replication++) {
      replications.add(replication, await runRaw({ ...specs[0]!, replication }, { environment: ENVIRONMENT }));
    }
    return replications.result()!;
  };
  const [darc, ts, both] = [await pooled('darc'), await pooled('ts'), await pooled('darc-ts')];
  const [short, long] = [0, 1].map((type) => (result: Result) => result.types[type]!.slowdown) as [
    (result: Result) => DistributionSummary,
    (result: Result) => DistributionSummary,
  ];

  it('SHORT: a p99.9 below 6, a fraction of that under either parent', () => {
    expect(both.unstable).toBe(false);
    expect(short(both).p99_9).toBeLessThan(6);
    expect(short(both).ci95.p99_9![1]).toBeLessThan(8);
    expect(short(darc).p99_9).toBeGreaterThan(3 * short(both).p99_9!);
    expect(short(ts).p99_9).toBeGreaterThan(10 * short(both).p99_9!);
    // Where DARC's own interval says anything, it is apart from that of darc-ts.
    if (load < 0.95) expect(short(darc).ci95.p99_9![0]).toBeGreaterThan(short(both).ci95.p99_9![1]!);
  });

  it('LONG: as under DARC within the error, and much better than under time sharing', () => {
    for (const statistic of ['mean', 'p99'] as const) {
      const [low, high] = long(both).ci95[statistic]!;
      const [darcLow, darcHigh] = long(darc).ci95[statistic]!;
      expect(low).toBeLessThan(darcHigh!);
      expect(high).toBeGreaterThan(darcLow!);
      expect(long(ts)[statistic]).toBeGreaterThan(2 * long(both)[statistic]!);
    }
  });

  it('for a percent or so of the time of the workers, where time sharing needs a seventh', () => {
    expect(both.overhead).toBeLessThan(0.02);
    expect(ts.overhead).toBeGreaterThan(0.13);
  });
});

import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { planRuns } from '../../../src/experiment/plan/plan.js';
import type { Settings } from '../../../src/experiment/plan/run-settings.js';
import { controlFor, precisionOf, type Replications } from '../../../src/experiment/run/replicate.js';
import { runRaw, runSimulation } from '../../../src/experiment/run/run-simulation.js';
import { addDigests } from '../../../src/metrics/digest.js';
import { mergeReplications, type RawRun } from '../../../src/metrics/replications.js';
import type { Result } from '../../../src/results/result.js';
import { distribution } from '../../report/results.js';

// Threads run the built code.
const built = fileURLToPath(new URL('../../../dist/experiment/run/run-replicated.js', import.meta.url));
const { runReplicated } = (await import(built)) as typeof import('../../../src/experiment/run/run-replicated.js');

const BIMODAL: Settings = { workload: 'bimodal', requests: 20_000, warmup: 0.1 };
const P99_9 = { relative: 0.1, statistic: 'p99_9' } as const;

async function replicate(settings: Settings, replications: Replications) {
  const { specs } = await planRuns(settings);
  return runReplicated(specs, replications);
}

describe('replications', async () => {
  const settings = { ...BIMODAL, policies: ['ts', 'c-fcfs'] };
  const { specs } = await planRuns(settings);
  const single = await Promise.all(
    specs.map((spec) => Promise.all([0, 1, 2].map((replication) => runSimulation({ ...spec, replication })))),
  );
  const replicated = await replicate(settings, { first: 3 });

  test('are runs with other random streams; the first is the run there would be without', async () => {
    expect(new Set(single.flat().map(({ digest }) => digest)).size).toBe(6);
    const [alone] = await replicate({ ...BIMODAL, policies: ['ts'] }, { first: 1 });
    expect(timeless(alone!.result!)).toEqual(timeless(single[0]![0]!));
    expect(replicated.map(({ runs }) => runs.map(timeless))).toEqual(single.map((runs) => runs.map(timeless)));
  });

  test('are pooled: counts, times and digests are added up', () => {
    replicated.forEach(({ result }, i) => {
      const runs = single[i]!;
      const sum = (of: (result: Result) => number) => runs.reduce((all, run) => all + of(run), 0);
      expect(result).toMatchObject({
        replications: 3,
        requests: 60_000,
        completed: sum((run) => run.completed),
        durationNs: sum((run) => run.durationNs),
        digest: addDigests(runs.map(({ digest }) => digest)),
      });
      expect(result!.types[0]!.slowdown.count).toBe(sum((run) => run.types[0]!.slowdown.count));
      expect(result!.types[0]!.slowdown.mean).toBeCloseTo(
        sum((run) => run.types[0]!.slowdown.mean! * run.types[0]!.slowdown.count) / result!.types[0]!.slowdown.count,
        9,
      );
      expect(Math.abs(result!.achievedRps / (sum((run) => run.achievedRps) / 3) - 1)).toBeLessThan(0.02);
    });
  });

  test('are unstable together when a quarter of them are', async () => {
    const run = await runRaw(specs[0]!);
    const verdict = (growing: readonly boolean[]) => {
      const replications = mergeReplications(() => '');
      growing.forEach((each, i) => {
        replications.add(i, {
          ...run,
          record: { ...run.record, growth: each ? ('steady' as const) : ('none' as const) },
        });
      });
      return replications.result()!.unstable;
    };
    expect(verdict([true])).toBe(true);
    expect(verdict([false, false])).toBe(false);
    expect(verdict([true, false, false, false])).toBe(true);
    expect(verdict([true, false, false, false, false])).toBe(false);
    expect(verdict([true, true, false, false, false, false, false, false])).toBe(true);
  });

  test('give every percentile and the mean an interval that holds the estimate, from their differences', () => {
    for (const { result, runs } of replicated) {
      for (const slice of [result!.overall, ...result!.types]) {
        for (const distribution of [slice.slowdown, slice.sojournNs]) {
          expect(distribution.replications).toBe(3);
          for (const name of ['p50', 'p90', 'p95', 'p99', 'p99_9', 'p99_99', 'mean'] as const) {
            const [low, high] = distribution.ci95[name]!;
            expect(low).toBeLessThanOrEqual(distribution[name]!);
            expect(high ?? Number.POSITIVE_INFINITY).toBeGreaterThanOrEqual(distribution[name]!);
          }
        }
      }
      // Student's t of 2 degrees is 4.3: the interval of three values is wider than their range.
      const p99s = runs.map((run) => run.overall.slowdown.p99!);
      const [low, high] = result!.overall.slowdown.ci95.p99!;
      expect(high! / low!).toBeGreaterThan(Math.max(...p99s) / Math.min(...p99s));
    }
  });

  test('are pooled the same in whatever order they end', async () => {
    const pooled = async (order: readonly number[]) => {
      const replications = mergeReplications((hashes) => hashes.join());
      const runs: RawRun[] = [];
      for (const replication of order) runs[replication] = await runRaw({ ...specs[0]!, replication });
      for (const replication of order) replications.add(replication, runs[replication]!);
      return timeless(replications.result()!);
    };
    expect(await pooled([2, 0, 1])).toEqual(await pooled([0, 1, 2]));
  });
});

describe('a precision', () => {
  const settings = { ...BIMODAL, policies: ['c-fcfs'], load: 0.5 };
  const one = async (replications: Replications) => {
    const [{ result }] = (await replicate(settings, replications)) as unknown as [{ result: Result }];
    return { result };
  };

  test('adds replications until every type is known that well', async () => {
    const { result } = await one({ first: 3, precision: P99_9, most: 40 });
    expect(result.replications).toBeGreaterThan(3);
    expect(result.replications).toBeLessThan(40);
    expect(precisionOf(result, P99_9)).toBeLessThanOrEqual(0.1);
    expect(Math.max(...result.types.map(({ slowdown }) => slowdown.ci95.p99_9![1]! / slowdown.p99_9!))).toBeLessThan(
      1.1,
    );
  });

  test('is given up at the ceiling', async () => {
    const { result } = await one({
      first: 3,
      precision: { ...P99_9, relative: 0.001 },
      most: 5,
    });
    expect(result.replications).toBe(5);
    expect(precisionOf(result, P99_9)).toBeGreaterThan(0.001);
  });

  test('may be that of one type, and is missing for a type that was not measured', async () => {
    const { result } = await one({ first: 3 });
    const [short, long] = result.types.map(({ name }) => precisionOf(result, { ...P99_9, type: name }));
    expect(short).not.toBe(long);
    expect(precisionOf(result, P99_9)).toBe(Math.max(short!, long!));
    const [first, ...others] = result.types;
    const unmeasured = { ...first!, slowdown: { ...first!.slowdown, count: 0 } };
    expect(precisionOf({ ...result, types: [unmeasured, ...others] }, P99_9)).toBe(Number.POSITIVE_INFINITY);
  });

  test('is told as far as it is known, and not of what is unstable', async () => {
    const { specs } = await planRuns({ ...settings, policies: ['c-fcfs', 'd-fcfs'], load: 0.98, requests: 200_000 });
    const told: (number | undefined)[] = [];
    await runReplicated(
      specs,
      { first: 2, precision: { relative: 0.5, statistic: 'mean' }, most: 3 },
      { onPrecision: (reached) => told.push(reached) },
    );
    expect(told.every((reached) => reached === undefined || reached >= 0)).toBe(true);
    const { specs: growing } = await planRuns({ ...settings, load: 1.3, requests: 20_000 });
    const untold: (number | undefined)[] = [];
    const [{ result }] = (await runReplicated(
      growing,
      { first: 2, precision: { relative: 0.01, statistic: 'mean' }, most: 9 },
      { onPrecision: (reached) => untold.push(reached) },
    )) as unknown as [{ result: Result }];
    expect(result).toMatchObject({ unstable: true, replications: 2 });
    expect(untold.every((reached) => reached === undefined)).toBe(true);
  });

  test('adds only to the policies that need it', async () => {
    const [short, long] = await replicate(
      { ...settings, policies: ['c-fcfs', 'd-fcfs'] },
      { first: 3, precision: { relative: 0.02, statistic: 'mean' }, most: 30 },
    );
    expect(short!.result!.replications).not.toBe(long!.result!.replications);
  });
});

describe('what is said of a precision', () => {
  test('progress is of the specs that are finished and stable, and not known before there is one', async () => {
    const { specs } = await planRuns({ workload: 'bimodal', requests: 20_000, warmup: 0.1, policies: ['c-fcfs'] });
    const { specs: overloaded } = await planRuns({
      workload: 'bimodal',
      requests: 20_000,
      load: 1.2,
      policies: ['ts'],
    });
    const told: (number | undefined)[] = [];
    const onPrecision = (reached: number | undefined) => told.push(reached);
    const replications = { first: 2, most: 2, precision: P99_9 };
    const [bad] = await runReplicated(overloaded, replications, { onPrecision });
    expect(told).toEqual([undefined]);
    expect(bad!.result).toMatchObject({ unstable: true, grew: 2, precision: { wanted: 0.1, reached: null } });
    const [, good] = await runReplicated([...overloaded, ...specs], replications, { onPrecision });
    const { reached } = good!.result!.precision!;
    expect(told.slice(1)).toContain(reached);
    expect(told.every((each) => each === undefined || each === reached)).toBe(true);
  });

  test('is that of the type that is named', async () => {
    const precision = { ...P99_9, type: 'LONG' };
    const [run] = await replicate({ ...BIMODAL, policies: ['c-fcfs'] }, { first: 2, most: 2, precision });
    const { result } = run!;
    const [, { slowdown }] = result!.types as [unknown, Result['types'][number]];
    const [low, high] = slowdown.ci95.p99_9 as [number, number];
    const value = slowdown.p99_9!;
    const width = Math.max(value - low, high - value) / value;
    expect(result!.precision).toEqual({ statistic: 'p99_9', type: 'LONG', wanted: 0.1, reached: width });
    expect(precisionOf(result!, P99_9)).not.toBe(width);
  });

  test('is not reached by a type that arrived and was never measured; one that never came does not matter', () => {
    const type = (name: string, arrived: number, count: number) => ({
      ...{ name, arrived, completed: 0, dropped: arrived - count },
      slowdown: { ...distribution(count), p99_9: count > 0 ? 2 : null },
    });
    const of = (...types: readonly unknown[]) => precisionOf({ types } as unknown as Result, P99_9);
    expect(of(type('A', 1e6, 1e6), type('NEVER', 0, 0))).toBeLessThan(1);
    expect(of(type('A', 1e6, 1e6), type('B', 5, 0))).toBe(Number.POSITIVE_INFINITY);
  });
});

describe('of several replications', async () => {
  const { specs } = await planRuns({ ...BIMODAL, policies: ['c-fcfs'] });
  const raw = await runRaw(specs[0]!);
  // The same run again and again: only its growth is to be judged.
  const run = { ...raw, record: { ...raw.record, isSteady: false } };
  const pooled = (grew: number, of: number) => {
    const replications = mergeReplications((hashes) => hashes.join());
    for (let i = 0; i < of; i++)
      replications.add(i, {
        ...run,
        record: { ...run.record, growth: i < grew ? ('steady' as const) : ('none' as const) },
      });
    return replications.result()!;
  };

  test.each([
    [1, 64, false],
    [15, 64, false],
    [16, 64, true],
    [1, 8, false],
    [2, 8, true],
    [64, 64, true],
    [1, 2, true],
  ])('%i of %i whose queues grew', (grew, of, unstable) => {
    expect(pooled(grew, of)).toMatchObject({ unstable, grew, replications: of });
  });
});

test('a run that is stopped pools what there was', async () => {
  const { specs } = await planRuns({ ...BIMODAL, policies: ['c-fcfs'] });
  const replications = { first: 6 };
  const control = controlFor(specs, replications);
  control.stop();
  const [none] = await runReplicated(specs, replications, { control });
  expect(none!.result).toBeUndefined();
});

describe('refused', () => {
  test.each([
    [{ precision: P99_9, replications: 9, maxReplications: 8 }, /expected replications of at most .*8, found 9/],
    [{ maxReplications: 8 }, /max-replications is the ceiling of precision/],
    [{ precision: { ...P99_9, type: 'SHRT' } }, /precision: unknown type 'SHRT': did you mean 'SHORT'\?/],
  ])('%o', async (more, message) => {
    await expect(planRuns({ ...BIMODAL, ...more })).rejects.toThrow(message);
  });
});

function timeless(result: Result): unknown {
  return { ...result, manifest: { ...result.manifest, startedAt: '', wallSeconds: 0 } };
}

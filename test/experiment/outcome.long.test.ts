import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { planRuns } from '../../src/experiment/plan/plan.js';
import type { Settings } from '../../src/experiment/plan/run-settings.js';
import { pooledHash } from '../../src/experiment/plan/run-spec.js';
import { runRaw, runSimulation } from '../../src/experiment/run/run-simulation.js';
import { mergeReplications } from '../../src/metrics/replications.js';
import type { Judged } from '../../src/results/outcome-schema.js';
import { definePolicy } from '../../src/scheduler/policy.js';
import { policyNamed } from '../../src/scheduler/policy-registry.js';

const folder = mkdtempSync(join(tmpdir(), 'psp-outcome-'));
afterAll(() => rmSync(folder, { recursive: true }));

async function run(settings: Settings) {
  const { specs } = await planRuns(settings);
  return runSimulation(specs[0]!);
}

/** The outcomes of this many replications of short runs, each judged by itself. */
async function outcomes(settings: Settings, replications: number): Promise<Judged[]> {
  const { specs } = await planRuns({ warmup: 0.1, ...settings });
  const judged: Judged[] = [];
  for (let replication = 0; replication < replications; replication++) {
    judged.push(await runSimulation({ ...specs[0]!, replication }));
  }
  return judged;
}

/** The same replications together. */
async function together(settings: Settings, replications: number) {
  const { specs } = await planRuns({ warmup: 0.1, ...settings });
  const pooled = mergeReplications(pooledHash);
  for (let r = 0; r < replications; r++) pooled.add(r, await runRaw({ ...specs[0]!, replication: r }));
  return pooled.result()!;
}

describe('the outcome of a run', () => {
  const base = { workload: 'bimodal', requests: 60_000 };
  test.each([
    ['preemption costs too much', { ...base, policies: ['ts'], load: 0.95 }, 'unstable'],
    ['the load is just too high', { ...base, policies: ['c-fcfs'], load: 1.05 }, 'unstable'],
    [
      'the load is 1, in a run too short to show it',
      { ...base, policies: ['c-fcfs'], load: 1, requests: 500 },
      'unstable',
    ],
    [
      'the load is 1, and only before the measuring was anything dropped',
      { ...base, policies: ['c-fcfs:queue=20'], load: 1, requests: 1500, warmup: 0.9, seed: '3' },
      'unstable',
    ],
    ['13 workers are left to LONG', { ...base, policies: ['darc:oracle'], load: 0.94 }, 'unstable'],
    [
      '13 workers are left to LONG, also by a policy that learns',
      { ...base, policies: ['darc'], load: 0.95 },
      'unstable',
    ],
    ['a bounded queue drops', { ...base, policies: ['c-fcfs:queue=100'], load: 1.3 }, 'saturated'],
    [
      'a bounded queue drops in bursts',
      { ...base, workload: 'bursty', policies: ['c-fcfs:queue=20'], load: 0.8 },
      'saturated',
    ],
    ['the load is high', { ...base, policies: ['c-fcfs'], load: 0.97 }, 'ok'],
    ['short requests keep to their own worker', { ...base, policies: ['darc:oracle'], load: 0.93 }, 'ok'],
    [
      'requests come in bursts',
      { ...base, workload: 'bursty', policies: ['c-fcfs'], load: 0.8, requests: 400_000 },
      'ok',
    ],
    ['services have heavy tails', { ...base, workload: 'heavy-tailed', policies: ['d-fcfs'], load: 0.8 }, 'ok'],
    ['the phases change', { ...base, workload: 'changing', policies: ['c-fcfs'], load: 0.8 }, 'ok'],
  ] as const)('where %s', async (_, { policies, ...settings }, outcome) => {
    expect(await run({ ...settings, policies: [...policies] })).toMatchObject({ outcome });
  });

  test('says what the reason is', async () => {
    const { reason, unstable } = await run({ ...base, policies: ['darc'], load: 0.95 });
    expect(reason).toMatch(/^LONG would keep 13\.2 workers busy and may use 13, so a sojourn /);
    expect(unstable).toBe(true);
    expect((await run({ ...base, policies: ['c-fcfs'], load: 0.5 })).reason).toBeUndefined();
  });

  test('of several short replications is that of the policy, not of their length', async () => {
    const result = await together({ ...base, policies: ['darc:oracle'], load: 0.95, requests: 30_000 }, 8);
    expect(result).toMatchObject({ outcome: 'unstable', grew: 8, replications: 8 });
    expect(result.reason).toContain('LONG would keep 13.2 workers busy and may use 13');
  });

  test('does not change with the rate: what was done is held against what arrived in the window', async () => {
    const changing = await run({ workload: 'changing', policies: ['darc'], requests: 2_000_000 });
    expect(changing.outcome).toBe('ok');
    expect(changing.achievedRps).toBeLessThan(changing.offeredRps! / 2);
    // A calm, and then ten times as much: less is achieved in the window than the mean over the whole trace.
    const path = join(folder, 'changing.csv');
    const rows = Array.from({ length: 20_000 }, (_, i) => {
      const atNs = i < 15_000 ? i * 100 : 1_500_000 + (i - 15_000) * 1000;
      return `${atNs},A,${80}`;
    });
    writeFileSync(path, `arrival_ns,type,service_ns\n${rows.join('\n')}\n`);
    const traced = await run({ workload: path, policies: ['c-fcfs'], workers: 1, warmup: 0.1 });
    expect(traced.achievedRps).toBeLessThan(0.95 * traced.offeredRps!);
    expect(traced).toMatchObject({ outcome: 'ok', completed: 20_000 });
  });
});

describe('in short runs', () => {
  const mm1 = join(folder, 'mm1.yaml');
  writeFileSync(
    mm1,
    'name: mm1\ntypes:\n  - { name: A, ratio: 1, service: { exponential: { mean: 1us } } }\narrivals: poisson\n',
  );
  const count = (all: readonly Judged[], outcome: Judged['outcome']) =>
    all.filter((each) => each.outcome === outcome).length;
  const doubts = (all: readonly Judged[]) =>
    all.filter(({ outcome, reason }) => outcome === 'ok' && reason !== undefined);

  const stable: [string, Settings & { policy?: string }, number][] = [
    ['M/M/1 at 0.99', { workload: mm1, workers: 1, load: 0.99, requests: 50_000 }, 0.1],
    ['two bursts at 0.8', { workload: 'bursty', load: 0.8, requests: 50_000 }, 0.4],
    ['five types at 0.98', { workload: 'tpcc', policy: 'sjf', workers: 2, load: 0.98, requests: 20_000 }, 0.05],
    ['M/M/4 at 0.95', { workload: 'exponential', workers: 4, load: 0.95, requests: 20_000 }, 0.05],
  ];
  test.each(stable)(
    'no stable policy is called unstable by chance: %s',
    async (_, { policy = 'c-fcfs', ...settings }, doubtful) => {
      const all = await outcomes({ ...settings, policies: [policy] }, 40);
      expect(count(all, 'ok')).toBe(40);
      expect(doubts(all).length).toBeLessThanOrEqual(40 * doubtful);
      for (const { reason } of doubts(all)) expect(reason).toMatch(/^It may be unstable, too short to tell: /);
    },
  );

  test('an unstable one is found', async () => {
    const mm1At105 = { workload: mm1, policies: ['c-fcfs'], workers: 1, load: 1.05, requests: 50_000 };
    expect(count(await outcomes(mm1At105, 20), 'unstable')).toBe(20);
    const darc = { workload: 'bimodal', policies: ['darc'], load: 0.95, requests: 80_000, warmup: 0.4 };
    expect(count(await outcomes(darc, 8), 'unstable')).toBe(8);
    const ts = { workload: 'bimodal', policies: ['ts'], load: 0.95, requests: 30_000 };
    expect(count(await outcomes(ts, 8), 'unstable')).toBe(8);
  });

  test('a type that starves among many others is found in one run', async () => {
    const starves = { workload: 'extreme-bimodal', systems: ['persephone'], workers: 14, load: 0.92 };
    for (const { outcome, reason } of await outcomes({ ...starves, requests: 2_000_000 }, 3)) {
      expect(reason, outcome).toMatch(/\bqueue of LONG (grew|seems to grow)\b/);
    }
  });

  test('preemption that is only just too much is found in some, and so in all together', async () => {
    const ts = { workload: 'extreme-bimodal', policies: ['ts'], load: 0.9, requests: 100_000 };
    expect(await together(ts, 8)).toMatchObject({ outcome: 'unstable' });
  });

  test('a dispatcher that is only just too slow is found in all together', async () => {
    const shinjuku = { workload: 'bimodal', systems: ['shinjuku'], workers: 14, requests: 20_000 };
    expect(await together({ ...shinjuku, load: 0.87 }, 8)).toMatchObject({ outcome: 'unstable' });
    expect(await together({ ...shinjuku, load: 0.8 }, 8)).toMatchObject({ outcome: 'ok' });
  });

  test('stable ones are not called unstable together, either', async () => {
    const bursts = { workload: 'bursty', policies: ['c-fcfs'], load: 0.8, requests: 50_000 };
    const heavy = { workload: 'heavy-tailed', policies: ['c-fcfs'], load: 0.9, requests: 20_000 };
    const critical = { workload: mm1, policies: ['c-fcfs'], workers: 1, load: 0.99, requests: 50_000 };
    for (const settings of [bursts, heavy, critical]) {
      expect(await together(settings, 8)).toMatchObject({ outcome: 'ok' });
    }
  });
});

describe('a policy that breaks its promise', () => {
  /** c-FCFS, but it never starts one request in `every`. */
  const forgets = (every: number) => {
    const cFcfs = policyNamed('c-fcfs');
    return definePolicy({
      ...cFcfs,
      name: 'forgets',
      create: (setup, parameters) => {
        const scheduler = cFcfs.create(setup, parameters);
        let arrivals = 0;
        const arrive = scheduler.arrive.bind(scheduler);
        scheduler.arrive = (request, type, flow) => {
          if (++arrivals % every !== 0) arrive(request, type, flow);
        };
        return scheduler;
      },
    });
  };

  async function broken(every: number) {
    const { specs } = await planRuns({ workload: 'bimodal', policies: ['c-fcfs'], requests: 5000, warmup: 0.1 });
    return runSimulation(specs[0]!, {
      adjust: (options) => ({ ...options, policy: { ...options.policy, policy: forgets(every) } }),
    });
  }

  test('loses requests', async () => {
    expect(await broken(1000)).toMatchObject({
      outcome: 'lost',
      reason: 'The policy never finished 5 of 5000 requests.',
      inFlight: 5,
    });
  });

  test('or fails', async () => {
    expect(await broken(1)).toMatchObject({
      outcome: 'failed',
      reason: 'The policy finished none of 5000 requests.',
    });
  });
});

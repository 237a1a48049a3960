import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { findCapacity } from '../../../src/experiment/capacity/find-capacity.js';
import { parseSlo } from '../../../src/experiment/capacity/slo.js';
import { scratchFolder } from '../../cli/psp.js';
import { threads } from '../sweep/built.js';

const folder = scratchFolder();
const workload = 'mm.yaml';
writeFileSync(
  join(folder, workload),
  'name: mm\ntypes: [{ name: A, ratio: 1, service: { exponential: { mean: 10us } } }]\narrivals: poisson\n',
);
const settings = { workload: join(folder, workload), policies: ['c-fcfs'], requests: 100_000 };

describe('capacity', { timeout: 120_000 }, () => {
  test('is where theory has it: M/M/1 by its mean sojourn, with an interval', async () => {
    // Mean sojourn 1/(mu - lambda): 40 us at load 0.75.
    const { entries } = await findCapacity(
      { ...settings, workers: 1 },
      { slos: [parseSlo('mean sojourn <= 40us')], find: 'load', mostReplications: 8, threads },
    );
    const [{ holds, fails, probes } = { holds: null, fails: null, probes: [] }] = entries;
    expect(holds!.load).toBeLessThanOrEqual(0.75);
    expect(holds!.load).toBeGreaterThan(0.7);
    expect(fails!.load).toBeGreaterThanOrEqual(0.75);
    expect(fails!.load).toBeLessThan(0.8);
    expect(holds!.judgement).toMatchObject({ verdict: 'holds', bound: 40_000 });
    expect(holds!.judgement.high!).toBeLessThanOrEqual(40_000);
    expect(fails!.judgement.low!).toBeGreaterThan(40_000);
    expect(holds!.command).toContain(`--load ${holds!.load}`);
    expect(probes.length).toBeGreaterThan(5);
  });

  test('the fewest workers: those that keep up, when the objective asks for no more', async () => {
    // 250k/s of 10 us are 2.5 workers: 3 keep up, and with 3 the wait is 14 us (Erlang C), with 4 it is 2.
    const find = async (slo: string) => {
      const options = { slos: [parseSlo(slo)], find: 'workers', mostReplications: 8, threads } as const;
      const { entries } = await findCapacity({ ...settings, rateRps: 250e3 }, options);
      return [entries[0]!.holds!.workers, entries[0]!.fails?.workers];
    };
    expect(await find('mean sojourn <= 60us')).toEqual([3, undefined]);
    expect(await find('mean sojourn <= 14us')).toEqual([4, 3]);
  });

  test('replications are few where it is clear, and more near the edge', async () => {
    const { entries } = await findCapacity(
      { ...settings, workers: 1, requests: 20_000 },
      { slos: [parseSlo('mean sojourn <= 40us')], find: 'load', mostReplications: 16, threads },
    );
    const { probes } = entries[0]!;
    const far = probes.filter(({ load }) => Math.abs(load - 0.75) > 0.15);
    expect(far.length).toBeGreaterThan(0);
    expect(far.map(({ replications }) => replications)).toEqual(far.map(() => 4));
    const near = probes.filter(({ load }) => Math.abs(load - 0.75) < 0.03);
    expect(Math.max(...near.map(({ replications }) => replications))).toBeGreaterThanOrEqual(8);
    // What ran out of replications stayed undecided; the others were decided by as many as they had.
    for (const { replications, judgement } of probes) {
      if (judgement.verdict === 'undecided') expect(replications).toBe(16);
    }
  });

  test('overload ends a search whose bound nothing else would reach', async () => {
    // Preemptions cost as much as they give: a worker is overloaded long before a load of 1, and no mean sojourn of so
    // short a run is a second.
    const { entries } = await findCapacity(
      { ...settings, policies: ['ts:quantum=5us:cost=5us'], workers: 1, requests: 20_000 },
      { slos: [parseSlo('mean sojourn <= 1s')], find: 'load', threads },
    );
    const { holds, fails } = entries[0]!;
    expect(fails!.judgement).toMatchObject({ verdict: 'fails', reason: 'unstable' });
    expect(fails!.judgement.value!).toBeLessThan(1e9);
    expect(holds!.load).toBeGreaterThan(0.4);
    expect(fails!.load).toBeLessThan(0.8);
    expect(fails!.load).toBeGreaterThan(holds!.load);
  });

  test('several objectives, of which one is for a type: the one that is worst ends it', async () => {
    // Shorts wait behind longs, whose own sojourn is at least 100 us.
    writeFileSync(
      join(folder, 'two.yaml'),
      'name: two\ntypes:\n  - { name: SHORT, ratio: 0.5, service: 1us }\n  - { name: LONG, ratio: 0.5, ' +
        'service: 100us }\n',
    );
    const find = async (...slos: string[]) => {
      const { entries } = await findCapacity(
        { ...settings, workload: join(folder, 'two.yaml'), workers: 4, requests: 20_000 },
        { slos: slos.map((slo) => parseSlo(slo)), find: 'load', threads },
      );
      return entries[0]!;
    };
    const [long, short] = ['p50 sojourn <= 1ms for LONG', 'p50 sojourn <= 2us for SHORT'];
    const both = await find(long, short);
    expect(both.fails!.judgement).toMatchObject({ type: 'SHORT', slo: short, quantity: 'sojournNs', bound: 2000 });
    expect(both.holds!.load).toBe((await find(short)).holds!.load);
    expect(both.holds!.load).toBeLessThan((await find(long)).holds!.load);
    for (const { judgement } of both.probes) expect([long, short]).toContain(judgement.slo);
  });

  test('what nothing can meet holds nowhere', async () => {
    const { entries } = await findCapacity(
      { ...settings, workers: 2, requests: 5000 },
      { slos: [parseSlo('mean sojourn <= 1us')], find: 'load', threads },
    );
    expect(entries[0]!.holds).toBeNull();
    expect(entries[0]!.fails!.load).toBe(0.01);
  });

  test('what does not go together is refused before anything runs', async () => {
    const slos = [parseSlo('mean slowdown <= 3')];
    await expect(findCapacity(settings, { slos: [], find: 'load' })).rejects.toThrow('expected an objective');
    await expect(findCapacity(settings, { slos, find: 'workers' })).rejects.toThrow('--find workers and --rate');
    await expect(findCapacity({ ...settings, rateRps: 1e6 }, { slos, find: 'load' })).rejects.toThrow('--rate');
    await expect(
      findCapacity(settings, { slos: [parseSlo('mean slowdown <= 3 for B')], find: 'load' }),
    ).rejects.toThrow("unknown type 'B'");
  });
});

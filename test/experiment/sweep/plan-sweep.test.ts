import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { parseSetting, settingOf } from '../../../src/cli/settings.js';
import * as packageInfo from '../../../src/experiment/package-info.js';
import { planSweep } from '../../../src/experiment/sweep/plan-sweep.js';
import { scratchFolder } from '../../cli/psp.js';
import { plan } from './points.js';

// So that one of its functions can be replaced.
vi.mock('../../../src/experiment/package-info.js', { spy: true });
const folder = scratchFolder();
const ONE = { policies: ['c-fcfs'] } as const;

describe('the points of a sweep', () => {
  it('are every combination, those of a policy one after another', async () => {
    const points = await plan({ workers: [4, 8], load: [0.2, 0.4, 0.6] });
    const places = points.map(({ spec }) => [
      spec.policy,
      spec.workers,
      'offer' in spec.workload && 'load' in spec.workload.offer && spec.workload.offer.load,
    ]);
    expect(places).toHaveLength(12);
    expect(places[0]).toEqual(['c-fcfs', 4, 0.2]);
    expect(places[11]).toEqual(['d-fcfs', 8, 0.6]);
    expect(new Set(places.slice(0, 6).map(([policy]) => policy)).size).toBe(1);
    expect(new Set(points.map(({ key }) => key)).size).toBe(12);
  });

  it('take systems with their own policies, unless policies are named', async () => {
    const own = await planSweep([
      { lists: { workload: ['bimodal'], systems: ['persephone', 'shenango'], load: [0.5], requests: [1000] } },
    ]);
    expect(own.map(({ spec }) => spec.system?.name)).toEqual(['persephone', 'shenango']);
    const named = await plan({ systems: ['persephone', 'shenango'], load: [0.5] });
    expect(named.map(({ spec }) => `${spec.system?.name}/${spec.policy}`)).toEqual([
      'persephone/c-fcfs',
      'persephone/d-fcfs',
      'shenango/c-fcfs',
      'shenango/d-fcfs',
    ]);
  });

  it('are there once, whichever blocks have them', async () => {
    const block = { lists: { workload: ['bimodal'], policies: ['darc'], load: [0.5], requests: [1000] } } as const;
    const other = { lists: { ...block.lists, policies: ['darc', 'darc:delta=0.2', 'c-fcfs'] } };
    expect((await planSweep([block, other])).map(({ spec }) => spec.policy)).toEqual(['darc', 'c-fcfs']);
  });

  it.each([
    ['load', { load: [0.31] }],
    ['workers', { workers: [13] }],
    ['seed', { seed: ['2'] }],
    ['requests', { requests: [2001] }],
    ['replications', { replications: [2] }],
    ['warmup', { warmup: [0.2] }],
    ['system', { systems: ['persephone'] }],
    ['policy parameters', { policies: ['c-fcfs:queue=100'] }],
    ['precision', { precision: [{ relative: 0.1, statistic: 'p99' as const }] }],
  ])('are others when the %s differ', async (_what, lists) => {
    const one = { policies: ['c-fcfs'], load: [0.3] };
    const [usual] = await plan(one);
    const [again] = await plan(one);
    const [other] = await plan({ ...one, ...lists });
    expect(again!.key).toBe(usual!.key);
    expect(other!.key).not.toBe(usual!.key);
  });

  it('are others in another version of psp', async () => {
    const [point] = await plan();
    const version = vi.spyOn(packageInfo, 'packageVersion').mockReturnValue('99.0.0');
    const [other] = await plan();
    version.mockRestore();
    expect(other!.spec).toEqual(point!.spec);
    expect(other!.key).not.toBe(point!.key);
    expect((await plan())[0]!.key).toBe(point!.key);
  });

  it('are others when the workload file says something else, and the same when it only looks different', async () => {
    const keyOf = async (name: string, content: string) => {
      writeFileSync(join(folder, name), content);
      const [point] = await planSweep([{ lists: { ...ONE, workload: [join(folder, name)] } }]);
      return point!.key;
    };
    const yaml = (mean: string) => `name: w\ntypes: [{ name: A, ratio: 1, service: ${mean} }]\n`;
    const key = await keyOf('w.yaml', yaml('10us'));
    expect(await keyOf('w.yaml', yaml('11us'))).not.toBe(key);
    expect(await keyOf('elsewhere.yaml', `# a comment\n${yaml('10us')}`)).toBe(key);
    const trace = (ns: number) => `arrival_ns,type,service_ns\n0,A,${ns}\n1000,A,${ns}\n`;
    expect(await keyOf('t.csv', trace(10))).not.toBe(await keyOf('t.csv', trace(11)));
  });

  it('carry the command that runs them', async () => {
    const [point] = await plan({
      policies: ['ts:quantum=5us'],
      systems: ['ideal'],
      load: [0.3],
      seed: ["o'clock"],
      precision: [{ relative: 0.05, statistic: 'p99_9' }],
    });
    expect(point!.command).toBe(
      'psp sim --workload bimodal --policy ts:quantum=5us --system ideal --load 0.3 --requests 2000 --seed ' +
        "'o'\\''clock' --precision 5%:p99.9",
    );
  });

  it('carry names with spaces, commas and quotes, and what else is typed, as the command reads them', async () => {
    const path = join(folder, 'a, "b".yaml');
    const type = 'GET, "big"';
    writeFileSync(path, `name: w\ntypes: [{ name: ${JSON.stringify(type)}, ratio: 1, service: 1us }]\n`);
    const lists = {
      ...ONE,
      workload: [path],
      seed: ['1:5:1', '1,2', '01'],
      precision: [{ relative: 0.2, statistic: 'p99', type }],
    } as const;
    const points = await planSweep([{ lists }]);
    const words = (command: string) =>
      [...command.matchAll(/ --([a-z-]+) ('(?:[^'])*'|\S+)/g)].map(([, key, word]) => [
        key,
        word!.replace(/^'(.*)'$/, '$1'),
      ]);
    const read = points.map(({ command }) =>
      Object.fromEntries(words(command).map(([key, word]) => [key, parseSetting(settingOf(key!), word!, '')])),
    );
    expect(read.map(({ seed }) => seed)).toEqual(lists.seed);
    for (const { workload, precision } of read) expect([workload, precision]).toEqual([path, lists.precision[0]]);
  });

  it('are not too many', async () => {
    const load = Array.from({ length: 1000 }, (_, i) => (i + 1) / 1000);
    await expect(plan({ load, seed: load.map(String) })).rejects.toThrow('at most 100000 points, found 2000000');
  });
});

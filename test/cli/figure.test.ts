import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readExperiment } from '../../src/cli/experiment-file.js';
import { planSweep } from '../../src/experiment/sweep/plan.js';
import { figures } from '../../src/report/figures/index.js';
import { psp, pspHere, ROOT, scratchFolder } from './psp.js';

const folder = scratchFolder();

describe('psp figure', () => {
  it.each([
    [['figure'], "missing required argument 'FIGURE'"],
    [['figure', '2'], 'Allowed choices are 1, 3, 4a'],
    [['figure', '3', '--quick', '--full'], 'expected only one of --quick and --full, found both'],
  ])('%j ends with exit code 2 and one line', async (args, said) => {
    const { code, err } = await pspHere(args, folder);
    expect(code).toBe(2);
    expect(err).toContain(said);
    expect(err.split('\n')).toHaveLength(1);
    expect(existsSync(join(folder, 'results'))).toBe(false);
  });

  it('draws, writes its data, says which claims come out, and runs nothing twice', async () => {
    mkdirSync(join(folder, 'experiments'));
    const tiny = [
      'workload: bimodal\nworkers: 14\nload: 0.9\nwarmup: 0.3\nseries:',
      '  - { policy: { name: darc-static, reserved: [0, 1, 13] }, requests: 20k, replications: 2 }',
      '  - { policy: "darc:window=2000", seed: [1, 2], requests: 20k, replications: 1 }\n',
    ].join('\n');
    writeFileSync(join(folder, 'experiments/figure-4a.yaml'), tiny);
    const args = ['figure', '4a', '--experiments', 'experiments', '--out', 'drawn'];
    const { code, out, err } = await psp(args, { cwd: folder });
    expect(err).toBe('');
    expect(code).toBe(0);
    expect(out).toMatch(/agrees +DARC reserves 1 for SHORT\n +1 in 2 of 2 runs/);
    const read = (name: string) => readFileSync(join(folder, 'drawn', name));
    expect(read('figure-4a.svg').toString()).toMatch(/^<svg .*Figure 4a/s);
    expect(read('figure-4a.png').subarray(1, 4).toString()).toBe('PNG');
    expect(read('figure-4a.csv').toString()).toMatch(/^panel,series,x,y,.*\nall requests,DARC-static,0,/);
    const points = readdirSync(join(folder, 'drawn/points')).map((name) => [name, read(`points/${name}`).toString()]);
    expect(points).toHaveLength(5);

    // Once more, with a claim that cannot come out: 13 cores are not the best.
    expect((await psp([...args, '--check'], { cwd: folder })).code).toBe(0);
    writeFileSync(join(folder, 'experiments/figure-4a.yaml'), tiny.replace('[0, 1, 13]', '[0, 13]'));
    const checked = await psp([...args, '--check'], { cwd: folder });
    expect(checked.out).toContain('DISAGREES');
    expect(checked.code).toBe(1);
    const now = readdirSync(join(folder, 'drawn/points')).map((name) => [name, read(`points/${name}`).toString()]);
    expect(now).toEqual(points);
  });

  it.each(
    figures.flatMap(({ name }) => [
      [name, 'quick'],
      [name, ''],
    ]),
  )('the experiment of figure %s can be planned (%s)', async (name, form) => {
    const { blocks } = readExperiment(join(ROOT, 'experiments', form, `figure-${name}.yaml`));
    const planned = await planSweep(blocks);
    expect(planned.length).toBeGreaterThan(name === '8' ? 1 : 10);
    // What DARC learns from comes before what is measured; figure 8 is about how it learns.
    for (const { spec } of planned) expect(spec.warmup).toBe(name === '8' ? 0 : 0.3);
  });
});

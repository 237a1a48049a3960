import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readExperiment } from '../../src/cli/experiment-file.js';
import { planSweep } from '../../src/experiment/sweep/plan-sweep.js';
import { figures } from '../../src/report/figures/index.js';
import { psp, pspHere, ROOT, scratchFolder } from './psp.js';

const folder = scratchFolder();

describe('psp figure', () => {
  it.each([
    [['figure'], 'expected FIGURE, found nothing'],
    [['figure', '2'], 'FIGURE: expected one of 1, 3, 4a'],
    [['figure', '3', '--quick', '--full'], 'expected only one of --quick and --full, found both'],
  ])('%j ends with exit code 2 and one line', async (args, said) => {
    const { code, err } = await pspHere(args, folder);
    expect(code).toBe(2);
    expect(err).toContain(said);
    expect(err.split('\n')).toHaveLength(1);
    expect(existsSync(join(folder, 'results'))).toBe(false);
  });

  it.each(figures.flatMap(({ name }) => [join('experiments'), join('experiments', 'quick')].map((at) => [name, at])))(
    'the experiment of figure %s in %s can be planned',
    async (name, at) => {
      const { blocks } = readExperiment(join(ROOT, at, `figure-${name}.yaml`));
      const planned = await planSweep(blocks);
      expect(planned.length).toBeGreaterThan(name === '8' ? 1 : 10);
      // What DARC learns from comes before what is measured; figure 8 is about how it learns.
      for (const { spec } of planned) expect(spec.warmup).toBe(name === '8' ? 0 : 0.3);
    },
  );
});

describe('psp figure, small', () => {
  const experiments = join(folder, 'experiments');
  const out = join(folder, 'out');
  const run = (...more: string[]) => psp(['figure', '4a', '--experiments', experiments, '--out', out, ...more]);
  const points = () =>
    readdirSync(join(out, 'points')).map((name) => [name, statSync(join(out, 'points', name)).mtimeMs]);
  mkdirSync(join(experiments, 'plots'), { recursive: true });
  const plot = readFileSync(join(ROOT, 'experiments/plots/figure-4a.yaml'), 'utf8');
  writeFileSync(
    join(experiments, 'plots/figure-4a.yaml'),
    plot.replace('darc-static: DARC-static', 'darc-static: by hand'),
  );
  cpSync(join(ROOT, 'workloads/bimodal.yaml'), join(experiments, 'own.yaml'));
  writeFileSync(
    join(experiments, 'figure-4a.yaml'),
    `workload: own.yaml
workers: 14
load: 0.9
warmup: 0.3
system: persephone
series:
  - { policy: { name: darc-static, reserved: [0, 1, 2] }, requests: 4k, replications: 2 }
  - { policy: "darc:window=1000", seed: [1, 2], requests: 4k, replications: 1 }
`,
  );

  it('writes a picture in two forms and its data, and says whether the claims come out', async () => {
    const { code, out: text, err } = await run();
    expect([code, err]).toEqual([0, '']);
    expect(text).toContain('Figure 4a: reserved cores');
    expect(text).toMatch(/agrees {5}DARC reserves 1 for SHORT\n +1 in 2 of 2 runs/);
    expect(readFileSync(join(out, 'figure-4a.svg'), 'utf8')).toMatch(/^<svg[\s\S]*--quick[\s\S]*<\/svg>\s*$/);
    expect(readFileSync(join(out, 'figure-4a.png')).subarray(1, 4).toString()).toBe('PNG');
    const [heading, ...rows] = readFileSync(join(out, 'figure-4a.csv'), 'utf8').trim().split('\n');
    expect(heading).toBe('panel,series,x,y,ci95_low,ci95_high,failed');
    // Two panels with three numbers of cores and two runs of DARC.
    expect(rows.map((row) => row.split(',').slice(0, 3).join())).toEqual(
      ['all requests', 'SHORT'].flatMap((panel) => [
        ...[0, 1, 2].map((cores) => `${panel},by hand,${cores}`),
        ...[1, 1].map((cores) => `${panel},DARC,${cores}`),
      ]),
    );
  });

  it('keeps what it was made from, so that its folder can be carried', () => {
    const id = readdirSync(join(out, 'sources')).find((name) => !name.endsWith('.json'));
    expect(readdirSync(join(out, 'sources', id!), { recursive: true })).toEqual(
      expect.arrayContaining(['figure-4a.yaml', join('plots', 'figure-4a.yaml')]),
    );
    const [first] = points();
    const { command } = JSON.parse(readFileSync(join(out, 'points', String(first![0])), 'utf8'));
    expect(command).toContain(`--workload sources/${id}/own.yaml`);
    expect(readFileSync(join(out, 'figure-4a.plot.yaml'), 'utf8')).toContain('darc-static: by hand');
  });

  it('runs nothing a second time, and draws the same', async () => {
    const before = [points(), readFileSync(join(out, 'figure-4a.svg'), 'utf8')];
    expect((await run('--check')).code).toBe(0);
    expect([points(), readFileSync(join(out, 'figure-4a.svg'), 'utf8')]).toEqual(before);
    expect(before[0]).toHaveLength(5);
  });

  it('ends with exit code 1 when a claim does not come out, if it is asked to', async () => {
    const file = join(experiments, 'figure-4a.yaml');
    writeFileSync(file, readFileSync(file, 'utf8').replace('window=1000', 'window=100000'));
    // All workers are everybody's until the first window is full.
    const { code, out: text } = await run('--check');
    expect(code).toBe(1);
    expect(text).toMatch(/DISAGREES {2}DARC reserves 1 for SHORT\n +14 in 2 of 2 runs/);
    expect((await run()).code).toBe(0);
  });
});

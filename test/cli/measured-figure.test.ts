import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readExperiment } from '../../src/cli/experiment-file.js';
import { type FigurePlan, withMeasured } from '../../src/cli/measured-figure.js';
import { readPlotFile } from '../../src/cli/plot-file.js';
import { receiveSpec } from '../../src/experiment/plan/run-spec.js';
import { gatherSources } from '../../src/experiment/sweep/sources.js';
import { createStore } from '../../src/experiment/sweep/store.js';
import { figures } from '../../src/report/figures/index.js';
import { ROOT, scratchFolder } from './psp.js';

const folder = scratchFolder();
const DILATION = 1000;

const planOf = (name: string, kind = '') => ({
  plot: readPlotFile(`figure-${name}`),
  figure: figures.find((each) => each.name === name)!,
  blocks: readExperiment(join(ROOT, 'experiments', kind, `figure-${name}.yaml`)).blocks,
  planned: [],
});

it('the phases of figure 8 are as short as the time allows, on the machine and in the simulator', async () => {
  createStore(folder);
  const options = { minutes: 4, dilate: DILATION, out: folder };
  const [plan] = await withMeasured([planOf('8')], new Set(), options);
  const { planned, plot } = plan!;
  const isReal = planned.map(({ real }) => real !== undefined);
  // One seed of the three.
  expect(planned.map(({ spec }) => [spec.policy, spec.seed])).toEqual([
    ...Array(2).fill(['darc:window=321', '1']),
    ...Array(2).fill(['c-fcfs', '1']),
  ]);
  expect(isReal).toEqual([true, false, true, false]);
  expect(planned[0]!.spec).toEqual(planned[1]!.spec);
  // Two runs in four minutes: 2 min each, less the start, so phases of 29 ms.
  for (const { real } of planned) if (real) expect(real.seconds).toBeCloseTo(119, 6);
  const spec = receiveSpec(planned[0]!.spec);
  expect([spec.end, spec.sliceNs]).toEqual([{ durationNs: 116e6 }, 2.9e6]);
  const { workload } = spec.workload as Extract<typeof spec.workload, { kind: 'generated' }>;
  expect(workload.phases.map(({ durationNs }) => durationNs)).toEqual([29e6, 29e6, 29e6, 29e6]);
  expect(workload.phases[2]!.ratio).toEqual([0.95, 0.05]);
  expect(plot.lines!.map(({ x }) => x)).toEqual(['29ms', '58ms', '87ms']);
  // The command of a point finds the workload, and keeps the slices.
  expect(planned[0]!.command).toMatch(/^psp sweep --hw --workload \S+changing-29ms\.yaml .*--slice 2\.9ms/);
  expect(JSON.parse(readFileSync(join(folder, 'changing-29ms.yaml'), 'utf8')).name).toBe('changing in 29ms');
});

it('a workload that changes may name files, in the folder or where they are', async () => {
  const own = join(folder, 'own');
  mkdirSync(own);
  const text = readFileSync(join(ROOT, 'workloads/changing.yaml'), 'utf8');
  writeFileSync(join(own, 'w.yaml'), text.replace('arrivals: poisson', 'arrivals: { trace: { file: gaps.csv } }'));
  writeFileSync(join(own, 'gaps.csv'), '0,A,1\n1000,A,1\n4000,A,1\n');
  const [block] = planOf('8').blocks;
  const plan = { ...planOf('8'), blocks: [{ lists: { ...block!.lists, workload: [join(own, 'w.yaml')] } }] };
  const options = { minutes: 4, dilate: DILATION, out: join(folder, 'figures') };
  for (const sources of [undefined, gatherSources({}, plan.blocks)!]) {
    const [{ planned }] = (await withMeasured([plan], new Set(), { ...options, sources })) as [FigurePlan];
    const written = JSON.parse(readFileSync(join(options.out, 'changing-29ms.yaml'), 'utf8'));
    expect(written.arrivals.trace.file).toBe(sources ? `sources/${sources.id}/gaps.csv` : '../own/gaps.csv');
    const at = sources ? 'changing-29ms.yaml' : join(options.out, 'changing-29ms.yaml');
    expect(planned[0]!.command).toContain(`--workload ${at} `);
    expect(receiveSpec(planned[0]!.spec).workload).toMatchObject({ workload: { phases: { length: 4 } } });
  }
});

it('a testbed that has the time runs figure 8 as it is', async () => {
  const blocks = planOf('8');
  const [plan] = await withMeasured([blocks], new Set(), { minutes: 24, dilate: 1, out: folder });
  expect(plan!.figure).toBe(blocks.figure);
  const real = plan!.planned.filter((point) => point.real !== undefined);
  expect(real.map(({ spec }) => [spec.policy, spec.end, spec.sliceNs])).toEqual([
    ['darc', { durationNs: 20e9 }, 100e6],
    ['c-fcfs', { durationNs: 20e9 }, 100e6],
  ]);
});

it('figures share the time: a run of a workload that changes takes that of ten others', async () => {
  const plans = [planOf('3', 'quick'), planOf('8', 'quick')];
  const measured = await withMeasured(plans, new Set(), { minutes: 7, dilate: DILATION, out: folder });
  const seconds = measured.map(({ planned }) => planned.flatMap(({ real }) => (real ? [real.seconds] : [])));
  // 15 points and two that weigh ten each, in 420 s: 12 s for each, and at most 120 s for the two.
  expect(seconds).toEqual([Array(15).fill(expect.closeTo(12, 0)), Array(2).fill(expect.closeTo(118.5, 6))]);
});

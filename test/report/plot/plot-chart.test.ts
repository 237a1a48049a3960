import { describe, expect, it } from 'vitest';
import { plotText, readPlotFile } from '../../../src/cli/plot-file.js';
import { readChecked } from '../../../src/input/read-checked.js';
import { renderChart } from '../../../src/report/charts/render.js';
import { figures } from '../../../src/report/figures/index.js';
import { plotChart } from '../../../src/report/plot/plot-chart.js';
import { type PlotSpec, readPlotSpec, withOptions } from '../../../src/report/plot/plot-spec.js';
import type { Result } from '../../../src/results/result.js';
import { resultOf } from '../results.js';

const read = (text: string) => readChecked(text, 'plot.yaml', readPlotSpec, { scalars: 'text' });
const NUMBERS = {
  SHORT: { serviceNs: 1000, p99: 4, p99_9: 5 },
  LONG: { serviceNs: 100_000, p99: 2, p99_9: 3 },
};
const run = (policy: string, other: Partial<Result> = {}) => resultOf(policy, NUMBERS, other);
const draw = (spec: PlotSpec, results: readonly Result[]) =>
  plotChart(
    results.map((result) => ({ schema: 'psp.point/1' as const, key: '', command: 'psp sim', result })),
    spec,
    'folder',
  );

describe('a specification', () => {
  it.each(figures.map(({ name }) => name))('of figure %s is what psp plot --save-spec writes of it', (name) => {
    const spec = readPlotFile(`figure-${name}`);
    expect(spec.title).toMatch(`Figure ${name}: `);
    expect(read(plotText(spec))).toEqual(spec);
  });

  it.each([
    ['y: p98 sojourn', "plot.yaml:1:4: y: expected a statistic and what of it, such as 'p99.9 slowdown'"],
    ['panels: [{ colour: red }]', 'plot.yaml:1:12: colour: expected one of title, x, y'],
    ['where: load', "plot.yaml:1:8: where: expected a map, found 'load'"],
    ['where: { load: {} }', 'plot.yaml:1:16: load: expected a text, found a map'],
    ['x-range: [5us, 1us]', 'x-range: expected [from, to] that ascend, found [5us, 1us]'],
    ['lines: [{ x: 1, y: 2, label: a }]', 'plot.yaml:1:9: lines: expected either x or y'],
    [
      'lines: [{ y: ten, label: a }]',
      'plot.yaml:1:14: y: expected a number, a duration such as 10us, or a rate such as 2M',
    ],
    ['curves: { darc: { name: DARC, color: red } }', 'plot.yaml:1:38: color: expected a colour of the palette'],
    ['scale: cubic', "scale: expected one of log, linear, found 'cubic'"],
    ['width: 3', "width: expected a size from 100px on, such as 3.3in, 84mm or 600px, found '3'"],
  ])('%s is refused where it stands', (text, said) => expect(() => read(text)).toThrow(said));

  it('gives way to options, in every panel', () => {
    const spec = read(
      'title: A\nwhere: { seed: 1 }\npanels: [{ y: ccdf, title: B, where: { type: SHORT, load: .5 } }]',
    );
    expect(withOptions(spec, { y: 'p50 sojourn', title: 'C', where: { load: ['.9'], type: ['LONG'] } })).toEqual({
      ...{ title: 'C', y: 'p50 sojourn', where: { seed: ['1'], load: ['.9'], type: ['LONG'] } },
      panels: [{ title: 'B', where: {} }],
    });
  });
});

describe('a plot', () => {
  const loads = [0.2, 0.4];
  const sweep = ['darc', 'c-fcfs'].flatMap((policy) => loads.map((load) => run(policy, { load, offeredRps: load })));

  it('has a curve for what has all parts of its key, in the order of the keys', () => {
    const results = [...sweep, run('darc', { load: 0.6, policyParameters: { window: 1000 }, system: 'persephone' })];
    const [panel] = draw(
      read('curves: { c-fcfs: { name: FCFS, color: sky, shape: dots }, darc: DARC }'),
      results,
    ).panels;
    expect(panel!.series.map(({ name, color, shape, points }) => [name, color, shape, points.length])).toEqual([
      ['FCFS', 'sky', 'dots', 2],
      ['DARC', 'darc', undefined, 3],
    ]);
    const only = draw(read('where: { policy: persephone/darc }'), results).panels[0]!.series;
    expect(only.map(({ points }) => points.map(({ x }) => x))).toEqual([[0.6]]);
  });

  it('has panels that differ, and what is above them holds for all', () => {
    const spec = read(`x-range: [0, 1]
where: { policy: c-fcfs }
lines: [{ y: 10, label: objective }]
panels:
  - { title: both, lines: [{ x: .5, label: half }] }
  - { y: p99 sojourn, panel: type, where: { type: [LONG, SHORT] }, scale: linear, y-range: [1us, 1ms] }`);
    const { title, panels } = draw(spec, sweep);
    expect(title).toBe('folder');
    expect(panels.map((panel) => [panel.title, panel.y.scale, panel.y.range, panel.lines![0]!.axis])).toEqual([
      ['both', 'log', undefined, 'x'],
      ...['LONG', 'SHORT'].map((type) => [type, 'linear', [1000, 1e6], 'y']),
    ]);
    expect(panels.map(({ x }) => x.range)).toEqual(Array(3).fill([0, 1]));
    expect(panels.flatMap(({ series }) => series.map(({ name }) => name))).toEqual(Array(3).fill('c-fcfs'));
    expect(panels[1]!.series[0]!.points.map(({ y }) => y)).toEqual([200_000, 200_000]);
  });

  it('refuses a logarithmic axis that begins at 0', () => {
    const said = 'y-range: expected a logarithmic axis to begin above 0, found 0';
    expect(() => draw(read('y-range: [0, 100]'), sweep)).toThrow(said);
    expect(draw(read('{ y-range: [0, 100], scale: linear }'), sweep).panels[0]!.y.range).toEqual([0, 100]);
  });

  it('has an axis for the largest numbers, near to one another or not', () => {
    const far = read('{ y-range: [1, 1.79e308], x-range: [9007199254740993, 9007199254740996] }');
    expect(renderChart(draw(far, sweep))).toContain('<svg');
  });

  it('has a curve for each request type', () => {
    const [panel] = draw({ series: 'type', y: 'p99 slowdown', where: { policy: ['darc'] } }, sweep).panels;
    expect(panel!.series.map(({ name, points }) => [name, points[0]!.y])).toEqual([
      ['all requests', expect.anything()],
      ['SHORT', 4],
      ['LONG', 2],
    ]);
  });

  it('has the cores of a type at the end along x', () => {
    const cores = (count: number): Partial<Result> => ({
      reservations: [{ atNs: 0, groups: [{ types: ['SHORT'], workers: Array<number>(count).fill(0) }] }],
    });
    const results = [run('darc', cores(2)), run('darc', cores(1))];
    const { x, series } = draw({ x: 'cores:SHORT' }, results).panels[0]!;
    expect([x.label, series[0]!.points.map((point) => point.x)]).toEqual(['cores reserved for SHORT', [1, 2]]);
    const chosen: PlotSpec = { x: 'cores:SHORT', curves: { darc: { name: 'DARC', shape: 'dots' } } };
    expect(draw(chosen, [...results, ...results]).panels[0]!.series[0]!.points).toHaveLength(4);
    const { series: over } = draw({ x: 'seed', y: 'cores', where: { type: ['SHORT'] } }, results.slice(0, 1))
      .panels[0]!;
    expect(over[0]!.points).toEqual([{ x: expect.anything(), y: 2 }]);
  });

  it.each<[PlotSpec, string]>([
    [{ x: 'time' }, 'expected a request type: add --where type=NAME'],
    [{ x: 'time', where: { type: ['SHORT'] } }, 'psp sim: the point has no slices: run it with --slice'],
    [{ x: 'time', y: 'throughput', panel: 'type' }, '--x time: expected a statistic or cores as --y'],
    [{ series: 'time' }, 'time: expected it in --x'],
    [{ x: 'type' }, 'type: expected it in --panel, --series or --where'],
    [{ x: 'cores:SHRT' }, "did you mean 'cores:SHORT'?"],
    [{ y: 'cores' }, 'expected a request type: add --where type=NAME'],
    [{ where: { type: ['SHORT', 'LONG'] } }, '--where type: expected one type, or --panel type'],
    [{ where: { policy: ['sjf'] } }, '--where policy: expected one of darc, found sjf'],
  ])('%j is refused', (spec, said) => expect(() => draw(spec, [run('darc', { load: 0.2 })])).toThrow(said));
});

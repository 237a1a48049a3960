/** The pictures are kept as SVG files beside the snapshots, to be looked at. */

import { inflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { Chart, Series } from '../../../src/report/charts/chart.js';
import { chartCsv } from '../../../src/report/charts/chart-csv.js';
import { looks } from '../../../src/report/charts/palette.js';
import { renderChart } from '../../../src/report/charts/render.js';
import { createScale, format } from '../../../src/report/charts/scale.js';
import { svgToPdf } from '../../../src/report/pdf.js';
import { svgToPng } from '../../../src/report/png.js';

const LOADS = [0.2, 0.4, 0.6, 0.8, 0.9, 1];

function slowdowns(name: string, scale: number, lostFrom = 2): Series {
  return {
    name,
    points: LOADS.map((x) => {
      if (x >= lostFrom)
        return {
          x,
          y: null,
          ...(x === 1 ? { failed: 'unstable' } : { failed: 'lost', reason: 'Some got no answer.' }),
        };
      const y = Math.round((100 * (1 + scale * x)) / (1 - 0.9 * x)) / 100;
      return { x, y, low: y / 2, high: x === 0.9 ? null : y * 2 };
    }),
  };
}

const curves: Chart = {
  title: 'Slowdown <p99.9> & "load"',
  caption:
    'Bands are 95 % intervals. A caption is long enough to need more than one line, so that it can be seen ' +
    'that it is broken where a word ends and that it stays within the picture.',
  panels: [
    {
      title: 'overall',
      x: { label: 'load', scale: 'linear', range: [0, 1] },
      y: { label: 'p99.9 slowdown', scale: 'log', range: [1, 100] },
      series: [slowdowns('darc', 2), slowdowns('c-fcfs', 20, 0.9), slowdowns('d-fcfs', 90, 0.8)],
      lines: [
        { axis: 'y', at: 10, label: 'target' },
        { axis: 'x', at: 0.85, label: 'the peak' },
      ],
    },
    {
      title: 'LONG',
      x: { label: 'load', scale: 'linear', unit: 'share' },
      y: { label: 'p99.9 sojourn', scale: 'linear', unit: 'duration' },
      series: ['darc', 'ts:quantum=5us', 'ts:quantum=10us'].map((name, i) => ({
        name,
        points: LOADS.map((x) => ({ x, y: (100 + 300 * (i + 1) * x) * 1000 })),
      })),
    },
  ],
};

const other: Chart = {
  title: 'Other shapes',
  columns: 1,
  panels: [
    {
      x: { label: 'time', scale: 'linear', unit: 'duration' },
      y: { label: 'cores', scale: 'linear' },
      series: [
        { name: 'SHORT', shape: 'step', points: [0, 5, 10].map((s, i) => ({ x: s * 1e9, y: [1, 13, 4][i]! })) },
        { name: 'LONG', shape: 'step', points: [0, 5, 10].map((s, i) => ({ x: s * 1e9, y: [13, 1, 10][i]! })) },
      ],
    },
    {
      x: { label: 'slowdown', scale: 'log' },
      y: { label: 'share above', scale: 'log' },
      series: [
        { name: 'A', shape: 'plain-line', points: [1, 10, 100, 1000].map((x) => ({ x, y: 1 / x })) },
        { name: 'B', shape: 'dots', points: [1, 10, 100, 1000].map((x) => ({ x, y: 0.3 / x })) },
        { name: 'nothing', points: [] },
      ],
    },
  ],
};

describe('a chart', () => {
  it('is drawn with bands, crosses for failures, reference lines and a caption', async () => {
    await expect(renderChart(curves)).toMatchFileSnapshot('__snapshots__/curves.svg');
  });

  it('is drawn with steps, plain lines and dots', async () => {
    await expect(renderChart(other)).toMatchFileSnapshot('__snapshots__/other.svg');
  });

  it('draws no line through or to a point that failed', () => {
    const [panel] = curves.panels;
    const only = { ...curves, panels: [{ ...panel!, series: [panel!.series[1]!] }] };
    const line = /<path d="([^"]*)" fill="none" stroke="#d55e00" stroke-width="1.6"/.exec(renderChart(only))![1]!;
    expect(line.match(/[ML]/g)).toHaveLength(LOADS.filter((load) => load < 0.9).length);
    expect(renderChart(only)).toContain('c-fcfs\nload: 0.9\nlost: Some got no answer.');
  });

  it('gives each dot its own interval, and draws nothing between them', () => {
    const points = [2, 3].map((x) => ({ x, y: 10, low: 5, high: 20 }));
    const axis = { label: '', scale: 'linear' as const };
    const series = [{ name: 'A', shape: 'dots' as const, points }];
    const [, d] = /<path d="([^"]*)" stroke="[^"]*" stroke-opacity/.exec(
      renderChart({ title: '', panels: [{ x: axis, y: axis, series }] }),
    )!;
    expect(d).toMatch(/^M(\S+) \S+L\1 \S+M(\S+) \S+L\2 \S+$/);
  });

  it('parses, whatever its names hold', async () => {
    const named = (text: string) => renderChart({ ...curves, title: text, caption: text });
    const hostile = '<b>&"\u0000\u001b[2J\u202e\ud83d\uffff</b>';
    expect(named(hostile)).not.toMatch(/[^\P{Cc}\n]/u);
    expect((await svgToPng(named(hostile))).length).toBeGreaterThan(1000);
  });

  it('becomes a PNG', async () => {
    const png = await svgToPng(renderChart(other));
    expect([...png.subarray(1, 4)].map((byte) => String.fromCharCode(byte)).join('')).toBe('PNG');
    const view = new DataView(png.buffer, png.byteOffset);
    const [, width] = /width="(\d+)"/.exec(renderChart(other))!;
    // Two pixels for each, as long as the picture is not large.
    expect(view.getUint32(16) / Number(width)).toBeGreaterThan(1);
    expect(view.getUint32(16) * view.getUint32(20)).toBeLessThan(910_000);
  });

  it('becomes a PDF of its size, with text as text and the same bytes each time', async () => {
    const svg = renderChart(other);
    const [, width, height] = /width="([\d.]+)" height="([\d.]+)"/.exec(svg)!;
    const pdf = Buffer.from(await svgToPdf(svg));
    expect(pdf.subarray(0, 5).toString()).toBe('%PDF-');
    const [, ...box] = /MediaBox \[0 0 ([\d.]+) ([\d.]+)\]/.exec(pdf.toString('latin1'))!;
    expect(box.map(Number)).toEqual([Number(width) * 0.75, Number(height) * 0.75]);
    expect(contentOf(pdf)).toMatch(/BT\n[\s\S]*Tj\n/i);
    expect(Buffer.from(await svgToPdf(svg)).equals(pdf)).toBe(true);
    expect((await svgToPdf(renderChart({ ...curves, title: '<b>&"\u0000\ud83d\uffff' }))).length).toBeGreaterThan(1000);
  });

  it('becomes a CSV with what was drawn', () => {
    expect(chartCsv(curves).split('\n').slice(0, 3)).toEqual([
      'panel,series,x,y,ci95_low,ci95_high,failed',
      'overall,darc,0.2,1.71,0.855,3.42,',
      'overall,darc,0.4,2.81,1.405,5.62,',
    ]);
    expect(chartCsv(curves)).toContain('overall,c-fcfs,0.9,,,,lost\noverall,c-fcfs,1,,,,unstable\n');
  });
});

describe('looks', () => {
  const names = ['darc', 'c-fcfs', 'd-fcfs', 'ts', 'darc:delta=1', 'mine', 'shenango'];

  it('are the same for a name whatever else is shown, and all different', () => {
    const all = looks(names);
    expect(new Set([...all.values()].map(({ color }) => color)).size).toBe(names.length);
    for (const name of ['darc', 'c-fcfs', 'd-fcfs', 'ts'])
      expect(looks([name]).get(name)!.color).toBe(all.get(name)!.color);
    expect(looks(['shinjuku/ts']).get('shinjuku/ts')!.color).toBe(all.get('ts')!.color);
    expect(looks(['darc:delta=1', 'darc']).get('darc')!.color).toBe(all.get('darc')!.color);
  });

  it('exist for more names than there are colours', () => {
    const many = Array.from({ length: 20 }, (_, i) => `policy ${i}`);
    const all = [...looks(many).values()];
    expect(new Set(all.slice(0, 14).map(({ color, mark }) => color + mark)).size).toBe(14);
  });
});

describe('an axis', () => {
  it('has round ticks that cover the values', () => {
    const scale = createScale({ label: '', scale: 'linear', unit: 'duration' }, [3e3, 97e3]);
    expect(scale.ticks.map(({ label }) => label)).toEqual(['0', '20us', '40us', '60us', '80us', '100us']);
    expect(scale.place(50e3)).toBe(0.5);
  });

  it('has decades when it is logarithmic, and few when they are many', () => {
    const labels = (values: number[]) =>
      createScale({ label: '', scale: 'log' }, values).ticks.flatMap(({ label }) => label || []);
    expect(labels([1, 950])).toEqual(['1', '10', '100', '1000']);
    expect(labels([3, 17])).toEqual(['2', '5', '10', '20']);
    expect(labels([1e-6, 1e6]).length).toBeLessThanOrEqual(7);
  });

  it('exists for no values, one value and zeros', () => {
    for (const scale of ['linear', 'log'] as const) {
      for (const values of [[], [5], [0], [0, 0]]) {
        const { ticks, place } = createScale({ label: '', scale }, values);
        expect(ticks.length).toBeGreaterThan(1);
        expect(Number.isFinite(place(5))).toBe(true);
      }
    }
  });

  it('writes values with their units', () => {
    expect(format(1.25e6, 'rate')).toBe('1.25M/s');
    expect(format(0.85, 'share')).toBe('85 %');
    expect(format(12_345)).toBe('12.3k');
  });
});

/** The drawing instructions of a PDF, which are deflated. */
function contentOf(pdf: Buffer): string {
  const texts: string[] = [];
  for (let at = pdf.indexOf('stream\n'); at >= 0; at = pdf.indexOf('stream\n', at + 7)) {
    const end = pdf.indexOf('endstream', at);
    if (pdf[at + 7] === 0x78) texts.push(inflateSync(pdf.subarray(at + 7, end)).toString('latin1'));
    at = end;
  }
  return texts.join('\n');
}

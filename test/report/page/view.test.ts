import { describe, expect, it } from 'vitest';
import { chartCsv } from '../../../src/report/charts/chart-csv.js';
import { reportData, type SweptPoint } from '../../../src/report/html/report-data.js';
import { viewOf } from '../../../src/report/view/choices.js';
import { intervalOf, quantityPanel, reservationPanel } from '../../../src/report/view/panels.js';
import { summaryOf } from '../../../src/report/view/sweep-summary.js';
import { point, smallSweep } from './points.js';

function view(points: readonly SweptPoint[], wanted: string | Record<string, string> = '') {
  return viewOf(reportData('sweep', points), new URLSearchParams(wanted));
}

/** The series of the chart as `name: x=y …`. */
function curves(points: readonly SweptPoint[], wanted: string | Record<string, string> = ''): string[] {
  const { panel } = quantityPanel(view(points, wanted));
  return panel.series.map(
    ({ name, points }) => `${name}: ${points.map(({ x, y, failed }) => `${x}=${y ?? failed}`).join(' ')}`,
  );
}

function keysOf(points: readonly SweptPoint[], wanted = ''): string[] {
  return view(points, wanted).choices.map(({ key }) => key);
}

describe('the chart', () => {
  it('shows p99.9 slowdown of all requests over load, and failed points as failed', () => {
    expect(curves(smallSweep())).toEqual(['darc: 0.2=2.2 0.5=2.5 0.8=2.8', 'c-fcfs: 0.2=20 0.5=50 0.8=unstable']);
  });

  it('shows another type, statistic and measure', () => {
    const chosen = { type: 'LONG', statistic: 'p99', measure: 'sojournNs', scale: 'linear' };
    expect(curves(smallSweep(), chosen)[1]).toBe('c-fcfs: 0.2=100000 0.5=250000 0.8=unstable');
    const { panel } = quantityPanel(view(smallSweep(), chosen));
    expect(panel.y).toEqual({ label: 'p99 sojourn', unit: 'duration', scale: 'linear' });
    expect(panel.title).toBe('bimodal: p99 sojourn of LONG');
  });

  it('leaves out what is hidden', () => {
    expect(curves(smallSweep(), 'hide=darc')).toEqual(['c-fcfs: 0.2=20 0.5=50 0.8=unstable']);
    expect(view(smallSweep(), 'hide=darc').names).toEqual(['darc', 'c-fcfs']);
  });

  it('knows the run and the interval of each point', () => {
    const { panel, runs } = quantityPanel(view(smallSweep()));
    const of = panel.series[1]!.points.map((each) => [runs.get(each)!.load, intervalOf(each, 'number')]);
    expect(of).toEqual([
      [0.2, '19.8 to 20.2'],
      [0.5, '49.5 to 50.5'],
      [0.8, ''],
    ]);
  });

  it('becomes a CSV file of what is shown', () => {
    const { panel } = quantityPanel(view(smallSweep(), 'hide=darc'));
    expect(chartCsv({ title: '', panels: [panel] }).split('\n')).toEqual([
      'panel,series,x,y,ci95_low,ci95_high,failed',
      'bimodal: p99.9 slowdown of all requests,c-fcfs,0.2,20,19.8,20.2,',
      'bimodal: p99.9 slowdown of all requests,c-fcfs,0.5,50,49.5,50.5,',
      'bimodal: p99.9 slowdown of all requests,c-fcfs,0.8,,,,unstable',
      '',
    ]);
  });

  it('takes a mistyped address as if the mistake were not in it', () => {
    const wrong = 'workload=none&x=day&type=MEDIUM&statistic=p98&measure=weight&scale=3&point=none&hide=nobody';
    expect(curves(smallSweep(), wrong)).toEqual(curves(smallSweep()));
  });
});

describe('what can be chosen', () => {
  it('is what has more than one value', () => {
    expect(keysOf(smallSweep())).toEqual(['workload', 'x', 'type', 'statistic', 'measure', 'scale']);
    expect(keysOf(smallSweep().slice(0, 6))).toEqual(['x', 'type', 'statistic', 'measure', 'scale']);
  });

  it('is one number of workers on a curve over load, and one load on a curve over workers', () => {
    const points = [8, 14].flatMap((workers) =>
      [0.5, 0.6, 0.9].map((load) => point({ policy: 'darc', load, slowdown: workers + load, other: { workers } })),
    );
    expect(keysOf(points).slice(0, 2)).toEqual(['x', 'workers']);
    expect(curves(points)).toEqual(['darc: 0.5=14.5 0.6=14.6 0.9=14.9']);
    expect(curves(points, 'workers=8')).toEqual(['darc: 0.5=8.5 0.6=8.6 0.9=8.9']);
    expect(keysOf(points, 'x=workers').slice(0, 2)).toEqual(['x', 'load']);
    expect(curves(points, 'x=workers')).toEqual(['darc: 8=8.9 14=14.9']);
    expect(curves(points, 'x=workers&load=0.5')).toEqual(['darc: 8=8.5 14=14.5']);
  });

  it('is the seed when there are several, but not the number of requests of other loads', () => {
    const at = (load: number, options: string) => point({ policy: 'darc', load, slowdown: 1 + load, options });
    const requests = [at(0.5, ' --requests 1000'), at(0.9, ' --requests 2000')];
    expect(keysOf(requests)).not.toContain('requests');
    expect(curves(requests)).toEqual(['darc: 0.5=1.5 0.9=1.9']);
    const seeds = [at(0.5, " --seed 'a b'"), at(0.9, " --seed 'a b'"), at(0.9, ' --seed c')];
    expect(view(seeds).choices.find(({ key }) => key === 'seed')).toMatchObject({
      options: [{ value: 'a b' }, { value: 'c' }],
      value: 'a b',
    });
  });

  it('is a parameter of the policy as the x axis, and first of all when it has the most values', () => {
    const reserved = [0, 1, 2].map((count) =>
      point({
        policy: 'darc-static',
        load: 0.9,
        slowdown: 10 - count,
        other: { policyParameters: { reserved: count } },
      }),
    );
    const points = [...reserved, point({ policy: 'darc', load: 0.9, slowdown: 5 })];
    expect(curves(points)).toEqual(['darc-static: 0=10 1=9 2=8']);
    expect(quantityPanel(view(points)).panel.lines).toEqual([{ axis: 'y', at: 5, label: 'darc: 5' }]);
    expect(curves(points, 'x=load')).toEqual([
      'darc-static:reserved=0: 0.9=10',
      'darc-static: 0.9=9', // the default
      'darc-static:reserved=2: 0.9=8',
      'darc: 0.9=5',
    ]);
  });
});

describe('the data of a page', () => {
  const data = reportData('sweep', smallSweep());

  it('holds the reservation as it changed, not as it was announced', () => {
    expect(data.runs[0]!.reservations).toEqual([
      { atNs: 0, groups: [{ name: 'SHORT+LONG', workers: 14 }] },
      {
        atNs: 2e8,
        groups: [
          { name: 'SHORT', workers: 1 },
          { name: 'LONG', workers: 13 },
        ],
      },
    ]);
    expect(data.runs[0]!.endNs).toBe(1e9);
  });

  it('stays small when a policy changes its mind all the time', () => {
    const [{ key, command, result }] = smallSweep() as [SweptPoint];
    const groups = (n: number) => [{ types: ['SHORT'], workers: Array.from({ length: n + 1 }, (_, i) => i) }];
    const reservations = Array.from({ length: 10_000 }, (_, i) => ({ atNs: i, groups: groups(i % 2) }));
    const many = reportData('x', [{ key, command, result: { ...result, reservations } }]);
    expect(many.runs[0]).toMatchObject({ changesLeftOut: 9700 });
    expect(JSON.stringify(many).length).toBeLessThan(30_000);
  });

  it('says what was swept', () => {
    const summary = Object.fromEntries(summaryOf(reportData('sweep', smallSweep().slice(0, 6))));
    expect(summary).toEqual({
      Workload: 'bimodal',
      Policy: 'darc, c-fcfs',
      Workers: '14',
      Load: '0.2 to 0.8, 3 values',
      Replications: '2',
      Points: '6, of which 1 unstable',
      Version: 'psp 0.1.0',
    });
  });
});

it('stacks the groups of workers over time', () => {
  const [run] = reportData('sweep', smallSweep()).runs;
  const { series, y } = reservationPanel(run!);
  expect(y.range).toEqual([0, 14]);
  expect(series.map(({ name, points }) => [name, points.map(({ x, y, low }) => [x / 1e9, low, y])])).toEqual([
    [
      'SHORT+LONG',
      [
        [0, 0, 14],
        [0.2, 0, 14],
        [0.2, undefined, null],
      ],
    ],
    [
      'SHORT',
      [
        [0, undefined, null],
        [0.2, 0, 1],
        [1, 0, 1],
      ],
    ],
    [
      'LONG',
      [
        [0, undefined, null],
        [0.2, 1, 14],
        [1, 1, 14],
      ],
    ],
  ]);
});

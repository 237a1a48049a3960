import { describe, expect, it } from 'vitest';
import { readPlotFile } from '../../../src/cli/plot-file.js';
import {
  carried,
  orderClaim,
  reservationClaim,
  showCarried,
  showShares,
  showSustained,
  sustained,
} from '../../../src/report/figures/claims.js';
import { figures } from '../../../src/report/figures/index.js';
import { plotChart } from '../../../src/report/plot/plot-chart.js';
import { inShare } from '../../../src/report/plot/plot-spec.js';
import type { Result } from '../../../src/results/result.js';
import { exactDuration } from '../../../src/units/duration.js';
import { distribution, RESERVED, resultOf } from '../results.js';

/** A made-up result with a tail. */
function tail(p99_9: number, other: Partial<Result> = {}): Result {
  const count = 1_000_000;
  const result = resultOf('darc', { SHORT: { count, serviceNs: 1000, p99: p99_9, p99_9 } }, other);
  return {
    ...result,
    overall: { ...result.overall, slowdown: distribution(count, { p99_9 }) },
    ...other,
  };
}

const figure = (name: string) => figures.find((each) => each.name === name)!;

/** The panels of a figure, as its specification says. */
const panelsOf = (name: string, results: readonly Result[], share = 1) => {
  const points = results.map((result) => ({ schema: 'psp.point/1' as const, key: '', command: '', result }));
  return plotChart(points, inShare(readPlotFile(`figure-${name}`), share, exactDuration), '').panels;
};

describe('claims', () => {
  it('a load is sustained up to where the tail first goes beyond, with what the intervals leave open', () => {
    const results = [
      tail(3, { load: 0.2 }),
      tail(9.95, { load: 0.4 }),
      tail(10.05, { load: 0.6 }),
      tail(5, { load: 0.8 }),
    ];
    expect(sustained(results, 10)).toEqual({ load: 0.4, low: 0.2, high: 0.8 });
    expect(showSustained({ load: 0.4, low: 0.2, high: 0.8 })).toBe('0.4 [0.2, 0.8]');
    expect(sustained([tail(11, { load: 0.2 })], 10)).toEqual({ load: 0, low: 0, high: 0 });
    expect(showSustained({ load: 0, low: 0, high: 0 })).toBe('at no load');
  });

  it('what fails ends it, whatever its tail', () => {
    const results = [tail(3, { load: 0.2 }), tail(3, { load: 0.4, outcome: 'unstable' }), tail(3, { load: 0.6 })];
    expect(carried(results)).toEqual({ load: 0.2, fails: 0.4 });
    expect(showCarried(carried(results))).toBe('carries 0.2, fails at 0.4');
    expect(showCarried(carried(results.slice(1)))).toBe('fails at 0.4');
    expect(showCarried(carried(results.slice(0, 1)))).toBe('carries 0.2, the highest tried');
    expect(sustained(results, 10).high).toBe(0.2);
  });

  it('loads that rounding has touched are the loads that were asked for', () => {
    expect(carried([tail(3, { load: 0.9499999999999998 })]).load).toBe(0.95);
  });

  it('an order needs intervals that do not meet, and a result of each', () => {
    const names = [
      ['a', 'A'],
      ['b', 'B'],
    ] as const;
    const order = (a: Result[], b: Result[]) => orderClaim(new Map(Object.entries({ a, b })), names, 0.5);
    const at = { load: 0.5 };
    expect(order([tail(10, at)], [tail(11, at)])).toMatchObject({
      agrees: true,
      found: 'A 10 [9.9, 10.1], B 11 [10.9, 11.1]',
    });
    expect(order([tail(10, at)], [tail(10.1, at)]).agrees).toBe(false);
    expect(order([tail(11, at)], [tail(10, at)]).agrees).toBe(false);
    expect(order([tail(10, at)], [])).toMatchObject({ agrees: false, found: 'A 10 [9.9, 10.1], B missing' });
    // Nothing is as bad as what fails.
    expect(order([tail(10, at)], [tail(3, { ...at, outcome: 'unstable' })]).agrees).toBe(true);
    expect(order([tail(3, { ...at, outcome: 'unstable' })], [tail(10, at)]).agrees).toBe(false);
  });

  it('a reservation is that of most of the loads carried', () => {
    const [other] = RESERVED.map(({ atNs, groups }) => ({ atNs, groups: [...groups].reverse() }));
    const at = (load: number, reservations: Result['reservations']) => tail(3, { load, reservations });
    const results = [
      at(0.5, RESERVED),
      at(0.6, [other!]),
      at(0.7, RESERVED),
      tail(3, { load: 0.9, outcome: 'unstable' }),
    ];
    expect(reservationClaim(results, 'SHORT 1 | LONG 13')).toMatchObject({
      agrees: true,
      found: 'SHORT 1 | LONG 13 in 2, LONG 13 | SHORT 1 in 1 of 3 loads that it carries',
    });
    expect(reservationClaim(results, 'LONG 13 | SHORT 1').agrees).toBe(false);
    expect(reservationClaim(results.slice(0, 2), 'SHORT 1 | LONG 13').agrees).toBe(false);
    expect(reservationClaim([], 'SHORT 1 | LONG 13').agrees).toBe(false);
    expect(showShares(['2', '3', '3'])).toBe('3 in 2, 2 in 1 of 3');
  });
});

describe('figure 1', () => {
  const curve = (policy: string, tails: Record<string, number>) =>
    Object.entries(tails).map(([load, p99_9]) =>
      tail(p99_9, { policy, load: Number(load), offeredRps: Number(load) * 5e6 }),
    );
  const others = [
    ...curve('ts', { 0.5: 2, 0.8: 5, 0.93: 20 }),
    ...curve('c-fcfs', { 0.5: 5, 0.8: 90, 0.93: 200 }),
    ...curve('d-fcfs', { 0.5: 50, 0.8: 900, 0.93: 2000 }),
  ];

  const darc = (last: number, oracle = true) =>
    curve('darc', { 0.5: 2, 0.8: 3, 0.93: last }).map((each) => ({ ...each, policyParameters: { oracle } }));

  it('has DARC at 93 % of the peak or not, and the order of the policies', () => {
    const verdicts = (last: number) =>
      figure('1')
        .claims([...darc(last), ...others])
        .map(({ agrees }) => agrees);
    expect(verdicts(9)).toEqual([true, true, undefined]);
    expect(verdicts(11)).toEqual([false, false, undefined]);
  });

  it('holds no claim against DARC that has to learn the workload, and says what it sustains', () => {
    const claims = figure('1').claims([...darc(9), ...darc(50, false), ...others]);
    expect(claims.map(({ agrees }) => agrees)).toEqual([true, true, undefined]);
    expect(claims.at(-1)!.found).toBe('sustains a load of 0.8');
    const [panel] = panelsOf('1', [...darc(9), ...darc(50, false), ...others]);
    expect(panel!.series.map(({ name }) => name)).toEqual([
      'DARC, workload known',
      'DARC, learning',
      'time sharing',
      'c-FCFS',
      'd-FCFS',
    ]);
  });
});

describe('figure 4a', () => {
  const fixed = (tails: readonly number[]) =>
    tails.map((p99_9, reserved) => {
      const groups = [{ types: ['SHORT'], workers: Array<number>(reserved).fill(0) }];
      return tail(p99_9, {
        policy: 'darc-static',
        policyParameters: { reserved },
        reservations: [{ atNs: 0, groups }],
      });
    });
  const darc = tail(10, { reservations: RESERVED });
  const verdicts = (results: readonly Result[]) =>
    figure('4a')
      .claims(results)
      .map(({ agrees }) => agrees);

  it("compares the best number of cores with DARC's own", () => {
    expect(verdicts([...fixed([20, 10, 15]), darc])).toEqual([true, true]);
    expect(verdicts([...fixed([20, 15, 10]), darc])).toEqual([true, false]);
    // 10 and 10.1 cannot be told apart.
    expect(verdicts([...fixed([20, 10.1, 10]), darc])).toEqual([true, true]);
    expect(verdicts([...fixed([20, 10, 15]), { ...darc, reservations: [] }])).toEqual([false, false]);
  });

  it('does not take failures for values', () => {
    const results = fixed([20, 10, 15]).map((each) => ({ ...each, outcome: 'unstable' as const }));
    expect(verdicts([...results, darc])).toEqual([true, false]);
  });

  it('says in how many runs DARC chose what, and holds machines apart', () => {
    const none = { ...darc, reservations: [] };
    const [claim] = figure('4a').claims([...fixed([20, 10]), darc, darc, none]);
    expect(claim).toMatchObject({ found: '1 in 2, 0 in 1 of 3 runs', agrees: true });
    const ideal = [...fixed([3, 2, 1]), none].map((each) => ({ ...each, system: 'ideal' }));
    expect(verdicts([...fixed([20, 10]), darc, ...ideal])).toEqual([true, true, false, false]);
    expect(panelsOf('4b', [...fixed([20, 10]), darc, ...ideal])[0]!.series.map(({ name }) => name)).toEqual([
      'DARC-static',
      'DARC',
      'DARC-static without costs',
      'DARC without costs',
    ]);
  });
});

describe('figures 5 to 7', () => {
  it('hold the load each system carries against the artifact, within a step', () => {
    const system = (name: string, last: number, p99_9: number) =>
      [0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 1].map((load) =>
        tail(p99_9, { system: name, load, outcome: load > last ? 'unstable' : 'ok' }),
      );
    const verdicts = (shinjuku: number, shenango: number) =>
      figure('7')
        .claims([
          ...system('persephone', 1, 10),
          ...system('shinjuku', shinjuku, 20),
          ...system('shenango', shenango, 30),
        ])
        .map(({ agrees }) => agrees);
    expect(verdicts(0.85, 0.7)).toEqual([true, true, true, true, true]);
    expect(verdicts(0.9, 0.7)).toEqual([true, true, true, false, true]);
    // Shenango does not fail before Shinjuku: it is not told apart where both fail at the same load.
    expect(verdicts(0.85, 0.85)).toEqual([true, false, true, true, false]);
  });

  it('say which systems the artifact shows to about the same load', () => {
    expect(
      figure('6')
        .claims([])
        .map(({ claim }) => claim)[1],
    ).toBe('the load at which each fails: Shenango d-FCFS < Perséphone ≈ Shinjuku ≈ Shenango');
  });
});

describe('figure 8', () => {
  const SLICE_NS = 100e6;
  /** @param cores of each type, that with the shorter mean first */
  const reserving = (seconds: number, cores: Record<string, number>) => ({
    atNs: seconds * 1e9,
    groups: Object.entries(cores).map(([type, count]) => ({ types: [type], workers: Array<number>(count).fill(0) })),
  });

  /** @param shortNs the tail of the short type at a time, in seconds */
  function run(
    policy: string,
    shortNs: (seconds: number) => number,
    reservations: Result['reservations'] = [],
  ): Result {
    const slices = Array.from({ length: 200 }, (_, i) => {
      const isSwapped = i < 50;
      const tailNs = shortNs((i * SLICE_NS) / 1e9);
      const sojournNs = (isShort: boolean) => distribution(10_000, { p99_9: isShort ? tailNs : 200_000 });
      return {
        fromNs: i * SLICE_NS,
        toNs: (i + 1) * SLICE_NS,
        types: [
          { name: 'SHORT', slowdown: distribution(0), sojournNs: sojournNs(!isSwapped) },
          { name: 'LONG', slowdown: distribution(0), sojournNs: sojournNs(isSwapped) },
        ],
      };
    });
    const numbers = { serviceNs: 1000, p99: 1, p99_9: 1 };
    return resultOf(policy, { SHORT: numbers, LONG: numbers }, { slices, reservations });
  }

  const start = reserving(0.2, { LONG: 1, SHORT: 13 });
  const swapped = reserving(5.2, { SHORT: 1, LONG: 13 });
  const rare = reserving(10.1, { SHORT: 2, LONG: 12 });
  const alone = reserving(15.5, { SHORT: 14, LONG: 0 });
  const adapted = [start, swapped, rare, alone];
  const other = run('c-fcfs', () => 90_000);
  const verdicts = (darc: Result) =>
    figure('8')
      .claims([darc, other])
      .map(({ agrees }) => agrees);

  it('has DARC adapted within a second of each change, and shorts recovered', () => {
    // Slow for half a second after each change.
    const recovers = (s: number) => (s % 5 < 0.5 ? 900_000 : 14_000);
    expect(verdicts(run('darc', recovers, adapted))).toEqual([true, true]);
    expect(figure('8').claims([run('darc', recovers, adapted), other])[0]!.found).toBe(
      'SHORT 1 | LONG 13 after 200ms; SHORT 2 | LONG 12 after 100ms; SHORT 14 | LONG 0 after 500ms (one run: ' +
        'no interval)',
    );
  });

  it('gives the range over several runs, and asks all of them', () => {
    const slower = [start, { ...swapped, atNs: 5.3e9 }, rare, alone];
    const runs = (ns: number) => [run('darc', () => 14_000, adapted), run('darc', () => ns, slower), other];
    const claims = figure('8').claims(runs(15_000));
    expect(claims.map(({ agrees }) => agrees)).toEqual([true, true]);
    expect(claims[0]!.found).toContain('SHORT 1 | LONG 13 after 200ms to 300ms;');
    expect(claims[1]!.found).toContain('at most 14us to 15us with DARC, at least 90us without;');
    expect(claims[1]!.found).toContain('(range of 2 runs)');
    expect(
      figure('8')
        .claims(runs(95_000))
        .map(({ agrees }) => agrees),
    ).toEqual([true, false]);
  });

  it('says no when a reservation comes late, not at all, or is not the right one', () => {
    const found = (reservations: Result['reservations']) =>
      figure('8').claims([run('darc', () => 14_000, reservations), other])[0]!;
    expect(found([start, swapped, rare, { ...alone, atNs: 16.1e9 }]).agrees).toBe(false);
    expect(found([start, swapped, rare])).toMatchObject({
      agrees: false,
      found: expect.stringContaining('what it was, where SHORT 14 | LONG 0 is right'),
    });
    const wrong = { ...rare, groups: reserving(0, { SHORT: 3, LONG: 11 }).groups };
    expect(found([start, swapped, wrong, alone])).toMatchObject({
      agrees: false,
      found: expect.stringContaining('SHORT 3 | LONG 11, where SHORT 2 | LONG 12 is right'),
    });
    // Right, but not to stay.
    expect(found([start, swapped, rare, { ...wrong, atNs: 14e9 }, alone]).agrees).toBe(false);
  });

  it('says no when shorts do not stay below those of c-FCFS', () => {
    expect(verdicts(run('darc', (s) => (s === 8 ? 91_000 : 14_000), adapted))).toEqual([true, false]);
    expect(verdicts(run('darc', (s) => (s % 5 < 2 ? 91_000 : 14_000), adapted))).toEqual([true, false]);
    expect(
      figure('8')
        .claims([])
        .map(({ agrees }) => agrees),
    ).toEqual([false, false]);
  });

  it('asks the same of a run whose times are shorter, as shares of its phases', () => {
    const share = 0.01;
    const short = figure('8').inTime!(share);
    const shorter = (result: Result): Result => ({
      ...result,
      reservations: result.reservations.map((entry) => ({ ...entry, atNs: entry.atNs * share })),
      slices: result.slices!.map((each) => ({ ...each, fromNs: each.fromNs * share, toNs: each.toNs * share })),
    });
    const claimsOn = (entries: Result['reservations'], shortNs: (s: number) => number) =>
      short.claims([shorter(run('darc', shortNs, entries)), shorter(other)]);
    const fast = claimsOn(adapted, (s) => (s % 5 < 0.5 ? 900_000 : 14_000));
    expect(fast.map(({ agrees }) => agrees)).toEqual([true, true]);
    expect(fast[0]!.claim).toContain('within 10ms');
    expect(fast[0]!.found).toContain('SHORT 1 | LONG 13 after 2ms; ');
    const slow = claimsOn([start, { ...swapped, atNs: 6.1e9 }, rare, alone], (s) => (s % 5 < 2 ? 91_000 : 14_000));
    expect(slow.map(({ agrees }) => agrees)).toEqual([false, false]);
    const panels = panelsOf('8', [shorter(run('darc', () => 14_000, adapted))], share);
    expect(panels[0]!.lines!.map(({ at }) => at)).toEqual([50e6, 100e6, 150e6]);
  });

  it('draws the changes and the tails of a machine as dots over the simulated steps and curves', () => {
    const both = (result: Result): Result[] => [result, { ...result, world: 'hw' }];
    const panels = panelsOf('8', [...both(run('darc', () => 14_000, adapted)), ...both(other)]);
    const drawn = panels.map(({ series }) => series.map(({ name, shape, world }) => [name, shape, world ?? 'sim']));
    expect(drawn[0]).toEqual([
      ['SHORT', 'step', 'sim'],
      ['LONG', 'step', 'sim'],
      ['SHORT, measured', 'dots', 'hw'],
      ['LONG, measured', 'dots', 'hw'],
    ]);
    expect(drawn[1]).toEqual([
      ['DARC', 'plain-line', 'sim'],
      ['c-FCFS', 'plain-line', 'sim'],
      ['DARC, measured', 'dots', 'hw'],
      ['c-FCFS, measured', 'dots', 'hw'],
    ]);
    expect(panels[0]!.series.map(({ points }) => points.length)).toEqual([5, 5, 5, 5]);
  });

  it('draws the cores to the end, and both tails of every slice', () => {
    const panels = panelsOf('8', [run('darc', () => 14_000, adapted), other]);
    expect(panels.map(({ series }) => series.map(({ points }) => points.length))).toEqual([
      [5, 5],
      [200, 200],
      [200, 200],
    ]);
    expect(panels[0]!.series[0]!.points.at(-1)).toEqual({ x: 20e9, y: 14 });
  });
});

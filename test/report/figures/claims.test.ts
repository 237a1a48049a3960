import { describe, expect, it } from 'vitest';
import type { Result } from '../../../src/metrics/result.js';
import { carried, orderClaim, reservationClaim, showSustained, sustained } from '../../../src/report/figures/claims.js';
import { figures } from '../../../src/report/figures/index.js';
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
    const results = [tail(3, { load: 0.2 }), tail(3, { load: 0.4, unstable: true }), tail(3, { load: 0.6 })];
    expect(carried(results)).toBe(0.2);
    expect(sustained(results, 10).high).toBe(0.2);
  });

  it('loads that rounding has touched are the loads that were asked for', () => {
    expect(carried([tail(3, { load: 0.9499999999999998 })])).toBe(0.95);
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
    expect(order([tail(10, at)], [tail(3, { ...at, unstable: true })]).agrees).toBe(true);
    expect(order([tail(3, { ...at, unstable: true })], [tail(10, at)]).agrees).toBe(false);
  });

  it('a reservation is that at the highest load carried', () => {
    const results = [
      tail(3, { load: 0.5, reservations: RESERVED }),
      tail(3, { load: 0.9, unstable: true, reservations: [] }),
    ];
    expect(reservationClaim(results, 'SHORT 1 | LONG 13')).toMatchObject({
      agrees: true,
      found: 'SHORT 1 | LONG 13 at a load of 0.5; over all loads SHORT 1 | LONG 13: 1 of 1',
    });
    expect(reservationClaim(results, 'SHORT 2 | LONG 12').agrees).toBe(false);
    expect(reservationClaim([], 'SHORT 1 | LONG 13').agrees).toBe(false);
  });
});

describe('figure 1', () => {
  const curve = (policy: string, tails: Record<string, number>, policyParameters = {}) =>
    Object.entries(tails).map(([load, p99_9]) => tail(p99_9, { policy, policyParameters, load: Number(load) }));
  const others = [
    ...curve('ts', { 0.5: 2, 0.8: 5, 0.93: 20 }),
    ...curve('c-fcfs', { 0.5: 5, 0.8: 90, 0.93: 200 }),
    ...curve('d-fcfs', { 0.5: 50, 0.8: 900, 0.93: 2000 }),
  ];

  it('has DARC at 93 % of the peak or not, and the order of the policies', () => {
    const verdicts = (knowing: number, learning: number) =>
      figure('1')
        .claims([
          ...curve('darc', { 0.5: 2, 0.8: 3, 0.93: knowing }, { oracle: true }),
          ...curve('darc', { 0.5: 2, 0.8: 3, 0.93: learning }),
          ...others,
        ])
        .map(({ agrees }) => agrees);
    expect(verdicts(9, 9)).toEqual([true, true, true]);
    expect(verdicts(9, 11)).toEqual([true, true, false]);
    expect(verdicts(11, 9)).toEqual([false, false, true]);
  });
});

describe('figure 4a', () => {
  const fixed = (tails: readonly number[]) =>
    tails.map((p99_9, reserved) => tail(p99_9, { policy: 'darc-static', policyParameters: { reserved } }));
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
    const results = fixed([20, 10, 15]).map((each) => ({ ...each, unstable: true }));
    expect(verdicts([...results, darc])).toEqual([true, false]);
  });
});

describe('figures 5 to 7', () => {
  it('hold the load each system carries against the artifact, within a step', () => {
    const system = (name: string, last: number, p99_9: number) =>
      [0.5, 0.6, last, 1.1].map((load) => tail(p99_9, { system: name, load, unstable: load > last }));
    const claims = (shinjuku: number) =>
      figure('7')
        .claims([...system('persephone', 1, 10), ...system('shinjuku', shinjuku, 20), ...system('shenango', 0.7, 30)])
        .map(({ agrees }) => agrees);
    expect(claims(0.85)).toEqual([true, true, true, true, true]);
    expect(claims(0.9)).toEqual([true, true, true, false, true]);
  });
});

describe('the order in which systems fail', () => {
  const system = (name: string, last: number, first: number) =>
    [0.5, last, first].map((load) => tail(3, { system: name, load, unstable: load >= first }));
  /** Of figure 7: Shenango before Shinjuku before Perséphone. */
  const order = (shenango: [number, number], shinjuku: [number, number]) =>
    figure('7').claims([
      ...system('persephone', 1, 1.1),
      ...system('shinjuku', ...shinjuku),
      ...system('shenango', ...shenango),
    ])[1];

  it('agrees when none carries what one that is to fail later does not', () => {
    expect(order([0.65, 0.7], [0.8, 0.85])).toMatchObject({
      claim: 'the order in which they fail: Shenango < Shinjuku < Perséphone',
      found: 'Shenango < Shinjuku < Perséphone',
      agrees: true,
    });
    expect(order([0.65, 0.85], [0.65, 0.8])!.agrees).toBe(true);
    expect(order([0.8, 0.85], [0.65, 0.7])).toMatchObject({
      found: 'Shinjuku < Shenango < Perséphone',
      agrees: false,
    });
  });
});

describe('figure 8', () => {
  const SLICE_NS = 100e6;
  const reserving = (seconds: number, short: number, long: number) => ({
    atNs: seconds * 1e9,
    groups: [
      { types: ['SHORT'], workers: Array.from({ length: short }, (_, i) => i) },
      { types: ['LONG'], workers: Array.from({ length: long }, (_, i) => short + i) },
    ],
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

  const start = reserving(0, 13, 1);
  const adapted = [start, reserving(5.2, 1, 13), reserving(10.1, 2, 12), reserving(15.5, 14, 0)];
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
      'after 200ms in 1 of 1 runs; after 100ms in 1 of 1 runs; after 500ms in 1 of 1 runs',
    );
    const slower = [...adapted.slice(0, 3), reserving(15.9, 14, 0)];
    const runs = [run('darc', recovers, adapted), run('darc', recovers, slower), other];
    expect(figure('8').claims(runs)[0]).toMatchObject({
      found: 'after 200ms in 2 of 2 runs; after 100ms in 2 of 2 runs; after 500ms to 900ms in 2 of 2 runs',
      agrees: true,
    });
  });

  it('says no when a reservation comes late or not at all', () => {
    const late = [...adapted.slice(0, 3), reserving(16.1, 14, 0)];
    expect(verdicts(run('darc', () => 14_000, late))).toEqual([false, true]);
    expect(verdicts(run('darc', () => 14_000, adapted.slice(0, 3)))).toEqual([false, true]);
    // Announced again is not changed.
    expect(verdicts(run('darc', () => 14_000, [start, reserving(5.2, 13, 1), ...adapted.slice(2)]))[0]).toBe(false);
    // Nor is another one right.
    expect(verdicts(run('darc', () => 14_000, [start, reserving(5.2, 2, 12), ...adapted.slice(2)]))[0]).toBe(false);
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

  it('draws the cores to the end, and both tails of every slice', () => {
    const { panels } = figure('8').chart([run('darc', () => 14_000, adapted), other]);
    expect(panels.map(({ series }) => series.map(({ points }) => points.length))).toEqual([
      [5, 5],
      [200, 200],
      [200, 200],
    ]);
    expect(panels[0]!.series[0]!.points.at(-1)).toEqual({ x: 20e9, y: 14 });
  });
});

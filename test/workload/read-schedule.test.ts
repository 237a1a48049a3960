import { describe, expect, it } from 'vitest';
import { parseWorkload, rebuildWorkload } from '../../src/workload/parse-workload.js';
import { offeredLoad, offeredRps, phaseRateRps } from '../../src/workload/workload.js';

/** The schedule of figure 8, in the form of the artifact. */
const CHANGING = `
- { mean_ns: [100000, 1000], ratios: [0.5, 0.5], rtype: [SHORT, LONG], ptype: MB, duration: 5, uniform: false }
- { mean_ns: [1000, 100000], ratios: [0.95, 0.05], rtype: [SHORT, LONG], ptype: MB, duration: 5, uniform: 1 }
- { mean_ns: [3500], ratios: [1], rtype: [SHORT], ptype: MB, duration: 2.5, rate: 1000 }
`;

describe('a schedule of Perséphone’s client', () => {
  const workload = parseWorkload(CHANGING, 'schedules/sched4.yml');

  it('is a workload whose types are the union over its phases', () => {
    expect([workload.name, workload.types.map(({ name }) => name)]).toEqual(['sched4', ['SHORT', 'LONG']]);
    const seen = workload.phases.map(({ durationNs, ratio, service, arrivals, rateRps }) => [
      durationNs / 1e9,
      ratio,
      service.map(({ meanNs }) => meanNs),
      arrivals.kind,
      rateRps,
    ]);
    expect(seen).toEqual([
      [5, [0.5, 0.5], [100_000, 1000], 'poisson', undefined],
      [5, [0.95, 0.05], [1000, 100_000], 'constant', undefined],
      [2.5, [1, 0], [3500, 1000], 'poisson', 1000],
    ]);
    expect(rebuildWorkload(structuredClone(workload.source)).phases.length).toBe(3);
  });

  it('has UNKNOWN last, which no server classifies', () => {
    const text = '- { mean_ns: [1, 2], ratios: [0.5, 0.5], rtype: [UNKNOWN, GET], duration: 1 }';
    const { types, classified } = parseWorkload(text, 'x.yml');
    expect([types.map(({ name }) => name), classified]).toEqual([['GET', 'UNKNOWN'], 1]);
  });

  it.each([
    ['[]', 'expected phases, found an empty list'],
    ['- { mean_ns: [1], ratios: [0.5, 0.5], rtype: [A, B], duration: 1 }', 'expected 2 numbers, one for each rtype'],
    [
      '- { mean_ns: [1, 2], ratios: [0.5, 0.4], rtype: [A, B], duration: 1 }',
      'expected numbers that sum to 1, found 0.9',
    ],
    ['- { mean_ns: [0, 2], ratios: [0.5, 0.5], rtype: [A, B], duration: 1 }', 'expected a number of ns above 0'],
    ['- { mean_ns: [1], ratios: [1], rtype: [A], duration: 5s }', 'expected a number of seconds above 0'],
    ['- { means: [1], ratios: [1], rtype: [A], duration: 5 }', "found 'means'"],
  ])('%s is refused with its place', (text, said) => {
    expect(() => parseWorkload(text, 'x.yml')).toThrow(said);
    expect(() => parseWorkload(text, 'x.yml')).toThrow(/^x\.yml:1:/);
  });
});

describe('a phase with a rate or a load of its own', () => {
  const ramp = (first: string) =>
    parseWorkload(
      `{ name: ramp, types: [{ name: A, ratio: 1, service: 1us }],
         phases: [{ duration: 1s, ${first} }, { duration: 3s }] }`,
      'ramp.yaml',
    );

  it('is offered that, whatever the run offers in the others', () => {
    const offer = { load: 0.8, workers: 2 };
    expect(ramp('load: 0.2').phases.map((phase) => phaseRateRps(phase, offer))).toEqual([400_000, 1_600_000]);
    expect(offeredLoad(ramp('load: 0.2'), offer, 2)).toBeCloseTo((0.2 + 3 * 0.8) / 4, 12);
    expect(offeredRps(ramp('rate: 100k'), { rateRps: 50_000 })).toBe((100_000 + 3 * 50_000) / 4);
  });

  it('states only one of them; a load needs workers', () => {
    expect(() => ramp('load: 0.2, rate: 5k')).toThrow('expected only one of rate and load, found both');
    expect(() => ramp('rate: fast')).toThrow("found 'fast'");
    expect(() => phaseRateRps(ramp('load: 0.2').phases[0]!, { rateRps: 5 })).toThrow('states a load of its own');
  });
});

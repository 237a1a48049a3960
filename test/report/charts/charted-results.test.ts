import { describe, expect, it } from 'vitest';
import { distributionOf, pointsOf, quantityAxis, seriesOf } from '../../../src/report/charts/charted-results.js';
import { C_FCFS, DARC, resultOf } from '../results.js';

const SHORT = { type: 'SHORT', metric: 'slowdown', statistic: 'p99_9' } as const;
const load = (result: { load: number | null }) => result.load!;

describe('results as points of a chart', () => {
  it('come by ascending x, with their intervals', () => {
    const [first, second] = pointsOf([DARC, { ...C_FCFS, load: 0.1 }], load, SHORT);
    expect(first).toEqual({ x: 0.1, y: 95.4, low: 95.4 * 0.99, high: 95.4 * 1.01 });
    expect(second).toMatchObject({ x: 0.8, y: 4.25 });
  });

  it('have no value where the run failed', () => {
    expect(pointsOf([{ ...DARC, outcome: 'unstable' }], load, SHORT)).toEqual([
      { x: 0.8, y: null, failed: 'unstable' },
    ]);
  });

  it('keep an interval without a bound as such', () => {
    const few = resultOf('darc', { SHORT: { count: 100, serviceNs: 1000, p99: 2, p99_9: 3 } });
    expect(pointsOf([few], load, SHORT)[0]).toMatchObject({ y: 3, high: null });
  });

  it('leave out results without the type', () => {
    expect(pointsOf([DARC], load, { ...SHORT, type: 'SCAN' })).toEqual([]);
    expect(distributionOf(DARC, { ...SHORT, type: 'SCAN' })).toBeUndefined();
  });

  it('take all requests together without a type, and sojourn when asked for', () => {
    const overall = { metric: 'sojournNs', statistic: 'p99' } as const;
    expect(distributionOf(DARC, overall)).toBe(DARC.overall.sojournNs);
    expect(quantityAxis(overall, 'log')).toEqual({ label: 'p99 sojourn', unit: 'duration', scale: 'log' });
    expect(quantityAxis(SHORT, 'linear', [0, 10])).toMatchObject({ label: 'p99.9 slowdown', range: [0, 10] });
  });

  it('make a series per name, in the order in which the names come', () => {
    const named = ({ policy }: { policy: string }) => ({ name: policy.toUpperCase(), color: policy });
    const results = [DARC, C_FCFS, { ...DARC, load: 0.5 }];
    const series = seriesOf(results, named, (own) => pointsOf(own, load, SHORT));
    expect(series.map(({ name, color }) => [name, color])).toEqual([
      ['DARC', 'darc'],
      ['C-FCFS', 'c-fcfs'],
    ]);
    expect(series[0]!.points.map(({ x }) => x)).toEqual([0.5, 0.8]);
  });
});

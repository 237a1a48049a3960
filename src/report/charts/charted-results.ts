/** Results as series of points: shared by figures and the report page. */

import { failureOf, type Judged } from '../../results/outcome-schema.js';
import type { DistributionSummary, Result, Statistic, TypeResult } from '../../results/result.js';
import type { Axis, ChartPoint, Series } from './chart.js';

/** The part of a result that a chart needs. */
export type Charted = Judged & {
  readonly overall: Result['overall'];
  readonly types: readonly Pick<TypeResult, 'name' | 'slowdown' | 'sojournNs'>[];
};

/** The quantity of a result that is shown. */
export interface ChartedQuantity {
  /** Name of a request type; undefined for all requests together. */
  readonly type?: string;
  readonly metric: 'slowdown' | 'sojournNs';
  readonly statistic: Statistic;
}

/** Undefined when the result has no such type, or nothing was measured of it. */
export function distributionOf(result: Charted, { type, metric }: ChartedQuantity): DistributionSummary | undefined {
  const of = type === undefined ? result.overall : result.types.find(({ name }) => name === type);
  return of && of[metric].count > 0 ? of[metric] : undefined;
}

export function quantityAxis(
  { metric, statistic }: ChartedQuantity,
  scale: Axis['scale'],
  range?: Axis['range'],
): Axis {
  return {
    label: `${statistic.replace('_', '.')} ${metric === 'slowdown' ? 'slowdown' : 'sojourn'}`,
    unit: metric === 'slowdown' ? 'number' : 'duration',
    scale,
    ...(range && { range }),
  };
}

/** One point per result, by ascending x. A result whose outcome is not ok has no value. */
export function pointsOf<R extends Charted>(
  results: readonly R[],
  x: (result: R) => number,
  quantity: ChartedQuantity,
): ChartPoint[] {
  const points = results.flatMap((result): ChartPoint[] => {
    const failed = failureOf(result);
    if (failed) {
      const { reason } = result;
      return [{ x: x(result), y: null, failed, ...(reason !== undefined && { reason }) }];
    }
    const distribution = distributionOf(result, quantity);
    if (!distribution) return [];
    const [low, high] = distribution.ci95[quantity.statistic]!;
    return [{ x: x(result), y: distribution[quantity.statistic], low, high }];
  });
  return points.sort((a, b) => a.x - b.x);
}

/** One series per name, in the order in which the names come. */
export function seriesOf<R = Result>(
  results: readonly R[],
  name: (result: R) => { readonly name: string; readonly color: string },
  points: (results: readonly R[]) => ChartPoint[],
): Series[] {
  const groups = new Map<string, { color: string; results: R[] }>();
  for (const result of results) {
    const { name: key, color } = name(result);
    const group = groups.get(key) ?? { color, results: [] };
    group.results.push(result);
    groups.set(key, group);
  }
  return [...groups].map(([key, group]) => ({ name: key, color: group.color, points: points(group.results) }));
}

/**
 * The same; where both worlds are there, the measured points are dots over the simulated curves, in the same colour.
 */
export function seriesByWorld<R>(
  results: readonly R[],
  name: (result: R) => { readonly name: string; readonly color: string },
  world: (result: R) => Result['world'],
  points: (results: readonly R[]) => ChartPoint[],
): Series[] {
  const measured = results.filter((result) => world(result) === 'hw');
  const simulated = results.filter((result) => world(result) !== 'hw');
  if (measured.length === 0 || simulated.length === 0) return seriesOf(results, name, points);
  const nameMeasured = (result: R) => ({ ...name(result), name: `${name(result).name}, measured` });
  return [
    ...seriesOf(simulated, name, points),
    ...seriesOf(measured, nameMeasured, points).map((series): Series => ({ ...series, shape: 'dots', world: 'hw' })),
  ];
}

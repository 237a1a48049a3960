/** Charts of a report page. */

import type { ChartPoint, Panel, ReferenceLine, Series } from '../charts/chart.js';
import { pointsOf, quantityAxis, seriesOf } from '../charts/charted-results.js';
import { bound } from '../charts/panel.js';
import { format } from '../charts/scale.js';
import type { View } from './choices.js';
import type { ShownRun } from './data.js';

export interface QuantityPanel {
  readonly panel: Panel;
  /** The run behind each of its points. */
  readonly runs: ReadonlyMap<ChartPoint, ShownRun>;
}

/** The chart of what was chosen. Runs without a value on the x axis are lines across it. */
export function quantityPanel({ runs, hidden, x, quantity, scale, workload }: View): QuantityPanel {
  const behind = new Map<ChartPoint, ShownRun>();
  const pointOf = (run: ShownRun): ChartPoint[] => {
    const points = pointsOf([run], (each) => x.of(each) ?? 0, quantity);
    for (const point of points) behind.set(point, run);
    return points;
  };
  const shown = runs.filter((run) => !hidden.has(x.series(run)));
  const placed = shown.filter((run) => x.of(run) !== undefined);
  const name = (run: ShownRun) => ({ name: x.series(run), color: x.series(run) });
  const series = seriesOf(placed, name, (of) => of.flatMap(pointOf).sort((a, b) => a.x - b.x));
  const y = quantityAxis(quantity, scale);
  const lines = shown
    .filter((run) => x.of(run) === undefined)
    .flatMap((run) => pointsOf([run], () => 0, quantity).map((point) => ({ run, at: point.y })))
    .flatMap(({ run, at }): ReferenceLine[] =>
      at === null ? [] : [{ axis: 'y', at, label: `${x.series(run)}: ${format(at, y.unit)}` }],
    );
  const panel: Panel = {
    title: `${workload}: ${y.label} of ${quantity.type ?? 'all requests'}`,
    x: { label: x.label, scale: 'linear', unit: x.unit },
    y,
    series,
    ...(lines.length > 0 && { lines }),
  };
  return { panel, runs: behind };
}

/** The interval of a point as `1.5 to 1.7`; empty for a point without value. */
export function intervalOf({ y, low, high }: ChartPoint, unit: Panel['y']['unit']): string {
  return y === null || low === undefined ? '' : `${bound(low, unit, 'unknown')} to ${bound(high, unit, 'unbounded')}`;
}

/** The workers of each group over the time of a run, stacked. */
export function reservationPanel({ reservations, endNs, workers }: ShownRun): Panel {
  const names = [...new Set(reservations.flatMap(({ groups }) => groups.map(({ name }) => name)))];
  return {
    x: {
      label: 'time',
      scale: 'linear',
      unit: 'duration',
      range: [0, Math.max(endNs, reservations.at(-1)?.atNs ?? 0)],
    },
    y: { label: 'workers', scale: 'linear', range: [0, workers] },
    series: names.map((name): Series => ({ name, shape: 'plain-line', points: layer(name, reservations, endNs) })),
  };
}

/** The upper edge of a group's workers, with the lower edge as its `low`: the band between them is the group's. */
function layer(name: string, reservations: ShownRun['reservations'], endNs: number): ChartPoint[] {
  return reservations.flatMap(({ atNs, groups }, i): ChartPoint[] => {
    const until = reservations[i + 1]?.atNs ?? Math.max(endNs, atNs);
    const place = groups.findIndex((group) => group.name === name);
    if (place < 0) return [{ x: atNs, y: null }];
    const low = groups.slice(0, place).reduce((sum, group) => sum + group.workers, 0);
    const y = low + groups[place]!.workers;
    return [atNs, until].map((x) => ({ x, y, low, high: y }));
  });
}

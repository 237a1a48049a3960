import { csvOf } from '../../results/csv-cells.js';
import type { Chart } from './chart.js';

/**
 * The data of a chart, one row per point, in base units (ns, shares, requests per second); empty when there is no
 * value.
 */
export function chartCsv({ panels }: Chart): string {
  const rows = panels.flatMap((panel) =>
    panel.series.flatMap(({ name, points }) =>
      points.map(({ x, y, low, high, failed }) => [panel.title ?? '', name, x, y, low, high, failed]),
    ),
  );
  const header = ['panel', 'series', 'x', 'y', 'ci95_low', 'ci95_high', 'failed'];
  return csvOf([header, ...rows]);
}

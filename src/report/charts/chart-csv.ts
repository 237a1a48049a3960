import { csvOf } from '../../results/csv-cells.js';
import type { Chart } from './chart.js';

/**
 * The data of a chart, one row per point, in base units (ns, shares, requests per second); empty when there is no
 * value. Where measured points are beside simulated ones, there is the column `world`.
 */
export function chartCsv({ panels }: Chart): string {
  const hasWorlds = panels.some(({ series }) => series.some(({ world }) => world !== undefined));
  const rows = panels.flatMap((panel) =>
    panel.series.flatMap(({ name, points, world = 'sim' }) =>
      points.map(({ x, y, low, high, failed }) => [
        ...[panel.title ?? '', name, x, y, low, high, failed],
        ...(hasWorlds ? [world] : []),
      ]),
    ),
  );
  const header = ['panel', 'series', 'x', 'y', 'ci95_low', 'ci95_high', 'failed', ...(hasWorlds ? ['world'] : [])];
  return csvOf([header, ...rows]);
}

/** Curves of a run: the share of requests that is worse than a slowdown. */

import { KnownValues, type Recorded } from '../metrics/histogram.js';
import type { Panel, Series } from '../report/charts/chart.js';

/** More points of a curve could not be seen. */
const MOST_POINTS = 160;

/** The share of requests with a larger slowdown, at each slowdown (complementary distribution function). */
export function tailOf(name: string, color: string, slowdowns: Recorded): Series {
  const { groups, count } = new KnownValues(slowdowns);
  const step = Math.max(1, Math.ceil(groups.length / MOST_POINTS));
  let beyond = count;
  const points = groups.map(({ high, count: here }) => {
    beyond -= here;
    return { x: Math.max(1, high), y: beyond / count };
  });
  const shown = points.filter(({ y }, i) => y > 0 && (i % step === 0 || i >= points.length - step));
  return { name, color, shape: 'plain-line', points: shown };
}

export function tailPanel(type: string, series: readonly Series[]): Panel {
  return {
    title: type,
    x: { label: 'slowdown', scale: 'log' },
    y: { label: 'share that is worse', scale: 'log', unit: 'share' },
    series,
  };
}

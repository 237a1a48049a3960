import type { Chart, ChartPoint, Panel, Series } from './chart.js';

/** The sojourns of the requests of one type in both worlds, ns, ascending. */
export interface ComparedSojourns {
  readonly type: string;
  readonly a: Float64Array;
  readonly b: Float64Array;
}

/** Points of a curve: more could not be seen. */
const POINTS = 160;

/**
 * Two worlds as distributions: for each type the share of requests that took longer (the complementary distribution
 * function, on log axes, which show the tail), and a quantile–quantile panel, where equal distributions lie on the
 * diagonal.
 */
export function comparedChart(
  title: string,
  [a, b]: readonly [a: string, b: string],
  types: readonly ComparedSojourns[],
): Chart {
  const tails = types.map(
    (type): Panel => ({
      title: type.type,
      x: { label: 'sojourn', scale: 'log', unit: 'duration' },
      y: { label: 'share of requests that took longer', scale: 'log', unit: 'share' },
      series: [tail(a, 'c-fcfs', type.a), tail(b, 'darc', type.b)],
    }),
  );
  const known = types.filter((type) => type.a.length > 0 && type.b.length > 0);
  const quantiles: Panel = {
    title: 'quantile against quantile',
    x: { label: b, scale: 'log', unit: 'duration' },
    y: { label: a, scale: 'log', unit: 'duration' },
    series: [
      diagonal(known),
      ...known.map((type): Series => ({ name: type.type, shape: 'plain-line', points: pairs(type) })),
    ],
  };
  return {
    title,
    caption: `Left: how long requests took, ${a} and ${b}. Right: the same quantile in both, equal on the line.`,
    panels: [...tails, quantiles],
  };
}

/** The share of values above x, at values spread evenly over the logarithm of that share. */
function tail(name: string, color: string, sorted: Float64Array): Series {
  const points = ranks(sorted.length).map(
    (beyond): ChartPoint => ({ x: sorted[sorted.length - beyond]!, y: beyond / sorted.length }),
  );
  return { name, color, shape: 'plain-line', points };
}

/** Whole numbers from the count down to one, spread evenly on a logarithmic scale. */
function ranks(count: number): number[] {
  if (count === 0) return [];
  const steps = Array.from({ length: POINTS }, (_, i) => Math.round(count ** (1 - i / (POINTS - 1))));
  return [...new Set(steps)];
}

function pairs({ a, b }: ComparedSojourns): ChartPoint[] {
  const most = Math.min(a.length, b.length);
  const at = (sorted: Float64Array, share: number) => sorted[Math.max(0, Math.ceil(sorted.length * (1 - share)) - 1)]!;
  return ranks(most).map((beyond) => ({ x: at(b, beyond / most), y: at(a, beyond / most) }));
}

function diagonal(types: readonly ComparedSojourns[]): Series {
  const ends = types.flatMap(({ a, b }) => [a[0]!, b[0]!, a.at(-1)!, b.at(-1)!]);
  const points = types.length === 0 ? [] : [Math.min(...ends), Math.max(...ends)].map((x): ChartPoint => ({ x, y: x }));
  return { name: 'equal', color: 'ps', shape: 'plain-line', points };
}

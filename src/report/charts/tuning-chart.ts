import type { Sensitivity, Tuning } from '../../results/tuning-schema.js';
import { parseDuration } from '../../units/duration.js';
import { formatRate } from '../../units/rate.js';
import type { Axis, Chart, ChartPoint, Panel } from './chart.js';

/** How much each parameter matters: a panel for each, with the others as the best has them. */
export function tuningChart({ title, workers, offeredRps, slos, ranges, sensitivity, best }: Tuning): Chart {
  return {
    title: `${best?.policy ?? ''}: ${title}, ${workers} workers, ${formatRate(offeredRps)}`,
    caption:
      `The objective with the least room, as a share of its bound; below 1 it is met: ${slos.join('; ')}. Each ` +
      'parameter by itself, with the others as the best has them. Band: 95 % confidence.',
    panels: sensitivity.map((each, i) => panelOf(each, ranges[i]!, best?.values[each.key])),
  };
}

function panelOf({ key, values }: Sensitivity, range: Tuning['ranges'][number], best: string | undefined): Panel {
  const numbers = values.map(({ value }) => numberOf(value));
  const areNumbers = numbers.every(Number.isFinite);
  // Words stand side by side, in their order.
  const places = areNumbers ? numbers : values.map((_, i) => i + 1);
  const words = areNumbers ? '' : ` (${values.map(({ value }, i) => `${i + 1}: ${value}`).join(', ')})`;
  const isDuration = areNumbers && values.some(({ value }) => !Number.isFinite(Number(value)));
  const isLog = areNumbers && 'scale' in range && range.scale === 'log';
  const x: Axis = {
    label: `${key}${words}`,
    scale: isLog ? 'log' : 'linear',
    ...(isDuration && { unit: 'duration' as const }),
  };
  const points = values.map(({ judgement }, i): ChartPoint => {
    const { value, low, high, bound, reason } = judgement;
    if (reason !== undefined && reason !== 'dropped') return { x: places[i]!, y: null, failed: reason };
    const share = (of: number | null) => (of === null ? null : of / bound);
    return { x: places[i]!, y: share(value), low: share(low), high: share(high) };
  });
  const bestAt = places[values.findIndex(({ value }) => value === best)];
  return {
    title: key,
    x,
    y: { label: 'share of the bound', scale: 'log' },
    series: [
      {
        name: 'objective with the least room',
        shape: areNumbers ? 'line' : 'dots',
        points: points.sort((a, b) => a.x - b.x),
      },
    ],
    lines: [
      { axis: 'y', at: 1, label: 'bound' },
      ...(bestAt === undefined ? [] : [{ axis: 'x' as const, at: bestAt, label: 'best' }]),
    ],
  };
}

/** The number that a typed value stands for, durations in ns; NaN for a word. */
function numberOf(text: string): number {
  if (text !== '' && Number.isFinite(Number(text))) return Number(text);
  try {
    return parseDuration(text);
  } catch {
    return Number.NaN;
  }
}

import { formatDuration } from '../../units/duration.js';
import { roundDown, roundUp } from '../../units/round-steps.js';
import type { Axis, Panel, Unit } from './chart.js';

export interface Tick {
  readonly value: number;
  /** Empty for a minor tick. */
  readonly label: string;
}

/** An axis with its range known. */
export interface Scale {
  /** Returns where a value lies: 0 at the beginning of the axis, 1 at its end, less or more when it is out of range. */
  place(value: number): number;
  readonly ticks: readonly Tick[];
  readonly from: number;
  readonly to: number;
}

/** More labels than this do not fit. */
const MOST_TICKS = 7;
/** Powers of ten with labels on a logarithmic axis, when there is room for them. */
const MOST_DECADES = 6;

/** @param values that must fit, when the axis has no range */
export function createScale(axis: Axis, values: readonly number[]): Scale {
  return axis.scale === 'log' ? logScale(axis, values) : linearScale(axis, values);
}

function linearScale({ range, unit = 'number' }: Axis, values: readonly number[]): Scale {
  const [low, high] = range ?? spread(values, 0, 1);
  const step = roundUp((high - low) / MOST_TICKS);
  const from = range ? low : Math.floor(low / step + 1e-9) * step;
  const to = range ? high : Math.ceil(high / step - 1e-9) * step;
  const first = Math.ceil(from / step - 1e-9);
  // Counted, because where values are large and near to one another, one more than the first is the first.
  const more = Math.floor(to / step + 1e-9) - first;
  const ticks = Array.from({ length: Math.max(0, Math.min(more, 2 * MOST_TICKS) + 1) || 0 }, (_, i): Tick => {
    const value = Number(((first + i) * step).toPrecision(12));
    return { value, label: format(value, unit) };
  });
  return { place: (value) => (value - from) / (to - from), ticks, from, to };
}

function logScale({ range, unit = 'number' }: Axis, values: readonly number[]): Scale {
  const [low, high] =
    range ??
    spread(
      values.filter((value) => value > 0),
      1,
      10,
    );
  const from = range ? low : roundDown(low);
  const to = range ? high : roundUp(high);
  const ticks: Tick[] = [];
  const decades = Math.log10(to / from);
  const every = Math.ceil(decades / MOST_DECADES);
  for (let power = Math.floor(Math.log10(from) + 1e-9); power <= Math.log10(to) + 1e-6; power++) {
    for (let digit = 1; digit < 10; digit++) {
      const value = digit * 10 ** power;
      if (value < from * 0.999999 || value > to * 1.000001) continue;
      if (digit > 1 && every > 1) continue;
      const labelled = digit === 1 ? power % every === 0 : decades < 1.5 && (digit === 2 || digit === 5);
      ticks.push({ value, label: labelled ? format(value, unit) : '' });
    }
  }
  const length = Math.log(to / from);
  return { place: (value) => (value > 0 ? Math.log(value / from) / length : -1), ticks, from, to };
}

/** Least and greatest, never the same. */
function spread(values: readonly number[], low: number, high: number): [number, number] {
  const known = values.filter(Number.isFinite);
  if (known.length === 0) return [low, high];
  const least = Math.min(...known);
  const most = Math.max(...known);
  if (most > least) return [least, most];
  return least === 0 ? [0, 1] : [Math.min(least / 2, least * 2), Math.max(least / 2, least * 2)];
}

/** A value with its unit for people: `10us`, `1.2M/s`, `85 %`, `1000`. */
export function format(value: number, unit: Unit = 'number'): string {
  if (unit === 'duration') return value === 0 ? '0' : formatDuration(value);
  if (unit === 'share') return `${short(value * 100)} %`;
  return unit === 'rate' ? `${withPrefix(value)}/s` : withPrefix(value);
}

function withPrefix(value: number): string {
  const magnitude = Math.abs(value);
  if (magnitude >= 999_500) return `${short(value / 1e6)}M`;
  if (magnitude >= 9995) return `${short(value / 1e3)}k`;
  return magnitude > 0 && magnitude < 0.001 ? value.toExponential().replace('e-', 'e−') : short(value);
}

function short(value: number): string {
  return Math.abs(value) >= 999.5 ? value.toFixed(0) : String(Number(value.toPrecision(3)));
}

/** All values that the axis of a panel has to show. */
export function valuesOn(panel: Panel, axis: 'x' | 'y'): number[] {
  const values = (panel.lines ?? []).filter((line) => line.axis === axis).map(({ at }) => at);
  for (const { points } of panel.series) {
    for (const { x, y, low, high } of points) {
      if (axis === 'x') values.push(x);
      else if (y !== null) values.push(y, low ?? y, high ?? y);
    }
  }
  return values;
}

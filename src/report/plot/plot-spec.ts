/**
 * The specification of a plot, as a person writes it: the options of `psp plot`, and what only a file says, such as
 * several panels that differ. docs/report.md describes it.
 */

import { type Checker, type Field, oneOf, show } from '../../input/checker.js';
import { anything, list, optional, prose, text } from '../../input/fields.js';
import { STATISTIC_NAMED } from '../../results/result.js';
import { parseDuration } from '../../units/duration.js';
import { lookUp } from '../../units/names.js';
import { parseRate } from '../../units/rate.js';
import type { Axis } from '../charts/chart.js';
import type { ChartedQuantity } from '../charts/charted-results.js';
import { isPaletteName } from '../charts/palette.js';

/** Of one panel, or of all. */
export interface PanelSpec {
  readonly title?: string | false;
  readonly x?: string;
  readonly y?: string;
  readonly series?: string;
  readonly panel?: string;
  readonly where?: Where;
  readonly scale?: Axis['scale'];
  readonly 'x-range'?: Ends;
  readonly 'y-range'?: Ends;
  readonly lines?: readonly LineSpec[];
}

/** The values that a point may have, by key. */
export type Where = Readonly<Record<string, readonly string[]>>;

/** Each as in {@link axisValue}. */
type Ends = readonly [from: string, to: string];

/** A line across the panel, at a value of x or of y. */
export interface LineSpec {
  readonly x?: string;
  readonly y?: string;
  readonly label: string;
}

/** How the series is drawn whose value has all parts of its key: `darc` stands for `persephone/darc:window=1000`. */
export interface CurveSpec {
  readonly name: string;
  /** Of the palette, or a policy whose colour it shares. */
  readonly color?: string;
  readonly shape?: 'line' | 'dots';
}

export interface PlotSpec extends PanelSpec {
  readonly caption?: string;
  readonly columns?: string;
  readonly width?: string;
  /** In the order of the legend. */
  readonly curves?: Readonly<Record<string, string | CurveSpec>>;
  /** What differs from the keys above. */
  readonly panels?: readonly PanelSpec[];
}

/** What is drawn over x. */
export type Drawn =
  | { readonly kind: 'quantile'; readonly quantity: Omit<ChartedQuantity, 'type'> }
  /** The share of requests that took at least this long; x is then the time or the slowdown. */
  | { readonly kind: 'ccdf'; readonly metric: ChartedQuantity['metric'] }
  /** Workers reserved for a type. */
  | { readonly kind: 'cores' }
  | { readonly kind: 'field'; readonly field: 'throughput' | 'utilisation' };

/** What a plot shows that is not told otherwise. */
export const PLOT_DEFAULTS = { x: 'load', y: 'p99.9 slowdown', series: 'policy', scale: 'log' } as const;

export const SCALES: readonly Axis['scale'][] = ['log', 'linear'];

/** The specification with these values in place of its own, in every panel. */
export function withOptions({ panels, ...spec }: PlotSpec, { where, ...given }: PlotSpec): PlotSpec {
  const { title: _, ...ofPanels } = given;
  const own = (panel: PanelSpec): PanelSpec => ({
    ...without(panel, ofPanels),
    ...(panel.where && { where: without(panel.where, where ?? {}) }),
  });
  return {
    ...spec,
    ...given,
    ...((spec.where || where) && { where: { ...spec.where, ...where } }),
    ...(panels && { panels: panels.map(own) }),
  };
}

function without<T extends object>(from: T, keys: object): T {
  return Object.fromEntries(Object.entries(from).filter(([key]) => !Object.hasOwn(keys, key))) as T;
}

/** The same for runs whose times are shorter: lines at times move. */
export function inShare(spec: PlotSpec, share: number, show: (ns: number) => string): PlotSpec {
  const moved = ({ x, ...line }: LineSpec) => ({ ...line, ...(x && { x: show(axisValue(x) * share) }) });
  const withMoved = (key: string, value: unknown) => (key === 'lines' ? (value as LineSpec[]).map(moved) : value);
  return JSON.parse(JSON.stringify(spec, withMoved));
}

/** Reads `p99 sojourn`, `ccdf`, … @throws Error */
export function drawnOf(words: string): Drawn {
  const asked = words.trim().toLowerCase();
  if (asked === 'cores') return { kind: 'cores' };
  if (asked === 'throughput' || asked === 'utilisation') return { kind: 'field', field: asked };
  const metricOf = (word: string | undefined): 'slowdown' | 'sojournNs' =>
    word === undefined || word === 'slowdown' ? 'slowdown' : 'sojournNs';
  const ccdf = /^ccdf(?: (slowdown|sojourn|latency))?$/.exec(asked);
  if (ccdf) return { kind: 'ccdf', metric: metricOf(ccdf[1]) };
  const [, name, metric] = /^(\S+) (slowdown|sojourn|latency)$/.exec(asked) ?? [];
  const statistic = name === undefined ? undefined : lookUp(STATISTIC_NAMED, name);
  if (statistic) return { kind: 'quantile', quantity: { metric: metricOf(metric), statistic } };
  throw new Error(
    `expected a statistic and what of it, such as 'p99.9 slowdown' or 'mean sojourn' ` +
      `(${Object.keys(STATISTIC_NAMED).join(', ')}), or ccdf, throughput, utilisation, cores, found '${words}'`,
  );
}

/** A value of an axis, such as `0.5`, `10us` or `2M`, in base units. @throws Error */
export function axisValue(words: string): number {
  const value = words.trim() === '' ? Number.NaN : Number(words);
  if (Number.isFinite(value)) return value;
  for (const parse of [parseDuration, parseRate]) {
    try {
      return parse(words);
    } catch {
      // Perhaps it is of the other kind.
    }
  }
  throw new Error(`expected a number, a duration such as 10us, or a rate such as 2M, found '${words}'`);
}

/** Of CSS: an inch has 96 px. */
const PIXELS: Readonly<Record<string, number>> = { in: 96, cm: 96 / 2.54, mm: 96 / 25.4, px: 1 };

/** The width of a picture, px. @throws Error */
export function pictureWidth(words: string): number {
  const [, number, unit] = /^([\d.]+)\s*(in|cm|mm|px)$/.exec(words.trim()) ?? [];
  const width = Number(number) * PIXELS[unit ?? '']!;
  if (width >= 100 && width <= 10_000) return Math.round(width * 100) / 100;
  throw new Error(`expected a size from 100px on, such as 3.3in, 84mm or 600px, found '${words}'`);
}

/** Panels side by side. @throws Error */
export function columnsOf(words: string): number {
  if (/^[1-9]\d?$/.test(words)) return Number(words);
  throw new Error(`expected a whole number from 1 to 99, found '${words}'`);
}

/** A text that the parser accepts. */
function readBy(parse: (words: string) => unknown): Field<string> {
  return (input) => {
    const words = text(input);
    parse(words);
    return words;
  };
}

function choice<T extends string>(values: readonly T[]): Field<T> {
  return (input) => {
    if (!values.includes(input as T)) throw new Error(`expected ${oneOf(values)}, found ${show(input)}`);
    return input as T;
  };
}

const axisText = readBy(axisValue);

function ends(input: unknown): Ends {
  if (!Array.isArray(input) || input.length !== 2) throw new Error(`expected [from, to], found ${show(input)}`);
  const [from, to] = input.map(axisText) as [string, string];
  if (!(axisValue(from) < axisValue(to))) throw new Error(`expected [from, to] that ascend, found [${from}, ${to}]`);
  return [from, to];
}

const PANEL = {
  title: optional((input) => (input === 'false' ? false : text(input))),
  x: optional(text),
  y: optional(readBy(drawnOf)),
  series: optional(text),
  panel: optional(text),
  where: anything,
  scale: optional(choice(SCALES)),
  'x-range': optional(ends),
  'y-range': optional(ends),
  lines: optional(list('lines')),
};
const WHOLE = {
  ...PANEL,
  caption: optional(prose),
  columns: optional(readBy(columnsOf)),
  width: optional(readBy(pictureWidth)),
  curves: anything,
  panels: optional(list('panels')),
};
const LINE = { x: optional(axisText), y: optional(axisText), label: text };
const color: Field<string> = (input) => {
  const found = text(input);
  if (!isPaletteName(found))
    throw new Error(`expected a colour of the palette or the name of a policy, found '${found}'`);
  return found;
};
const CURVE = { name: text, color: optional(color), shape: optional(choice(['line', 'dots'])) };

/** Reads what YAML says, its scalars as texts, and reports what is wrong to the checker. */
export function readPlotSpec(value: unknown, checker: Checker): PlotSpec {
  const { curves, panels, ...rest }: Read = readPanel(WHOLE, value ?? {}, checker);
  const curveOf = (curve: unknown, here: Checker) =>
    typeof curve === 'string' ? here.value(text, curve) : here.map(CURVE, curve);
  return {
    ...rest,
    ...(curves !== undefined && { curves: mapOf(curves, checker.at('curves'), curveOf) }),
    ...(panels && { panels: panels.map((panel, i) => readPanel(PANEL, panel, checker.at('panels', i))) }),
  } as PlotSpec;
}

type Read = Readonly<Record<string, unknown>> & { readonly curves?: unknown; readonly panels?: readonly unknown[] };

function readPanel(shape: typeof PANEL, value: unknown, here: Checker): Read {
  const { where, lines, ...rest } = here.fields(shape, value) ?? {};
  const lineOf = (line: unknown, at: Checker) => {
    const read = at.map(LINE, line);
    if (read && (read.x === undefined) === (read.y === undefined)) at.refuse('expected either x or y');
    return read;
  };
  const valuesOf = (values: unknown, at: Checker) => [values].flat().map((each) => at.value(text, each));
  return {
    ...rest,
    ...(where !== undefined && { where: mapOf(where, here.at('where'), valuesOf) }),
    ...(lines && { lines: lines.map((line, i) => lineOf(line, here.at('lines', i))) }),
  };
}

function mapOf(value: unknown, here: Checker, read: (each: unknown, at: Checker) => unknown) {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return here.refuse(`expected a map, found ${show(value)}`);
  }
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, read(each, here.at(key))]));
}

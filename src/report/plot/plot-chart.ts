/** A chart of any sweep: what lies along its axes, what its series and panels are, and which points it shows. */

import { failureOf } from '../../results/outcome-schema.js';
import type { Point, Tail } from '../../results/point.js';
import type { Result } from '../../results/result.js';
import { policyLabel } from '../../scheduler/policy-label.js';
import { InputError } from '../../units/errors.js';
import { lookUp } from '../../units/names.js';
import { unknownName } from '../../units/nearest.js';
import type { Axis, Chart, ChartPoint, Panel, Series, Unit } from '../charts/chart.js';
import { type ChartedQuantity, pointsOf, quantityAxis, seriesByWorld } from '../charts/charted-results.js';

/** What is drawn over x. */
export type Drawn =
  | { readonly kind: 'quantile'; readonly quantity: Omit<ChartedQuantity, 'type'> }
  /** The share of requests that took at least so long; x is then the time or the slowdown. */
  | { readonly kind: 'ccdf'; readonly metric: ChartedQuantity['metric'] }
  | { readonly kind: 'field'; readonly field: 'throughput' | 'utilisation' };

export interface PlotSpec {
  readonly x: string;
  readonly y: Drawn;
  readonly series: string;
  /** Absent: one panel. */
  readonly panel?: string;
  /** The values that a point may have, by key. */
  readonly where: ReadonlyMap<string, readonly string[]>;
  readonly scale: Axis['scale'];
  readonly title: string;
  readonly columns?: number;
}

type Value = string | number | null | undefined;

interface Key {
  readonly label: string;
  readonly unit: Unit;
  readonly of: (result: Result) => Value;
}

const KEYS: Readonly<Record<string, Key>> = {
  workload: { label: 'workload', unit: 'number', of: ({ workload }) => workload },
  system: { label: 'system', unit: 'number', of: ({ system }) => system ?? 'none' },
  policy: { label: 'policy', unit: 'number', of: policyLabel },
  world: { label: 'world', unit: 'number', of: ({ world }) => world },
  workers: { label: 'workers', unit: 'number', of: ({ workers }) => workers },
  load: { label: 'load', unit: 'number', of: ({ load }) => load && Number(load.toPrecision(12)) },
  rate: { label: 'offered rate', unit: 'rate', of: ({ offeredRps }) => offeredRps },
  throughput: { label: 'throughput', unit: 'rate', of: ({ achievedRps }) => achievedRps },
  seed: { label: 'seed', unit: 'number', of: ({ seed }) => seed },
  replications: { label: 'replications', unit: 'number', of: ({ replications }) => replications },
};
/** A panel for each request type, and values of `--where`; it is no key of a result. */
const TYPE = 'type';
const ALL = 'all requests';

/** @throws InputError when a key is not known, nothing is left to draw, or a curve would join what differs */
export function plotChart(points: readonly Point[], spec: PlotSpec): Chart {
  const types = new Map(spec.where).get(TYPE);
  const known = keysOf(points);
  for (const key of [spec.x, spec.series, ...(spec.panel ? [spec.panel] : []), ...spec.where.keys()]) {
    if (key !== TYPE && !known.has(key)) throw unknownKey(key, [...known.keys(), TYPE]);
  }
  if (spec.x === TYPE || spec.series === TYPE) throw new InputError('type: expected it in --panel or --where');
  const shown = points.filter((point) => fits(point, spec, known));
  if (shown.length === 0) throw nothingLeft(points, spec, known);
  const panels = panelsOf(shown, spec, known, types);
  return { title: spec.title, panels, ...(spec.columns !== undefined && { columns: spec.columns }) };
}

/** The keys that these points have: of every result, and the parameters of their policies. */
function keysOf(points: readonly Point[]): Map<string, Key> {
  const parameters = points.flatMap(({ result }) => Object.keys(result.policyParameters));
  const own = [...new Set(parameters)].map((name): [string, Key] => {
    const isTime = name.endsWith('Ns');
    const key = isTime ? name.slice(0, -2) : name;
    const of = ({ policyParameters }: Result): Value => {
      const value = lookUp(policyParameters, name);
      return typeof value === 'boolean' ? String(value) : value;
    };
    return [key, { label: key, unit: isTime ? 'duration' : 'number', of }];
  });
  return new Map([...own, ...Object.entries(KEYS)]);
}

function fits({ result }: Point, { where }: PlotSpec, known: ReadonlyMap<string, Key>): boolean {
  return [...where].every(([key, values]) => key === TYPE || values.some(isValue(known.get(key)!.of(result))));
}

/** `.9` is 0.9. */
function isValue(found: Value): (text: string) => boolean {
  return (text) => text === String(found) || (typeof found === 'number' && text !== '' && Number(text) === found);
}

interface Selected {
  readonly title: string;
  readonly points: readonly Point[];
  readonly type?: string;
}

function panelsOf(
  points: readonly Point[],
  spec: PlotSpec,
  known: ReadonlyMap<string, Key>,
  types: readonly string[] | undefined,
): Panel[] {
  const names = [ALL, ...new Set(points.flatMap(({ result }) => result.types.map(({ name }) => name)))];
  const wrong = types?.find((type) => !names.includes(type));
  if (wrong !== undefined) throw unknownKey(wrong, names, 'type');
  const typed = (name: string) => (name === ALL ? {} : { type: name });
  let panels: Selected[];
  if (spec.panel === TYPE) panels = (types ?? names).map((name) => ({ title: name, points, ...typed(name) }));
  else {
    if (types && types.length > 1) throw new InputError('--where type: expected one type, or --panel type');
    const type = typed(types?.[0] ?? ALL);
    const title = types?.[0] ?? ALL;
    const key = spec.panel === undefined ? undefined : known.get(spec.panel)!;
    const groups = new Map<string, Point[]>();
    for (const point of points) {
      const name = key ? String(key.of(point.result)) : title;
      groups.set(name, [...(groups.get(name) ?? []), point]);
    }
    panels = [...groups].map(([title, own]) => ({ title, points: own, ...type }));
  }
  return panels.map((panel) => drawPanel(panel, spec, known));
}

function drawPanel({ title, points, type }: Selected, spec: PlotSpec, known: ReadonlyMap<string, Key>): Panel {
  const x = known.get(spec.x)!;
  const named = (point: Point) => {
    const name = String(known.get(spec.series)!.of(point.result));
    return { name, color: name };
  };
  const isCcdf = spec.y.kind === 'ccdf';
  refuseMixed(points, spec, known, (point) => `${point.result.world} ${named(point).name}`);
  const series = seriesByWorld(
    points,
    named,
    ({ result }) => result.world,
    (own) =>
      spec.y.kind === 'ccdf' ? own.flatMap((point) => curveOf(point, spec, type)) : drawnPoints(own, x, spec.y, type),
  ).map((each): Series => (isCcdf ? { ...each, shape: 'plain-line', color: each.name } : each));
  const horizontal: Axis = isCcdf
    ? { ...quantityAxis({ metric: spec.y.metric, statistic: 'mean' }, 'log'), label: nameOf(spec.y.metric) }
    : { label: x.label, scale: 'linear', unit: x.unit };
  return { title, x: horizontal, y: verticalAxis(spec), series };
}

function verticalAxis({ y, scale }: PlotSpec): Axis {
  if (y.kind === 'ccdf') return { label: 'share of requests at or above', scale: 'log', unit: 'share' };
  if (y.kind === 'quantile') return quantityAxis(y.quantity, scale);
  return { label: y.field, scale: 'linear', unit: y.field === 'throughput' ? 'rate' : 'share' };
}

function nameOf(metric: ChartedQuantity['metric']): string {
  return metric === 'slowdown' ? 'slowdown' : 'sojourn';
}

function drawnPoints(
  points: readonly Point[],
  x: Key,
  y: Exclude<Drawn, { kind: 'ccdf' }>,
  type: string | undefined,
): ChartPoint[] {
  const at = (result: Result) => Number(x.of(result) ?? Number.NaN);
  const results = points.map(({ result }) => result);
  if (y.kind === 'quantile') return pointsOf(results, at, { ...y.quantity, ...(type !== undefined && { type }) });
  const value = (result: Result) => (y.field === 'throughput' ? result.achievedRps : result.utilisation);
  return results.map((result) => ({ x: at(result), y: value(result) })).sort((a, b) => a.x - b.x);
}

/** The distribution of one point; nothing of one whose outcome is not ok. */
function curveOf({ result, tails, command }: Point, { y }: PlotSpec, type: string | undefined): ChartPoint[] {
  if (failureOf(result)) return [];
  const own = type === undefined ? tails?.overall : tails?.types.find(({ name }) => name === type);
  if (!own) throw new InputError(`${command}: the point has no distribution: run it again with this version of psp`);
  const tail: Tail = y.kind === 'ccdf' && y.metric === 'sojournNs' ? own.sojournNs : own.slowdown;
  return tail.map(([x, share]) => ({ x, y: share }));
}

/** A curve joins only points that differ in x. */
function refuseMixed(
  points: readonly Point[],
  spec: PlotSpec,
  known: ReadonlyMap<string, Key>,
  seriesOf: (point: Point) => string,
): void {
  const x = known.get(spec.x)!;
  const placeOf = (point: Point) =>
    spec.y.kind === 'ccdf' ? seriesOf(point) : `${seriesOf(point)} ${x.of(point.result)}`;
  const first = new Map<string, Point>();
  for (const point of points) {
    const other = first.get(placeOf(point)) ?? point;
    first.set(placeOf(point), other);
    if (other === point) continue;
    const keys = Object.keys(KEYS).filter(
      (key) => key !== 'throughput' && KEYS[key]!.of(point.result) !== KEYS[key]!.of(other.result),
    );
    const by = keys.length > 0 ? keys.join(' and ') : 'length';
    const same = spec.y.kind === 'ccdf' ? '' : `have the same ${spec.x}, and `;
    throw new InputError(
      `${seriesOf(point)}: two points ${same}differ in ${by}: ` +
        `choose with --where ${keys[0] ?? 'KEY'}=VALUE, or use --series or --panel`,
    );
  }
}

function unknownKey(found: string, known: readonly string[], what = 'key'): InputError {
  return new InputError(unknownName(what, found, known, 'the points have'));
}

function nothingLeft(points: readonly Point[], { where }: PlotSpec, known: ReadonlyMap<string, Key>): InputError {
  for (const [key, values] of where) {
    if (key === TYPE) continue;
    const there = [...new Set(points.map(({ result }) => String(known.get(key)!.of(result))))];
    if (!points.some(({ result }) => values.some(isValue(known.get(key)!.of(result))))) {
      return new InputError(`--where ${key}: expected one of ${there.join(', ')}, found ${values.join(', ')}`);
    }
  }
  return new InputError('--where: no point has all of these values');
}

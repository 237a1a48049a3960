/** A chart of any sweep: what lies along its axes, what its series and panels are, and which points it shows. */

import { failureOf } from '../../results/outcome-schema.js';
import type { Point, Tail } from '../../results/point.js';
import type { Result } from '../../results/result.js';
import { policyLabel } from '../../scheduler/policy-label.js';
import { InputError } from '../../units/errors.js';
import { lookUp } from '../../units/names.js';
import { unknownName } from '../../units/nearest.js';
import type { Axis, Chart, ChartPoint, Panel, ReferenceLine, Series, Unit } from '../charts/chart.js';
import { type ChartedQuantity, pointsOf, quantityAxis, seriesByWorld } from '../charts/charted-results.js';
import {
  axisValue,
  type CurveSpec,
  columnsOf,
  type Drawn,
  drawnOf,
  type LineSpec,
  type PanelSpec,
  PLOT_DEFAULTS,
  type PlotSpec,
  type Where,
} from './plot-spec.js';

type Value = string | number | null | undefined;

interface Key {
  readonly label: string;
  readonly unit: Unit;
  readonly of: (result: Result, type: string) => Value;
}

/** A panel or a curve for each request type; results have several. */
const TYPE = 'type';
const ALL = 'all requests';
/** Along x: a curve is what one point says of each of its slices. */
const TIME = 'time';

const KEYS: Readonly<Record<string, Key>> = {
  workload: { label: 'workload', unit: 'number', of: ({ workload }) => workload },
  system: { label: 'system', unit: 'number', of: ({ system }) => system ?? 'none' },
  policy: { label: 'policy', unit: 'number', of: policyLabel },
  world: { label: 'world', unit: 'number', of: ({ world }) => world },
  workers: { label: 'workers', unit: 'number', of: ({ workers }) => workers },
  load: { label: 'load', unit: 'share', of: ({ load }) => load && Number(load.toPrecision(12)) },
  rate: { label: 'offered rate', unit: 'rate', of: ({ offeredRps }) => offeredRps },
  throughput: { label: 'throughput', unit: 'rate', of: ({ achievedRps }) => achievedRps },
  seed: { label: 'seed', unit: 'number', of: ({ seed }) => seed },
  replications: { label: 'replications', unit: 'number', of: ({ replications }) => replications },
  [TIME]: { label: 'time', unit: 'duration', of: () => undefined },
  [TYPE]: { label: 'type', unit: 'number', of: (_, type) => type },
};

/** A point, and the request type or all requests of which it is drawn. */
interface Item {
  readonly point: Point;
  readonly type: string;
}

interface Curve extends Partial<CurveSpec> {
  readonly name: string;
  readonly color: string;
  readonly rank: number;
}

/** A panel with all that holds for it. */
interface Asked
  extends Omit<PanelSpec, keyof typeof PLOT_DEFAULTS>,
    Required<Pick<PanelSpec, 'x' | 'series' | 'scale'>> {
  readonly y: Drawn;
  readonly where: Where;
  readonly known: ReadonlyMap<string, Key>;
  readonly curveOf: (item: Item) => Curve;
}

/**
 * @param title of a chart that has none
 * @throws InputError when a key is not known, nothing is left to draw, or a curve would join what differs
 */
export function plotChart(points: readonly Point[], spec: PlotSpec, title: string): Chart {
  const { panels = [{}], curves = {}, caption, columns, title: own, width: _, ...common } = spec;
  const known = keysOf(points);
  return {
    title: own || title,
    ...(caption !== undefined && { caption }),
    ...(columns !== undefined && { columns: columnsOf(columns) }),
    panels: panels.flatMap((panel) => {
      const { y, ...all } = { ...PLOT_DEFAULTS, ...common, ...panel };
      const where = { ...common.where, ...panel.where };
      const key = known.get(all.series);
      const curveOf = ({ point, type }: Item) => curveNamed(String(key!.of(point.result, type)), curves);
      return panelsOf(points, { ...all, y: drawnOf(y), where, known, curveOf });
    }),
  };
}

/** The keys that these points have: of every result, the cores of their types, and the parameters of their policies. */
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
  const cores = typesOf(points).map((type): [string, Key] => [
    `cores:${type}`,
    { label: `cores reserved for ${type}`, unit: 'number', of: (result) => coresAtEnd(result, type) },
  ]);
  return new Map([...own, ...Object.entries(KEYS), ...cores]);
}

function typesOf(points: readonly Point[]): string[] {
  return [...new Set(points.flatMap(({ result }) => result.types.map(({ name }) => name)))];
}

/** Has the name all parts of the other? `persephone/darc:window=1000` has those of `darc`. */
function isPartly(name: string, other: string): boolean {
  const parts = name.split(/[/:]/);
  return name === other || other.split(/[/:]/).every((part) => parts.includes(part));
}

/** How a series is drawn: as the key says that has most of its parts. */
function curveNamed(name: string, curves: NonNullable<PlotSpec['curves']>): Curve {
  const fitting = Object.keys(curves).filter((key) => isPartly(name, key));
  const [key] = fitting.toSorted((a, b) => b.split(/[/:]/).length - a.split(/[/:]/).length);
  if (key === undefined) return { name, color: name, rank: Number.MAX_VALUE };
  const curve = curves[key]!;
  const own = typeof curve === 'string' ? { name: curve } : curve;
  return { color: key, ...own, rank: Object.keys(curves).indexOf(key) };
}

/** `.9` is 0.9. */
function isValue(key: string, found: Value): (text: string) => boolean {
  if (key === 'policy') return (text) => isPartly(String(found), text);
  return (text) => text === String(found) || (typeof found === 'number' && text !== '' && Number(text) === found);
}

function panelsOf(points: readonly Point[], asked: Asked): Panel[] {
  const { known, where, x, y, series, panel } = asked;
  for (const key of [x, series, ...(panel ? [panel] : []), ...Object.keys(where)]) {
    if (!known.has(key)) throw unknownKey(key, [...known.keys()]);
    if (key === TIME && x !== TIME) throw new InputError(`${TIME}: expected it in --x`);
  }
  if (x === TYPE) throw new InputError('type: expected it in --panel, --series or --where');
  const shown = points.filter(({ result }) =>
    Object.entries(where).every(
      ([key, values]) => key === TYPE || values.some(isValue(key, known.get(key)!.of(result, ALL))),
    ),
  );
  if (shown.length === 0) throw nothingLeft(points, asked);
  const isOfTypes = x === TIME || y.kind === 'cores';
  const names = [...(isOfTypes ? [] : [ALL]), ...typesOf(shown)];
  const isByType = panel === TYPE || series === TYPE;
  const types = where[TYPE] ?? (isByType ? names : [ALL]);
  if (isOfTypes && types.includes(ALL)) {
    throw new InputError('expected a request type: add --where type=NAME, --panel type or --series type');
  }
  const wrong = types.find((type) => !names.includes(type));
  if (wrong !== undefined) throw unknownKey(wrong, names, 'type');
  if (types.length > 1 && !isByType) throw new InputError('--where type: expected one type, or --panel type');
  const groups = new Map<string | undefined, Item[]>();
  for (const type of types) {
    for (const point of shown) {
      const title = panel ? String(known.get(panel)!.of(point.result, type)) : undefined;
      groups.set(title, [...(groups.get(title) ?? []), { point, type }]);
    }
  }
  const whole = asked.title || (series === TYPE ? '' : types[0]!);
  return [...groups].map(([title = whole, items]) => drawPanel(title, items, asked));
}

function drawPanel(title: string, items: readonly Item[], asked: Asked): Panel {
  const { x, y, known, curveOf } = asked;
  const isTime = x === TIME;
  refuseMixed(items, asked);
  const usual: Series['shape'] = y.kind === 'cores' ? 'step' : 'plain-line';
  const shapes = new Map<string, Series['shape']>();
  for (const item of items) {
    const { name, shape = isTime ? usual : undefined } = curveOf(item);
    shapes.set(name, shape);
  }
  const series = seriesByWorld(
    items.toSorted((a, b) => curveOf(a).rank - curveOf(b).rank),
    curveOf,
    ({ point }) => point.result.world,
    (own) => (isTime ? own.flatMap((item) => inTime(item, y)) : drawnPoints(own, known.get(x)!, y)),
  ).map((each): Series => {
    // Two curves of one colour could not be told apart.
    if (y.kind === 'ccdf') return { ...each, shape: 'plain-line', ...(each.world && { color: each.name }) };
    const shape = each.shape ?? shapes.get(each.name);
    return { ...each, ...(shape && { shape }) };
  });
  const lines = (asked.lines ?? []).map(lineOf);
  return {
    title,
    x: withRange(horizontalAxis(items, asked), 'x-range', asked),
    y: withRange(verticalAxis(asked), 'y-range', asked),
    series,
    ...(lines.length > 0 && { lines }),
  };
}

/** @throws InputError for a range that the axis cannot have */
function withRange(axis: Axis, key: 'x-range' | 'y-range', asked: Asked): Axis {
  const ends = asked[key];
  if (!ends) return axis;
  const range = [axisValue(ends[0]), axisValue(ends[1])] as const;
  if (axis.scale === 'log' && range[0] <= 0)
    throw new InputError(`${key}: expected a logarithmic axis to begin above 0, found ${ends[0]}`);
  return { ...axis, range };
}

function lineOf({ x, y, label }: LineSpec): ReferenceLine {
  return { axis: x === undefined ? 'y' : 'x', at: axisValue(x ?? y!), label };
}

function horizontalAxis(items: readonly Item[], { x, y, known }: Asked): Axis {
  if (y.kind === 'ccdf') {
    const label = y.metric === 'slowdown' ? 'slowdown' : 'sojourn';
    return { ...quantityAxis({ metric: y.metric, statistic: 'mean' }, 'log'), label };
  }
  const { label, unit } = known.get(x)!;
  const axis: Axis = { label, scale: 'linear', unit };
  const endNs = Math.max(...items.map(({ point }) => point.result.slices?.at(-1)?.toNs ?? 0));
  return x === TIME && endNs > 0 ? { ...axis, range: [0, endNs] } : axis;
}

function verticalAxis({ y, scale }: Asked): Axis {
  if (y.kind === 'ccdf') return { label: 'share of requests at or above', scale: 'log', unit: 'share' };
  if (y.kind === 'quantile') return quantityAxis(y.quantity, scale);
  if (y.kind === 'cores') return { label: 'cores', scale: 'linear' };
  return { label: y.field, scale: 'linear', unit: y.field === 'throughput' ? 'rate' : 'share' };
}

/** Of one curve, so all items are of one type. */
function drawnPoints(items: readonly Item[], x: Key, y: Drawn): ChartPoint[] {
  const { type } = items[0]!;
  const at = (result: Result) => Number(x.of(result, type) ?? Number.NaN);
  if (y.kind === 'ccdf') return items.flatMap((item) => distributionCurve(item, y.metric));
  const results = items.map(({ point }) => point.result);
  if (y.kind === 'quantile') return pointsOf(results, at, { ...y.quantity, ...(type !== ALL && { type }) });
  const value = (result: Result) => {
    if (y.kind === 'cores') return coresAtEnd(result, type);
    return y.field === 'throughput' ? result.achievedRps : result.utilisation;
  };
  return results.map((result) => ({ x: at(result), y: value(result) })).sort((a, b) => a.x - b.x);
}

/** The distribution of one point; nothing of one whose outcome is not ok. */
function distributionCurve({ point, type }: Item, metric: ChartedQuantity['metric']): ChartPoint[] {
  const { result, tails, command } = point;
  if (failureOf(result)) return [];
  const own = type === ALL ? tails?.overall : tails?.types.find(({ name }) => name === type);
  if (!own) throw new InputError(`${command}: the point has no distribution: run it again with this version of psp`);
  const tail: Tail = own[metric];
  return tail.map(([x, share]) => ({ x, y: share }));
}

/** What one point says of each of its slices, or of each change of its reservation. */
function inTime({ point, type }: Item, y: Drawn): ChartPoint[] {
  const { reservations, slices } = point.result;
  if (y.kind === 'cores') {
    const steps = reservations.map(({ atNs, groups }) => ({ x: atNs, y: coresIn(groups, type) }));
    const endNs = slices?.at(-1)?.toNs;
    return endNs === undefined ? steps : [...steps, ...steps.slice(-1).map((step) => ({ ...step, x: endNs }))];
  }
  if (y.kind !== 'quantile') throw new InputError('--x time: expected a statistic or cores as --y');
  if (!slices) throw new InputError(`${point.command}: the point has no slices: run it with --slice`);
  return slicesOf(point.result, type, y.quantity);
}

/** One point per slice that has requests of the type. */
export function slicesOf(
  { slices = [] }: Result,
  type: string,
  { metric, statistic }: Omit<ChartedQuantity, 'type'>,
): ChartPoint[] {
  return slices.flatMap(({ fromNs, toNs, types }) => {
    const found = types.find(({ name }) => name === type)?.[metric];
    if (!found || found.count === 0) return [];
    const [low, high] = found.ci95[statistic] ?? [null, null];
    return [{ x: (fromNs + toNs) / 2, y: found[statistic], low, high }];
  });
}

/** Cores of a type at the end of a run; 0 when none are reserved for it. */
export function coresAtEnd({ reservations }: Result, type: string): number {
  return coresIn(reservations.at(-1)?.groups ?? [], type);
}

function coresIn(groups: Result['reservations'][number]['groups'], type: string): number {
  return groups.find(({ types }) => types.includes(type))?.workers.length ?? 0;
}

/** A curve joins only points that differ in x. */
function refuseMixed(items: readonly Item[], { x, y, known, curveOf }: Asked): void {
  const isCurve = y.kind === 'ccdf' || x === TIME;
  const first = new Map<string, Point>();
  for (const item of items) {
    const { point, type } = item;
    const { name, shape } = curveOf(item);
    if (shape === 'dots') continue;
    const series = `${point.result.world} ${name}`;
    const place = isCurve ? series : `${series} ${known.get(x)!.of(point.result, type)}`;
    const other = first.get(place) ?? point;
    first.set(place, other);
    if (other === point) continue;
    const keys = Object.keys(KEYS).filter(
      (key) => key !== 'throughput' && KEYS[key]!.of(point.result, type) !== KEYS[key]!.of(other.result, type),
    );
    const by = keys.length > 0 ? keys.join(' and ') : 'length';
    const same = isCurve ? '' : `have the same ${x}, and `;
    throw new InputError(
      `${series}: two points ${same}differ in ${by}: ` +
        `choose with --where ${keys[0] ?? 'KEY'}=VALUE, or use --series or --panel`,
    );
  }
}

function unknownKey(found: string, known: readonly string[], what = 'key'): InputError {
  return new InputError(unknownName(what, found, known, 'the points have'));
}

function nothingLeft(points: readonly Point[], { where, known }: Asked): InputError {
  for (const [key, values] of Object.entries(where)) {
    if (key === TYPE) continue;
    const there = [...new Set(points.map(({ result }) => known.get(key)!.of(result, ALL)))];
    if (!there.some((found) => values.some(isValue(key, found)))) {
      return new InputError(`--where ${key}: expected one of ${there.join(', ')}, found ${values.join(', ')}`);
    }
  }
  return new InputError('--where: no point has all of these values');
}

/** One panel of a chart: axes, bands, lines, marks. */

import type { ChartPoint, Panel, ReferenceLine, Series } from './chart.js';
import type { SeriesLook } from './palette.js';
import { createScale, format, type Scale, valuesOn } from './scale.js';
import { element, escapeText, round, svgText, widthOf } from './svg.js';

/** Room around the plotted area, px. */
export const MARGIN = { top: 26, right: 14, bottom: 42, left: 62 } as const;

/** Height of a row of crosses, px. */
const ROW = 9;

/** Height of the rows of crosses above the plotted area, px: one row for each series that has crosses. */
export function stripHeight({ series }: Panel): number {
  return series.filter(hasFailures).length * ROW;
}

function hasFailures({ points }: Series): boolean {
  return points.some(({ failed }) => failed);
}

export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

interface Frame {
  readonly box: Box;
  readonly x: Scale;
  readonly y: Scale;
  readonly panel: Panel;
}

/**
 * @param box the plotted area; axes and title are in the margin around it
 * @param id unique in the document
 * @param lookOf the look of a series
 */
export function renderPanel(panel: Panel, box: Box, id: string, lookOf: (series: Series) => SeriesLook): string {
  const frame = frameOf(panel, box);
  const clip = element('clipPath', { id }, element('rect', { ...box }));
  const inside = element(
    'g',
    { 'clip-path': `url(#${id})` },
    ...(panel.lines ?? []).map((line) => referenceLine(frame, line)),
    ...panel.series.map((series) => band(frame, series, lookOf(series))),
    ...panel.series.map((series) => curve(frame, series, lookOf(series))),
  );
  const strip = stripHeight(panel);
  const failing = panel.series.filter(hasFailures);
  return element(
    'g',
    {},
    clip,
    strip > 0 ? element('rect', { x: box.x, y: box.y - strip, width: box.width, height: strip, fill: '#f4f4f4' }) : '',
    axes(frame),
    inside,
    ...(panel.lines ?? []).map((line) => referenceLabel(frame, line)),
    ...failing.map((series, i) => failures(frame, series, lookOf(series), i)),
    ...panel.series.map((series) => marks(frame, series, lookOf(series))),
    panel.title ? svgText(panel.title, box.x, box.y - strip - 9, { 'font-weight': 'bold' }) : '',
  );
}

function frameOf(panel: Panel, box: Box): Frame {
  return {
    box,
    panel,
    x: createScale(panel.x, valuesOn(panel, 'x')),
    y: createScale(panel.y, valuesOn(panel, 'y')),
  };
}

function toX({ box, x }: Frame, value: number): number {
  return box.x + x.place(value) * box.width;
}

function toY({ box, y }: Frame, value: number): number {
  return box.y + (1 - y.place(value)) * box.height;
}

function axes(frame: Frame): string {
  const { box, x, y, panel } = frame;
  const parts: string[] = [];
  const bottom = box.y + box.height;
  for (const { value, label } of y.ticks) {
    const at = toY(frame, value);
    const line = { x1: box.x, x2: box.x + box.width, y1: at, y2: at };
    parts.push(element('line', { ...line, stroke: label ? '#ddd' : '#f1f1f1' }));
    if (label) parts.push(svgText(label, box.x - 6, at + 3.5, { 'text-anchor': 'end' }));
  }
  for (const { value, label } of x.ticks) {
    const at = toX(frame, value);
    parts.push(element('line', { x1: at, x2: at, y1: bottom, y2: bottom + (label ? 5 : 3), stroke: '#555' }));
    if (label) parts.push(svgText(label, at, bottom + 17, { 'text-anchor': 'middle' }));
  }
  parts.push(element('path', { d: `M${box.x} ${box.y}V${bottom}H${box.x + box.width}`, fill: 'none', stroke: '#555' }));
  parts.push(svgText(panel.x.label, box.x + box.width / 2, bottom + 34, { 'text-anchor': 'middle' }));
  const middle = box.y + box.height / 2;
  const left = box.x - MARGIN.left + 12;
  parts.push(
    svgText(panel.y.label, left, middle, { 'text-anchor': 'middle', transform: `rotate(-90 ${left} ${middle})` }),
  );
  return parts.join('');
}

function referenceLine(frame: Frame, { axis, at }: ReferenceLine): string {
  const { box } = frame;
  const place = axis === 'x' ? toX(frame, at) : toY(frame, at);
  const ends =
    axis === 'x'
      ? { x1: place, x2: place, y1: box.y, y2: box.y + box.height }
      : { x1: box.x, x2: box.x + box.width, y1: place, y2: place };
  return element('line', { ...ends, stroke: '#777', 'stroke-dasharray': '4 3' });
}

function referenceLabel(frame: Frame, { axis, at, label }: ReferenceLine): string {
  const { box } = frame;
  const small = { fill: '#555', 'font-size': 10 };
  if (axis === 'y') {
    return svgText(label, box.x + box.width - 3, toY(frame, at) - 4, { ...small, 'text-anchor': 'end' });
  }
  const x = toX(frame, at);
  const isRight = x + widthOf(label, 10) + 4 < box.x + box.width;
  return svgText(label, isRight ? x + 4 : x - 4, box.y + 10, { ...small, ...(!isRight && { 'text-anchor': 'end' }) });
}

/** Stretches of points that have values. */
function stretches(points: readonly ChartPoint[]): ChartPoint[][] {
  const all: ChartPoint[][] = [[]];
  for (const point of points) {
    if (point.y === null) all.push([]);
    else all.at(-1)!.push(point);
  }
  return all.filter((stretch) => stretch.length > 0);
}

function band(frame: Frame, { points, shape }: Series, { color }: SeriesLook): string {
  const edge = (point: ChartPoint, bound: 'low' | 'high') => {
    const value = point[bound] ?? (bound === 'high' ? frame.y.to : frame.y.from);
    return `${round(toX(frame, point.x))} ${clamp(toY(frame, value))}`;
  };
  if (shape === 'step') return '';
  const known = stretches(points).map((stretch) => stretch.filter((point) => point.low !== undefined));
  // Dots are not joined, so each has its own interval.
  if (shape === 'dots') {
    const d = known.flat().map((point) => `M${edge(point, 'low')}L${edge(point, 'high')}`);
    return d.length > 0 ? element('path', { d: d.join(''), stroke: color, 'stroke-opacity': 0.5 }) : '';
  }
  return known
    .filter((stretch) => stretch.length > 1)
    .map((stretch) => {
      const up = stretch.map((point) => edge(point, 'high'));
      const down = stretch.map((point) => edge(point, 'low')).reverse();
      return element('path', { d: `M${[...up, ...down].join('L')}Z`, fill: color, 'fill-opacity': 0.18 });
    })
    .join('');
}

/** Coordinates far outside are cut short: they are not visible. */
function clamp(pixels: number): number {
  return round(Math.max(-1e4, Math.min(1e4, pixels)));
}

function curve(frame: Frame, { points, shape = 'line' }: Series, { color }: SeriesLook): string {
  if (shape === 'dots') return '';
  return stretches(points)
    .map((stretch) => {
      const path = stretch.map((point, i) => {
        const x = round(toX(frame, point.x));
        const y = clamp(toY(frame, point.y!));
        if (i === 0) return `M${x} ${y}`;
        return shape === 'step' ? `H${x}V${y}` : `L${x} ${y}`;
      });
      return element('path', {
        d: path.join(''),
        fill: 'none',
        stroke: color,
        'stroke-width': shape === 'step' ? 2 : 1.6,
        'stroke-linejoin': 'round',
      });
    })
    .join('');
}

/** The words for a point without a value. */
export function sayFailure({ failed, reason }: ChartPoint): string {
  return reason === undefined ? String(failed) : `${failed}: ${reason}`;
}

/** Where a point is drawn, px, and what its tooltip says. */
export interface Place {
  readonly point: ChartPoint;
  readonly x: number;
  readonly y: number;
  readonly says: string;
}

/** The marks of a panel, in the order in which they are drawn. */
export function placesOf(panel: Panel, box: Box): Place[] {
  const frame = frameOf(panel, box);
  return [
    ...panel.series.filter(hasFailures).flatMap((series, i) => failurePlaces(frame, series, i)),
    ...panel.series.flatMap((series) => markPlaces(frame, series)),
  ];
}

/** Crosses stand above the plotted area, because they have no value; each series has its own row. */
function failurePlaces(frame: Frame, { name, points }: Series, row: number): Place[] {
  const y = frame.box.y - stripHeight(frame.panel) + (row + 0.5) * ROW;
  return points
    .filter((point) => point.failed && isWithin(frame.x, point.x))
    .map((point) => ({
      point,
      x: toX(frame, point.x),
      y,
      says: `${name}\n${coordinate(frame.panel.x, point.x)}\n${sayFailure(point)}`,
    }));
}

function failures(frame: Frame, series: Series, { color }: SeriesLook, row: number): string {
  return failurePlaces(frame, series, row)
    .map(({ x, y, says }) => {
      const cross = `M${round(x - 3)} ${y - 3}l6 6m0 -6l-6 6`;
      return mark('path', { d: cross, stroke: color, 'stroke-width': 1.8, fill: 'none' }, says);
    })
    .join('');
}

function markPlaces(frame: Frame, { name, points, shape = 'line' }: Series): Place[] {
  if (shape === 'step' || shape === 'plain-line') return [];
  const { panel } = frame;
  return points
    .filter(({ x, y }) => y !== null && isWithin(frame.x, x) && isWithin(frame.y, y))
    .map((point) => {
      const { y, unit } = { y: point.y!, unit: panel.y.unit };
      const interval =
        point.low === undefined
          ? ''
          : `\n95 % interval ${bound(point.low, unit, 'unknown')} to ${bound(point.high, unit, 'unbounded')}`;
      const says = `${name}\n${coordinate(panel.x, point.x)}\n${panel.y.label}: ${format(y, unit)}${interval}`;
      return { point, x: toX(frame, point.x), y: toY(frame, y), says };
    });
}

function marks(frame: Frame, series: Series, look: SeriesLook): string {
  return markPlaces(frame, series)
    .map(({ x, y, says }) => mark(...markShape(look, x, y), says))
    .join('');
}

/** A bound of an interval for people. */
export function bound(value: number | null | undefined, unit: Panel['y']['unit'], missing: string): string {
  return value === null || value === undefined ? missing : format(value, unit);
}

function coordinate(axis: Panel['x'], value: number): string {
  return `${axis.label}: ${format(value, axis.unit)}`;
}

function isWithin(scale: Scale, value: number): boolean {
  const place = scale.place(value);
  return place >= -1e-9 && place <= 1 + 1e-9;
}

/** The mark of a series, as in the legend. */
export function markShape(
  { color, mark: shape }: SeriesLook,
  x: number,
  y: number,
): [string, Record<string, string | number>] {
  const style = { fill: color, stroke: '#fff', 'stroke-width': 0.7 };
  const [px, py] = [round(x), round(y)];
  if (shape === 'circle') return ['circle', { cx: px, cy: py, r: 3.1, ...style }];
  if (shape === 'square') return ['rect', { x: px - 2.8, y: py - 2.8, width: 5.6, height: 5.6, ...style }];
  if (shape === 'triangle') return ['path', { d: `M${px} ${round(y - 3.8)}l3.6 6.4h-7.2z`, ...style }];
  return ['path', { d: `M${px} ${round(y - 4)}l4 4l-4 4l-4 -4z`, ...style }];
}

/** A mark with a tooltip. */
function mark(name: string, attributes: Record<string, string | number>, title: string): string {
  return element(name, { class: 'mark', ...attributes }, element('title', {}, escapeText(title)));
}

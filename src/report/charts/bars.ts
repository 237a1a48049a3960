/** Horizontal bars, one per row. A pale part shows how far a bar may reach beyond what is sure. */

import type { Unit } from './chart.js';
import { looks } from './palette.js';
import { createScale } from './scale.js';
import { element, picture, svgText, svgWrap, widthOf } from './svg.js';

export interface Bars {
  readonly title: string;
  /** Sentences below the bars. */
  readonly caption: string;
  readonly axis: { readonly label: string; readonly unit: Unit };
  readonly rows: readonly Bar[];
}

export interface Bar {
  /** Names the row and chooses the colour. */
  readonly name: string;
  /** The end of the full bar, which is sure; null when nothing is. */
  readonly value: number | null;
  /** The end of the pale part, which is not excluded; above the value. */
  readonly mayBe?: number;
  /** Text at the end of the bar. */
  readonly label: string;
}

const PAD = 14;
const SIZE = 11;
const TITLE_SIZE = 15;
const ROW = 26;
const THICK = 15;
const PLOT = 420;
const LINE = 15;
/** For the text at the end of the longest bar. */
const LABEL_ROOM = 150;

export function renderBars({ title, caption, axis, rows }: Bars): string {
  const left = PAD + Math.max(...rows.map(({ name }) => widthOf(name, SIZE))) + 10;
  const width = left + PLOT + LABEL_ROOM + PAD;
  const scale = createScale(
    { label: axis.label, scale: 'linear', unit: axis.unit },
    rows.flatMap(({ value, mayBe }) => [0, value ?? 0, mayBe ?? 0]),
  );
  const at = (value: number) => left + scale.place(value) * PLOT;
  const look = looks([...new Set(rows.map(({ name }) => name))]);
  const top = PAD + TITLE_SIZE + 16;
  const bottom = top + rows.length * ROW;
  const parts = [
    element('rect', { width: '100%', height: '100%', fill: '#fff' }),
    svgText(title, PAD, PAD + TITLE_SIZE, { 'font-size': TITLE_SIZE, 'font-weight': 'bold' }),
  ];
  for (const { value, label } of scale.ticks.filter((tick) => tick.label !== '')) {
    const x = at(value);
    parts.push(element('path', { d: `M${x} ${top}V${bottom}`, stroke: '#ddd' }));
    parts.push(svgText(label, x, bottom + LINE, { 'text-anchor': 'middle' }));
  }
  rows.forEach(({ name, value, mayBe, label }, i) => {
    const y = top + i * ROW + (ROW - THICK) / 2;
    const fill = look.get(name)!.color;
    const sure = value ?? 0;
    const end = Math.max(sure, mayBe ?? 0);
    const bar = (from: number, to: number, opacity?: number) =>
      element('rect', { x: at(from), y, width: at(to) - at(from), height: THICK, fill, 'fill-opacity': opacity });
    parts.push(svgText(name, left - 8, y + THICK - 4, { 'text-anchor': 'end' }));
    if (sure > 0) parts.push(bar(0, sure));
    if (end > sure) parts.push(bar(sure, end, 0.3));
    parts.push(svgText(label, at(end) + 6, y + THICK - 4));
  });
  let y = bottom + 2 * LINE + 2;
  parts.push(svgText(axis.label, left + PLOT / 2, y, { 'text-anchor': 'middle' }));
  y += 6;
  for (const line of svgWrap(caption, SIZE, width - 2 * PAD)) {
    y += LINE;
    parts.push(svgText(line, PAD, y, { fill: '#333' }));
  }
  const height = y + PAD;
  return picture({ title, width, height, fontSize: SIZE }, parts);
}

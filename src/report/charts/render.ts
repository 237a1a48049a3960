/** A chart as an SVG document: title, legend, panels, caption. */

import { OUTCOMES } from '../../results/outcome-schema.js';
import type { Chart, Panel, Series } from './chart.js';
import { looks, type SeriesLook } from './palette.js';
import { type Box, MARGIN, markShape, renderPanel, stripHeight } from './panel.js';
import { element, picture, svgText, svgWrap, widthOf } from './svg.js';

/** Widths of the plotted area, px: of one panel in a row, of two, of three. */
const PANEL_WIDTHS = [520, 330, 250] as const;
const PANEL_HEIGHT = 210;
const PAD = 14;
const FONT_SIZE = 11;
const TITLE_SIZE = 15;
const CAPTION_LINE = 15;
const LEGEND_LINE = 19;

export interface RenderOptions {
  /** False: leave it out, because it stands beside the picture. */
  readonly caption?: boolean;
  readonly title?: boolean;
  /** Of the whole picture, px; default: as the panels need. */
  readonly width?: number;
}

export function renderChart(chart: Chart, options: RenderOptions = {}): string {
  const { caption = true, title = true } = options;
  const columns = Math.max(1, Math.min(chart.columns ?? PANEL_WIDTHS.length, chart.panels.length));
  const panelWidth = panelWidthOf(columns, options.width);
  const outerWidth = MARGIN.left + panelWidth + MARGIN.right;
  const strip = Math.max(0, ...chart.panels.map(stripHeight));
  const outerHeight = MARGIN.top + strip + PANEL_HEIGHT + MARGIN.bottom;
  const width = 2 * PAD + columns * outerWidth;
  const lookOf = looksOf(chart);

  const parts: string[] = [element('rect', { width: '100%', height: '100%', fill: '#fff' })];
  let y = title ? PAD + TITLE_SIZE : 0;
  if (title) parts.push(svgText(chart.title, PAD, y, { 'font-size': TITLE_SIZE, 'font-weight': 'bold' }));
  const entries = legend(chart, lookOf, width, y + 12);
  parts.push(entries.svg);
  y = entries.bottom + 4;
  chart.panels.forEach((panel, i) => {
    const box = {
      x: PAD + (i % columns) * outerWidth + MARGIN.left,
      y: y + Math.floor(i / columns) * outerHeight + MARGIN.top + strip,
      width: panelWidth,
      height: PANEL_HEIGHT,
    };
    parts.push(renderPanel(panel, box, `panel-${i}`, lookOf));
  });
  y += Math.ceil(chart.panels.length / columns) * outerHeight;
  if (caption && chart.caption) {
    for (const line of svgWrap(chart.caption, FONT_SIZE, width - 2 * PAD)) {
      y += CAPTION_LINE;
      parts.push(svgText(line, PAD, y, { fill: '#333' }));
    }
    y += 6;
  }
  const height = y + PAD / 2;
  return picture({ title: chart.title, width, height, fontSize: FONT_SIZE }, parts);
}

/** The least width of a plotted area that shows something, px. */
const LEAST_PANEL = 80;

/** Of the plotted area. */
function panelWidthOf(columns: number, width: number | undefined): number {
  if (width === undefined) return PANEL_WIDTHS[columns - 1] ?? PANEL_WIDTHS[2];
  return Math.max(LEAST_PANEL, (width - 2 * PAD) / columns - MARGIN.left - MARGIN.right);
}

export interface Plot {
  readonly svg: string;
  /** The plotted area in it. */
  readonly box: Box;
}

/**
 * One panel alone, for a page with its own title and legend.
 *
 * @param size of the whole, px
 * @param id unique in the document
 */
export function renderPlot(
  { title = '', ...panel }: Panel,
  { width, height }: { width: number; height: number },
  id: string,
  lookOf: (series: Series) => SeriesLook,
): Plot {
  const top = MARGIN.right + stripHeight(panel);
  const box = {
    x: MARGIN.left,
    y: top,
    width: width - MARGIN.left - MARGIN.right,
    height: height - top - MARGIN.bottom,
  };
  const parts = [renderPanel(panel, box, id, lookOf)];
  return { svg: picture({ title, width, height, fontSize: FONT_SIZE }, parts), box };
}

/** The sample of a series, for a legend outside of the picture. */
export function renderSample(look: SeriesLook, shape?: Series['shape']): string {
  const series: Series = { name: '', points: [], ...(shape && { shape }) };
  return picture({ title: '', width: 20, height: 14, fontSize: FONT_SIZE }, [sample(series, look, 0, 7)]);
}

/** One look per name in the palette, the same in all panels. */
function looksOf({ panels }: Chart): (series: Series) => SeriesLook {
  const name = ({ color, name: own }: Series) => color ?? own;
  const all = looks([...new Set(panels.flatMap(({ series }) => series.map(name)))]);
  return (series) => all.get(name(series))!;
}

function legend(chart: Chart, lookOf: (series: Series) => SeriesLook, width: number, top: number) {
  const all = chart.panels.flatMap(({ series }) => series);
  const named = [...new Map(all.map((series) => [series.name, series])).values()];
  const failed = new Set(all.flatMap(({ points }) => points.map((point) => point.failed)));
  const entries = named.map((series) => ({
    label: series.name,
    svg: (x: number, y: number) => sample(series, lookOf(series), x, y),
  }));
  const reasons = OUTCOMES.filter((outcome) => outcome !== 'ok' && failed.has(outcome));
  if (reasons.length > 0) {
    entries.push({
      label: reasons.join(' or '),
      svg: (x, y) => element('path', { d: `M${x + 7} ${y - 3}l6 6m0 -6l-6 6`, stroke: '#555', 'stroke-width': 1.8 }),
    });
  }
  let x = PAD;
  let y = top + 7;
  const parts: string[] = [];
  for (const { label, svg } of entries) {
    const needed = 26 + widthOf(label, FONT_SIZE) + 14;
    if (x > PAD && x + needed > width) {
      x = PAD;
      y += LEGEND_LINE;
    }
    parts.push(svg(x, y), svgText(label, x + 26, y + 4));
    x += needed;
  }
  return { svg: parts.join(''), bottom: y + LEGEND_LINE / 2 };
}

function sample(series: Series, look: SeriesLook, x: number, y: number): string {
  const line = element('line', { x1: x, x2: x + 20, y1: y, y2: y, stroke: look.color, 'stroke-width': 2 });
  const [name, attributes] = markShape(look, x + 10, y);
  const { shape = 'line' } = series;
  if (shape === 'dots') return element(name, attributes);
  return shape === 'line' ? line + element(name, attributes) : line;
}

import type { Panel, Series } from '../charts/chart.js';
import type { SeriesLook } from '../charts/palette.js';
import type { Box } from '../charts/panel.js';
import { type Plot, renderPlot } from '../charts/render.js';
import { make, svgElement } from './dom.js';

/** What the mouse or finger points at, in px of the picture. */
export interface Pointed {
  readonly x: number;
  readonly y: number;
  readonly says: string;
  /** When it is clicked. */
  choose?(): void;
}

/** Room for a tooltip beside the point, px. */
const ASIDE = 12;

/**
 * A panel that shows what the mouse points at.
 *
 * @param id unique in the page
 * @param find what is near a place; undefined if nothing is
 */
export function plot(
  panel: Panel,
  size: { readonly width: number; readonly height: number },
  id: string,
  lookOf: (series: Series) => SeriesLook,
  find: (box: Box, x: number, y: number) => Pointed | undefined,
): { readonly node: HTMLElement; readonly plot: Plot; readonly svg: SVGSVGElement } {
  const made = renderPlot(panel, size, id, lookOf);
  const svg = svgElement(made.svg);
  // The browser's own tooltips would cover this one.
  for (const title of svg.querySelectorAll('.mark > title')) title.remove();
  const tip = make('div', { class: 'tip', role: 'status', hidden: true });
  const at = (event: MouseEvent) => {
    const { left, top } = svg.getBoundingClientRect();
    return find(made.box, event.clientX - left, event.clientY - top);
  };
  const show = (event: MouseEvent) => {
    const found = at(event);
    tip.hidden = !found;
    svg.style.cursor = found?.choose ? 'pointer' : '';
    if (!found) return;
    tip.textContent = found.says;
    const isRight = found.x > size.width / 2;
    tip.style.left = isRight ? '' : `${found.x + ASIDE}px`;
    tip.style.right = isRight ? `${size.width - found.x + ASIDE}px` : '';
    tip.style.top = `${Math.max(0, found.y - ASIDE)}px`;
  };
  svg.addEventListener('pointermove', show);
  svg.addEventListener('pointerdown', show);
  svg.addEventListener('pointerleave', () => {
    tip.hidden = true;
  });
  svg.addEventListener('click', (event) => at(event)?.choose?.());
  return { node: make('div', { class: 'plot' }, svg, tip), plot: made, svg };
}

/** A ring around a place of a picture. */
export function ring(svg: SVGSVGElement, x: number, y: number): void {
  const circle = document.createElementNS('http://www.w3.org/2000/svg', 'circle');
  for (const [key, value] of Object.entries({ class: 'chosen', cx: x, cy: y, r: 7, fill: 'none' })) {
    circle.setAttribute(key, String(value));
  }
  svg.append(circle);
}

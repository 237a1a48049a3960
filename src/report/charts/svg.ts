/** SVG as text, made without a DOM, so that Node and a browser make the same characters. */

import { visibleLines } from '../../units/names.js';

export type Attributes = Readonly<Record<string, string | number | undefined>>;

export function element(name: string, attributes: Attributes, ...children: readonly string[]): string {
  const list = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}="${typeof value === 'number' ? round(value) : escapeText(value!)}"`)
    .join('');
  return children.length === 0 ? `<${name}${list}/>` : `<${name}${list}>${children.join('')}</${name}>`;
}

const FONT_FAMILY = 'DejaVu Sans, Verdana, sans-serif';

/** A whole picture. */
export function picture(
  { title, width, height, fontSize }: { title: string; width: number; height: number; fontSize: number },
  parts: readonly string[],
): string {
  return `${element(
    'svg',
    {
      xmlns: 'http://www.w3.org/2000/svg',
      width,
      height,
      viewBox: `0 0 ${width} ${height}`,
      role: 'img',
      'font-family': FONT_FAMILY,
      'font-size': fontSize,
      fill: '#222',
    },
    element('title', {}, escapeText(title)),
    ...parts.map((part) => `\n${part}`),
  )}\n`;
}

export function svgText(content: string, x: number, y: number, attributes: Attributes = {}): string {
  return element('text', { x, y, ...attributes }, escapeText(content));
}

/** A text safe in XML, which has no place for control characters, not even as their numbers. */
export function escapeText(content: string): string {
  return visibleLines(content).replace(/[&<>"]/g, (char) => `&#${char.charCodeAt(0)};`);
}

/** Hundredths of a pixel are enough. */
export function round(value: number): number {
  return Math.round(value * 100) / 100 || 0;
}

/** About how wide a text is in DejaVu Sans, px. */
export function widthOf(content: string, size: number): number {
  return content.length * size * 0.6;
}

/** Breaks a text into lines of at most this many pixels. */
export function svgWrap(content: string, size: number, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of content.split(/\s+/)) {
    const longer = line ? `${line} ${word}` : word;
    if (line && widthOf(longer, size) > width) {
      lines.push(line);
      line = word;
    } else line = longer;
  }
  return line ? [...lines, line] : lines;
}

import { visible } from '../../units/names.js';
import { type Look, PLAIN, WIDTH } from './style.js';

/** A column of a table of aligned text. */
export interface Column {
  /** May have several lines. */
  readonly title: string;
  readonly align?: 'left' | 'right';
  /** Spaces before it; default 3. */
  readonly gap?: number;
  /** Its text may be broken between words where the table is too wide. */
  readonly wraps?: true;
}

export interface Cell {
  readonly text: string;
  /** Applied after the text is padded, so that colour does not count as width. */
  readonly style?: (text: string) => string;
}

export type Row = readonly (Cell | string)[];

const GAP = 3;
/** Space between columns of a table that would be too wide otherwise. */
const SMALL_GAP = 2;
/** A column of text is not made narrower than this. */
const NARROWEST_TEXT = 20;
const NARROWEST_LABEL = 8;

/**
 * Returns the lines of a table. A row may be a text, which stands alone on its line. No line ends in spaces.
 *
 * A table that is too wide is made narrower in this order: smaller gaps, text broken between words, labels on a line of
 * their own. If that is not enough, the columns that do not fit follow in a second table.
 */
export function layOut(
  columns: readonly Column[],
  rows: readonly (Row | Cell | string)[],
  { style = PLAIN, width: limit = WIDTH }: Look = {},
): string[] {
  const titles = columns.map(({ title }) => title.split('\n'));
  const titleLines = Math.max(...titles.map((lines) => lines.length));
  const titleRows = Array.from({ length: titleLines }, (_, i) =>
    titles.map((lines) => lines[i - titleLines + lines.length] ?? ''),
  );
  const natural = columns.map((_, i) =>
    Math.max(...[...titleRows, ...rows].map((row) => (isRow(row) ? width(textOf(row[i])) : 0))),
  );
  const { gaps, widths } = fit(columns, natural, limit);
  const first = columnsThatFit(columns, gaps, widths, limit);
  if (first < columns.length) {
    const part = (chosen: (i: number) => boolean) => {
      const cells = (row: Row | Cell | string) =>
        isRow(row) ? columns.flatMap((_, i) => (chosen(i) ? [row[i] ?? ''] : [])) : row;
      return layOut(
        columns.filter((_, i) => chosen(i)),
        rows.map(cells),
        { style, width: limit },
      );
    };
    return [...part((i) => i < first), '', ...part((i) => i === 0 || i >= first)];
  }
  const line = (row: Row) =>
    columns
      .map(({ align = 'right' }, i) => {
        const text = textOf(row[i]);
        const gap = ' '.repeat(Math.max(0, widths[i]! - width(text)));
        const styled = styleOf(row[i])(text);
        return ' '.repeat(gaps[i]!) + (align === 'left' ? styled + gap : gap + styled);
      })
      .join('')
      .trimEnd();
  const lines = (row: Row): string[] => {
    const label = textOf(row[0]);
    const isAlone = width(label) > widths[0]! && !columns[0]!.wraps;
    const cells = columns.map(({ wraps }, i): string[] => {
      if (i === 0 && isAlone) return [''];
      return wraps ? wrap(textOf(row[i]), widths[i]!).flatMap((part) => cut(part, widths[i]!)) : [textOf(row[i])];
    });
    const height = Math.max(...cells.map((parts) => parts.length));
    const broken = Array.from({ length: height }, (_, i) =>
      line(cells.map((parts, column) => ({ text: parts[i] ?? '', style: styleOf(row[column]) }))),
    );
    return isAlone ? [styleOf(row[0])(label), ...broken] : broken;
  };
  return [
    ...titleRows.map((row) => style.heading(line(row))),
    ...rows.flatMap((row) => (isRow(row) ? lines(row) : wrap(textOf(row), limit).map(styleOf(row)))),
  ];
}

/**
 * Widths and gaps of the columns with which a table has no more than `limit` columns of text, as far as that is
 * possible.
 */
function fit(columns: readonly Column[], natural: readonly number[], limit: number) {
  const widths = [...natural];
  let gaps = columns.map(({ gap = GAP }, i) => (i === 0 ? 0 : gap));
  const excess = () => [...widths, ...gaps].reduce((sum, each) => sum + each, 0) - limit;
  if (excess() > 0) gaps = gaps.map((gap) => Math.min(gap, SMALL_GAP));
  for (const i of columns.keys()) {
    if (columns[i]!.wraps) widths[i] = narrower(widths[i]!, excess(), NARROWEST_TEXT);
  }
  widths[0] = narrower(widths[0]!, excess(), NARROWEST_LABEL);
  return { gaps, widths };
}

/**
 * How many columns fit; all if not even a label and a value do. A column with a gap of 1 stays with the one before it.
 */
function columnsThatFit(
  columns: readonly Column[],
  gaps: readonly number[],
  widths: readonly number[],
  limit: number,
): number {
  let end = 0;
  let count = columns.findIndex((_, i) => {
    end += gaps[i]! + widths[i]!;
    return end > limit;
  });
  while (count > 0 && columns[count]!.gap === 1) count--;
  return count < 2 ? columns.length : count;
}

function narrower(width: number, by: number, least: number): number {
  return by <= 0 ? width : Math.max(Math.min(width, least), width - by);
}

/** A space at which no line is broken. */
export const UNBROKEN = '\u00a0';

/**
 * Breaks a text between words into lines of at most `limit` characters; all but the first begin with the text's own
 * indent and `hang`. A margin stays with its value, as in `2.39 ±2 %`.
 */
export function wrap(text: string, limit: number, hang = ''): string[] {
  const [indent = ''] = /^ */.exec(text)!;
  const lines: string[] = [];
  let line = '';
  const words = text
    .slice(indent.length)
    .replace(/(?<=\S) (?=%|±\d)/g, UNBROKEN)
    .split(' ');
  for (const word of words) {
    const begin = lines.length === 0 ? indent : indent + hang;
    if (line !== '' && width(begin) + width(line) + 1 + width(word) > limit) {
      lines.push(begin + line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  lines.push((lines.length === 0 ? indent : indent + hang) + line);
  return lines.map((each) => each.replaceAll(UNBROKEN, ' '));
}

/** A single word may be longer than a column: many names of types in one group. */
function cut(text: string, limit: number): string[] {
  const characters = [...text];
  const parts = Array.from({ length: Math.ceil(characters.length / limit) }, (_, i) =>
    characters.slice(i * limit, (i + 1) * limit).join(''),
  );
  return parts.length === 0 ? [''] : parts;
}

function isRow(row: Row | Cell | string): row is Row {
  return Array.isArray(row);
}

function textOf(cell: Cell | string | undefined): string {
  return visible(typeof cell === 'object' ? cell.text : (cell ?? ''));
}

function styleOf(cell: Cell | string | undefined): (text: string) => string {
  return (typeof cell === 'object' && cell.style) || ((text) => text);
}

function width(text: string): number {
  return [...text].length;
}

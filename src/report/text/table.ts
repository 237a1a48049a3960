/** A column of a table of aligned text. */
export interface Column {
  /** May have several lines. */
  readonly title: string;
  readonly align?: 'left' | 'right';
  /** Spaces before it; default 3. */
  readonly gap?: number;
}

export interface Cell {
  readonly text: string;
  /** Applied after the text is padded, so that colour does not count as width. */
  readonly style?: (text: string) => string;
}

export type Row = readonly (Cell | string)[];

const GAP = 3;

/** The lines of a table; a row may be a string, which stands alone on its line. No line ends in spaces. */
export function layOut(columns: readonly Column[], rows: readonly (Row | string)[], heading = same): string[] {
  const titles = columns.map(({ title }) => title.split('\n'));
  const titleLines = Math.max(...titles.map((lines) => lines.length));
  const titleRows = Array.from({ length: titleLines }, (_, i) =>
    titles.map((lines) => lines[i - titleLines + lines.length] ?? ''),
  );
  const widths = columns.map((_, i) =>
    Math.max(...[...titleRows, ...rows].map((row) => (typeof row === 'string' ? 0 : width(textOf(row[i]))))),
  );
  const line = (row: Row) =>
    columns
      .map(({ align = 'right', gap: before = GAP }, i) => {
        const cell = row[i];
        const text = textOf(cell);
        const space = i === 0 ? '' : ' '.repeat(before);
        const gap = ' '.repeat(widths[i]! - width(text));
        const styled = typeof cell === 'object' && cell.style ? cell.style(text) : text;
        return align === 'left' ? space + styled + gap : space + gap + styled;
      })
      .join('')
      .trimEnd();
  return [
    ...titleRows.map((row) => heading(line(row))),
    ...rows.map((row) => (typeof row === 'string' ? row : line(row))),
  ];
}

/** Breaks a text into lines of at most so many characters, between words. */
export function wrap(text: string, limit: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > limit) {
      lines.push(line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}

function textOf(cell: Cell | string | undefined): string {
  return typeof cell === 'object' ? cell.text : (cell ?? '');
}

function width(text: string): number {
  return [...text].length;
}

function same(text: string): string {
  return text;
}

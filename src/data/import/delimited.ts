/**
 * Lines of cells, by RFC 4180: CSV, and the same with tabs or semicolons. It looks at bytes and makes no string for a
 * row, so that it keeps up with a disk.
 */

import type { Collector } from './collector.js';

const QUOTE = 0x22;
const NEWLINE = 0x0a;
const RETURN = 0x0d;
/** A longer row is a quote that is never closed. */
const LONGEST_ROW = 1 << 16;

export class DelimitedReader {
  private carry = new Uint8Array(0);
  private line = 0;
  private readonly bounds: Int32Array;
  private cells = 0;
  /** Rows to pass over: the header. */
  private toSkip: number;

  /**
   * @param separator its byte
   * @param columns how many there are
   */
  constructor(
    private readonly collector: Collector,
    private readonly separator: number,
    private readonly columns: number,
    hasHeader: boolean,
  ) {
    this.bounds = new Int32Array(2 * columns);
    this.toSkip = hasHeader ? 1 : 0;
  }

  parse(chunk: Uint8Array): void {
    const bytes = this.carry.length === 0 ? chunk : joined(this.carry, chunk);
    const at = this.readRows(bytes, bytes.length, false);
    this.carry = bytes.slice(at);
  }

  finish(): void {
    const bytes = joined(this.carry, Uint8Array.of(NEWLINE));
    this.readRows(bytes, this.carry.length === 0 ? 0 : bytes.length, true);
    this.carry = new Uint8Array(0);
  }

  /** Returns where the first row begins that does not end in the bytes. */
  private readRows(bytes: Uint8Array, length: number, isLast: boolean): number {
    let start = this.line === 0 && bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
    while (start < length) {
      let end = this.readRow(bytes, start, length);
      if (end < 0) {
        if (!isLast && length - start <= LONGEST_ROW) return start;
        // Without the quote, the row ends with its line.
        end = bytes.indexOf(NEWLINE, start);
        if (end < 0 || end >= length) end = length - 1;
        this.line++;
        this.collector.refuse(
          this.line,
          'expected a row that ends, found a quote that is not closed or a row too long',
        );
        start = end + 1;
        continue;
      }
      this.line++;
      const first = this.line;
      // A quoted cell may hold ends of lines.
      if (this.newlines > 0) this.line += this.newlines;
      if (this.toSkip > 0) this.toSkip--;
      else if (end > start && !(end === start + 1 && bytes[start] === RETURN)) this.takeRow(first, bytes);
      start = end + 1;
    }
    return start;
  }

  private newlines = 0;

  /** Notes where the cells of a row are. Returns where its line ends, or -1 when it does not end in the bytes. */
  private readRow(bytes: Uint8Array, start: number, length: number): number {
    const { separator, bounds, columns } = this;
    let cell = 0;
    let from = start;
    let at = start;
    this.newlines = 0;
    for (;;) {
      let end: number;
      if (bytes[at] === QUOTE && at === from) {
        at = this.endOfQuoted(bytes, at + 1, length);
        if (at < 0) return -1;
        from++;
        end = at++;
        while (at < length && bytes[at] !== separator && bytes[at] !== NEWLINE) at++;
      } else {
        while (at < length && bytes[at] !== separator && bytes[at] !== NEWLINE) at++;
        end = at;
      }
      if (at >= length) return -1;
      const isEnd = bytes[at] === NEWLINE;
      if (cell < columns) {
        let to = end;
        if (isEnd && to > from && bytes[to - 1] === RETURN) to--;
        while (from < to && bytes[from] === 0x20) from++;
        while (to > from && bytes[to - 1] === 0x20) to--;
        bounds[2 * cell] = from;
        bounds[2 * cell + 1] = to;
      }
      cell++;
      if (isEnd) break;
      from = ++at;
    }
    this.cells = cell;
    return at;
  }

  /** Returns where the closing quote is; a quote inside is doubled. */
  private endOfQuoted(bytes: Uint8Array, from: number, length: number): number {
    for (let at = from; at < length; at++) {
      if (bytes[at] === NEWLINE) this.newlines++;
      if (bytes[at] !== QUOTE) continue;
      if (at + 1 >= length) return -1;
      if (bytes[at + 1] !== QUOTE) return at;
      at++;
    }
    return -1;
  }

  private takeRow(line: number, bytes: Uint8Array): void {
    if (this.cells === this.columns) this.collector.takeBytes(line, bytes, this.bounds);
    else this.collector.refuse(line, `expected ${this.columns} cells, found ${this.cells}`);
  }
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array<ArrayBuffer> {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}

/** The cells of a first line, as text. */
export function cellsOf(line: string, separator: string): string[] {
  const cells: string[] = [];
  for (let at = 0; at <= line.length; at++) {
    const quoted = line[at] === '"' ? /^"((?:[^"]|"")*)"/.exec(line.slice(at)) : null;
    const rest = quoted ? at + quoted[0].length : at;
    const next = line.indexOf(separator, rest);
    const end = next < 0 ? line.length : next;
    cells.push(quoted ? quoted[1]!.replaceAll('""', '"') : line.slice(at, end).trim());
    at = end;
    if (next < 0) break;
  }
  return cells;
}

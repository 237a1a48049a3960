/** CSV files: lines of cells, where a cell with a comma or a quote in it is quoted: `"GET, big"`. */

import { splitList, unquoted } from '../units/lists.js';

/** The lines that are not empty, with their numbers from 1. Spreadsheets put a byte order mark first. */
export function* csvLines(text: string): Generator<readonly [number: number, line: string]> {
  for (const [i, line] of text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .entries()) {
    if (line.trim() !== '') yield [i + 1, line];
  }
}

/** The cells of a line, without quotes and spaces around them. A quote that is not closed makes the line one cell. */
export function csvCells(line: string): string[] {
  try {
    return splitList(line, ',').map(unquoted);
  } catch {
    return [line];
  }
}

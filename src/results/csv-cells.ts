/** Tables as CSV, by RFC 4180. */

/** Null and undefined become empty cells. */
export type CsvCell = string | number | boolean | null | undefined;

/** A spreadsheet takes a text that begins with one of these for a formula, and runs it. */
const FORMULA = /^[=+\-@\t\r]/;

/** Rows as lines. A text that a spreadsheet would run as a formula has an apostrophe before it. */
export function csvOf(rows: readonly (readonly CsvCell[])[]): string {
  return rows.map((row) => `${row.map(cellOf).join(',')}\n`).join('');
}

function cellOf(cell: CsvCell): string {
  const text = String(cell ?? '');
  const safe = typeof cell === 'string' && FORMULA.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

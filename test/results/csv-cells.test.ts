import { expect, it } from 'vitest';
import { csvOf } from '../../src/results/csv-cells.js';

it.each([
  ['GET', 'GET'],
  [-5, '-5'],
  [true, 'true'],
  [null, ''],
  [undefined, ''],
  ['a,b', '"a,b"'],
  ['say "no"', '"say ""no"""'],
  ['two\nlines', '"two\nlines"'],
  // What a spreadsheet would run.
  ['=HYPERLINK("http://x","y")', `"'=HYPERLINK(""http://x"",""y"")"`],
  ['+1', "'+1"],
  ['-1+1', "'-1+1"],
  ['@SUM(A1)', "'@SUM(A1)"],
  ['\t=1', "'\t=1"],
])('%j is the cell %s', (value, cell) => {
  expect(csvOf([[value, 1]])).toBe(`${cell},1\n`);
});

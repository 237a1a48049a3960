import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import type { ImportReport } from '../../src/results/import-schema.js';
import { MAIN, scratchFolder } from '../cli/psp.js';

const folder = scratchFolder();
const ROWS = 1_500_000;
/** MB: far less than the log, and than its rows would take. */
const HEAP = 40;

test('a log that is larger than the heap is sorted and read', { timeout: 120_000 }, async () => {
  const file = openSync(join(folder, 'large.csv'), 'w');
  let text = 'start_ns,type,service_ns\n';
  for (let i = 0; i < ROWS; i++) {
    // Every other row is a second late.
    text += `${1_709_294_400_000 + i - (i % 2) * 1000}000000,${i % 3 === 0 ? 'GET' : 'PUT'},${500 + (i % 7)}\n`;
    if (text.length > 1 << 20) {
      writeSync(file, text);
      text = '';
    }
  }
  writeSync(file, text);
  closeSync(file);
  const args = [`--max-old-space-size=${HEAP}`, MAIN, 'import', 'large.csv', '--out', 'out'];
  const { exitCode, stderr } = await execa(process.execPath, args, { cwd: folder, reject: false });
  expect([exitCode, stderr]).toEqual([0, '']);
  const report = JSON.parse(readFileSync(join(folder, 'out/import.json'), 'utf8')) as ImportReport;
  expect(report.rows).toBe(ROWS);
  expect(report.profile!.types.map(({ name, requests }) => [name, requests])).toEqual([
    ['GET', ROWS / 3],
    ['PUT', (2 * ROWS) / 3],
  ]);
  expect(report.warnings.join()).toContain('of the rows came later than their turn; they were sorted');
});

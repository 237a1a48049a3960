import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parquetReadObjects } from 'hyparquet';
import { expect, it } from 'vitest';
import { COLUMN_NAMES } from '../../../src/experiment/sweep/tables.js';
import { csvOf } from '../../../src/results/csv-cells.js';
import { pages } from '../../docs/pages.js';
import { runSweep } from './built.js';
import { folders, plan } from './points.js';

const folder = folders();

it('CSV and Parquet hold the results: a row for each type of each point, and one for all', async () => {
  const out = folder();
  const { points } = await runSweep(await plan({ load: [0.3] }), { out });
  const csv = parseCsv(readFileSync(join(out, 'results.csv'), 'utf8'));
  const bytes = readFileSync(join(out, 'results.parquet'));
  const parquet = await parquetReadObjects({ file: new Uint8Array(bytes).buffer });
  for (const rows of [csv, parquet]) {
    expect(rows).toHaveLength(6);
    expect(Object.keys(rows[0]!)).toEqual(COLUMN_NAMES);
    for (const { key, result, command } of points) {
      const own = rows.filter((row) => row.key === key);
      expect(own.map(({ scope, type }) => [scope, type || null])).toEqual([
        ['type', 'SHORT'],
        ['type', 'LONG'],
        ['overall', null],
      ]);
      const [short, , overall] = own;
      const { slowdown, sojournNs } = result.types[0]!;
      expect(Number(short!.slowdown_p99_9)).toBe(slowdown.p99_9);
      expect(Number(short!.slowdown_p99_9_low)).toBe(slowdown.ci95.p99_9![0]);
      expect(Number(short!.sojourn_ns_p50_high)).toBe(sojournNs.ci95.p50![1]);
      expect(Number(short!.requests)).toBe(result.types[0]!.arrived);
      expect(Number(short!.measured)).toBe(slowdown.count);
      expect(Number(overall!.slowdown_mean)).toBe(result.overall.slowdown.mean);
      expect(Number(overall!.requests)).toBe(2000);
      expect(Number(overall!.load)).toBe(0.3);
      expect(overall!.command).toBe(command);
      expect(overall!.service_mean_ns || null).toBe(null);
      expect(JSON.parse(String(short!.policy_parameters))).toEqual(result.policyParameters);
      expect(short!.label).toBe(result.policy);
      expect([short!.outcome, short!.reason || null]).toEqual(['ok', null]);
    }
  }
  expect(typeof parquet[0]!.requests).toBe('bigint');
  expect(typeof parquet[0]!.load).toBe('number');
});

it('CSV quotes what would be taken apart', () => {
  const row = COLUMN_NAMES.map((_, i) => (i === 0 ? 'a,"b"\nc' : i === 1 ? null : 0.1));
  const text = csvOf([COLUMN_NAMES, row]);
  expect(text.slice(text.indexOf('\n') + 1)).toMatch(/^"a,""b""\nc",,0.1,/);
  expect(parseCsv(text)[0]!.key).toBe('a,"b"\nc');
});

it('docs/sweeps.md names every column', () => {
  const { text } = pages.find(({ path }) => path === 'docs/sweeps.md')!;
  const words = new Set([...text.matchAll(/`([^`\n]+)`/g)].map((match) => match[1]!));
  // The statistics are explained once for both quantities.
  const named = COLUMN_NAMES.map((name) =>
    name.replace(/^(slowdown|sojourn_ns)_(mean|p[\d_]*\d)(_low|_high)?$/, '$1_Q'),
  );
  expect([...new Set(named)].filter((name) => !words.has(name))).toEqual([]);
});

/** A reader of its own, as simple as RFC 4180 allows. */
function parseCsv(text: string): Record<string, unknown>[] {
  const cells = [...text.matchAll(/(?:"((?:[^"]|"")*)"|([^,\n]*))(,|\n)/g)];
  const rows: string[][] = [[]];
  for (const [, quoted, plain, end] of cells) {
    rows.at(-1)!.push(quoted === undefined ? plain! : quoted.replaceAll('""', '"'));
    if (end === '\n') rows.push([]);
  }
  const [names, ...rest] = rows.slice(0, -1);
  return rest.map((row) => Object.fromEntries(names!.map((name, i) => [name, row[i]])));
}

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { Collector } from '../../src/data/import/collector.js';
import { readDistributions } from '../../src/data/import/histogram-logs.js';
import { understand } from '../../src/data/import/import-log.js';
import { recognise } from '../../src/data/import/log-kinds.js';
import { InputError } from '../../src/units/errors.js';
import { substream } from '../../src/workload/random.js';
import { distributionLogs, LOGS } from '../data/log-samples.js';
import { DEFAULTS, importFile, rowsOf } from '../data/logs.js';
import { runs, SEED } from '../support/runs.js';
import { failure, unclear } from './fuzz.js';
import { damaged, pick, type Random } from './mutate.js';

const folder = mkdtempSync(join(tmpdir(), 'psp-fuzz-'));
afterAll(() => rmSync(folder, { recursive: true }));

const decoder = new TextDecoder();
const encoder = new TextEncoder();

/** Reads a damaged log as psp import does, in pieces. Returns the rows that were read, refused and passed over. */
function read(text: string, size: number): number[] {
  const { columns } = understand(text, 'f', DEFAULTS);
  const collector = new Collector(columns, 'f', 64);
  const reader = recognise(text, 'f').open(collector);
  const bytes = encoder.encode(text);
  for (let at = 0; at < bytes.length; at += size) reader.parse(bytes.slice(at, at + size));
  reader.finish();
  collector.store.finish();
  collector.store.close();
  for (const { line } of collector.unreadable.named) expect(line).toBeGreaterThan(0);
  return [collector.store.rows, collector.unreadable.count, collector.skipped];
}

/** What a log of a program that crashes, or of a user who types, may hold. */
const TOKENS = [
  ...['"', '""', '\n', '\r', '\n\n', '\t', ',', '{', '}', '[', ']', '\\', '\u0000', '\uFEFF', '\u202e', ' ', '%', '-'],
  ...['-1', '0', '1e308', '1e999', '99999999999999999999', '1.2.3', 'NaN', 'Infinity', 'null', 'true', '{}', '[]', 'é'],
  ...['1970-01-01T00:00:00Z', '9999-12-31T23:59:60.999999999+99:99', '"spans":[', '__proto__', 'x'.repeat(3000)],
];

/** Bytes damaged as a disk does it, or tokens where none belong. */
function mangled(random: Random, text: string): string {
  if (random() < 0.5) return decoder.decode(damaged(random, encoder.encode(text)));
  let changed = text;
  for (let i = 1 + Math.floor(random() * 4); i > 0; i--) {
    const at = Math.floor(random() * (changed.length + 1));
    changed = changed.slice(0, at) + pick(random, TOKENS) + changed.slice(at + Math.floor(random() * 8));
  }
  return changed;
}

/** Of the damaged logs, one of this many goes all the way to a trace. */
const WHOLE_WAY = 20;

it('a damaged log is read or clearly refused, and every row is counted', async () => {
  const random = substream(SEED, 'types');
  const logs = Object.values(LOGS);
  for (let run = 0; run < runs(2000); run++) {
    const text = mangled(random, pick(random, logs));
    try {
      const counts = read(text, 1 + Math.floor(random() * 200));
      expect(counts.every((count) => count >= 0)).toBe(true);
      if (run % WHOLE_WAY > 0) continue;
      const path = join(folder, 'whole');
      writeFileSync(path, text);
      const { log, types } = await importFile(path, { folder, workers: 2, isService: random() < 0.5 });
      const imported = types.reduce((sum, { requests }) => sum + requests, 0);
      expect([imported, log.collector.unreadable.count]).toEqual([counts[0], counts[1]]);
    } catch (error) {
      const wrong = unclear(error, text.split('\n').length);
      if (wrong !== undefined) throw failure('import', SEED, run, wrong, text);
    }
  }
});

it('so are damaged histograms', () => {
  const random = substream(SEED, 'flows');
  const logs = Object.values(distributionLogs());
  for (let run = 0; run < runs(500); run++) {
    const text = mangled(random, pick(random, logs));
    try {
      readDistributions(text, 'f');
    } catch (error) {
      const wrong = unclear(error, text.split('\n').length);
      if (wrong !== undefined) throw failure('histograms', SEED, run, wrong, text);
    }
  }
});

it('files that are no logs are refused with their name and line', async () => {
  for (const text of ['\0\0\0', '{', '[[[[', '"', ',,,\n,,,', '\u001b[31m\n', `${'x'.repeat(70_000)}\n`]) {
    writeFileSync(join(folder, 'f'), text);
    await expect(rowsOf(text, folder)).rejects.toThrow(InputError);
  }
});

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
import { DEFAULTS, rowsOf } from '../data/logs.js';
import { runs, SEED } from '../support/runs.js';
import { failure, unclear } from './fuzz.js';
import { damaged, pick } from './mutate.js';

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

it('a damaged log is read or clearly refused, and every row is counted', () => {
  const random = substream(SEED, 'types');
  const logs = Object.values(LOGS);
  for (let run = 0; run < runs(2000); run++) {
    const text = decoder.decode(damaged(random, encoder.encode(pick(random, logs))));
    try {
      const counts = read(text, 1 + Math.floor(random() * 200));
      expect(counts.every((count) => count >= 0)).toBe(true);
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
    const text = decoder.decode(damaged(random, encoder.encode(pick(random, logs))));
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

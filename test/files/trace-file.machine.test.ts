import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  appendFileSync,
  mkdtempSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { playTraceFile, scanTraceFile } from '../../src/files/trace-file.js';
import { RequestBatch } from '../../src/workload/request-source.js';
import { drain } from '../workload/helpers.js';

const folder = mkdtempSync(join(tmpdir(), 'psp-files-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const LINES = 100_000;
const TEXT = Array.from({ length: LINES }, (_, i) => `${i * 10},${i % 3 === 0 ? 'A' : 'B'},${1000 + (i % 7)}\n`).join(
  '',
);
let count = 0;
const path = (ending = '.csv') => join(folder, `${count++}${ending}`);

function written(content: string | Uint8Array = TEXT, ending?: string): string {
  const file = path(ending);
  writeFileSync(file, content);
  return file;
}

describe('a trace file', () => {
  it('is checked and played, zipped or not, whatever the case of its ending', async () => {
    const plain = await scanTraceFile(written(), 't.csv');
    expect(plain.sha256).toBe(createHash('sha256').update(TEXT).digest('hex'));
    const columns = await drain(playTraceFile(plain, {}));
    expect(columns.arrivalNs.length).toBe(LINES);
    for (const ending of ['.csv.gz', '.CSV.GZ']) {
      const zipped = await scanTraceFile(written(gzipSync(TEXT), ending), 't.csv');
      expect(zipped.summary).toEqual(plain.summary);
      expect(zipped.sha256).toBe(plain.sha256);
      expect(await drain(playTraceFile(zipped, {}))).toEqual(columns);
    }
  });

  it('is refused when it is not a regular file, at once', async () => {
    const pipe = path();
    execFileSync('mkfifo', [pipe]);
    await expect(scanTraceFile(pipe, 'p.csv')).rejects.toThrow('p.csv: expected a regular file, found a pipe');
    const device = path();
    symlinkSync('/dev/zero', device);
    await expect(scanTraceFile(device, 'd.csv')).rejects.toThrow('d.csv: expected a regular file, found a device');
    await expect(scanTraceFile(folder, 'f.csv')).rejects.toThrow('f.csv: cannot be read: it is a folder');
    await expect(scanTraceFile(path(), 'n.csv')).rejects.toThrow('n.csv: cannot be read: there is no such file');
  });

  it('that is cut or not gzip says so', async () => {
    const cut = written(gzipSync(TEXT).subarray(0, 5000), '.csv.gz');
    await expect(scanTraceFile(cut, 'c.csv.gz')).rejects.toThrow('c.csv.gz: expected a gzip file, found: ');
    await expect(scanTraceFile(written(TEXT, '.csv.gz'), 'c.csv.gz')).rejects.toThrow('expected a gzip file, found: ');
  });
});

describe('a trace file that changes after it was checked fails the run', () => {
  const CHANGES: Readonly<Record<string, (file: string) => void>> = {
    'is appended to': (file) => appendFileSync(file, '9000000,A,1\n'),
    'is cut': (file) => truncateSync(file, 1_000_000),
    'is replaced by one of the same size': (file) => writeFileSync(file, TEXT.replaceAll(',1000', ',2000')),
    'is replaced by one of the same size and time': (file) => {
      const { atime, mtime } = statSync(file);
      writeFileSync(`${file}.new`, TEXT.replaceAll(',1000', ',2000'));
      utimesSync(`${file}.new`, atime, mtime);
      renameSync(`${file}.new`, file);
    },
    'gets another type': (file) => writeFileSync(file, TEXT.replace(',B,', ',C,')),
    'is no longer gzip': (file) => writeFileSync(file, TEXT),
    'is gone': (file) => rmSync(file),
  };

  it.each(Object.keys(CHANGES))('%s', async (what) => {
    const zipped = what === 'is no longer gzip';
    const file = zipped ? written(gzipSync(TEXT), '.csv.gz') : written();
    const trace = await scanTraceFile(file, 't.csv');
    CHANGES[what]!(file);
    await expect(drain(playTraceFile(trace, { requests: LINES }))).rejects.toThrow(/changed|no such file/);
  });

  it('also when only its beginning is played', async () => {
    const file = written();
    const trace = await scanTraceFile(file, 't.csv');
    writeFileSync(file, `${TEXT.slice(0, -3)}9\n`.padEnd(TEXT.length, '\n'));
    await expect(drain(playTraceFile(trace, { requests: 10 }))).rejects.toThrow('found it changed');
  });

  it('also while it is played', async () => {
    const file = written();
    const trace = await scanTraceFile(file, 't.csv');
    const source = playTraceFile(trace, {});
    const batch = new RequestBatch();
    await source.fill(batch);
    appendFileSync(file, '9000000,A,1\n');
    await expect(drain(source)).rejects.toThrow('found it changed');
  });

  it('but not when it is only touched, or moved back and forth', async () => {
    const file = written();
    const trace = await scanTraceFile(file, 't.csv');
    utimesSync(file, new Date(), new Date(Date.now() + 5000));
    expect((await drain(playTraceFile(trace, {}))).type.length).toBe(LINES);
    expect((await drain(playTraceFile(trace, { requests: 10 }))).type.length).toBe(10);
  });
});

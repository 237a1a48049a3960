import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { ImportReport } from '../../src/results/import-schema.js';
import { distributionLogs } from '../data/log-samples.js';
import { accessLog } from '../support/access-log.js';
import { pspHere, scratchFolder } from './psp.js';

const folder = scratchFolder();
writeFileSync(join(folder, 'access.csv'), accessLog(20_000));

describe('psp import', () => {
  test('without options shows what it guesses, the first rows and the command, and asks', async () => {
    const { code, out, err } = await pspHere(['import', 'access.csv', '--out', 'shop'], folder);
    expect(code).toBe(2);
    expect(out).toContain('timestamp (arrival, iso)');
    expect(out).toContain('GET /item/:id');
    expect(out).toContain(
      'psp import access.csv --time timestamp:iso --time-is arrival --type endpoint --duration latency_ms:ms',
    );
    expect(err).toContain("is 'latency_ms' the time that a worker was busy, or the whole response with its wait?");
  });

  test('writes a trace, a workload, JSON and a page; all of them work', { timeout: 60_000 }, async () => {
    const args = ['import', 'access.csv', '--out', 'shop', '--duration-is', 'response', '--workers', '4'];
    const { code, out, err } = await pspHere(args, folder);
    expect(err).toBe('');
    expect(code).toBe(0);
    expect(out).toContain('0 of 20k requests contradict it');
    expect(out).toMatch(/next: psp advise shop\/workload.yaml --rate \d+ --slo 'p99 latency < 2ms' --growth 30%$/);
    const report = JSON.parse(readFileSync(join(folder, 'shop/import.json'), 'utf8')) as ImportReport;
    expect(report).toMatchObject({ schema: 'psp.import/1', rows: 20_000, unreadable: 0, format: 'csv' });
    for (const { loggedNs, simulatedNs } of report.selfCheck!.rows) {
      expect(Math.abs(simulatedNs! / loggedNs - 1)).toBeLessThan(0.002);
    }
    expect(report.selfCheck!.warning).toBeUndefined();
    expect(report.profile!.busyWorkers).toBeGreaterThan(2.5);
    const workload = readFileSync(join(folder, 'shop/workload.yaml'), 'utf8');
    expect(workload).toContain('description: "from access.csv; arrivals: Poisson"\narrivals: poisson\n');
    expect(report.assumptions).toContain('in workload.yaml, arrivals are Poisson; the trace has them as they were');
    const page = readFileSync(join(folder, 'shop/import.html'), 'utf8');
    expect(page).toContain('share of work');
    expect(page).not.toContain('<script>alert');
    expect(page).toContain('GET /&#60;script&#62;alert(1)');
    for (const workload of ['shop/trace.csv.gz', 'shop/workload.yaml']) {
      const sim = ['sim', '--workload', workload, '--policy', 'darc', '--workers', '4', '--requests', '5000'];
      const ran = await pspHere(sim, folder);
      expect(ran.code).toBe(0);
      expect(ran.out).toContain('GET /item/:id');
    }
  });

  test('the command that it shows does the same again', async () => {
    const report = JSON.parse(readFileSync(join(folder, 'shop/import.json'), 'utf8')) as ImportReport;
    const words = report.command.replace('--out shop', '--out again').split(' ').slice(1);
    expect((await pspHere(words, folder)).code).toBe(0);
    const trace = (name: string) => readFileSync(join(folder, name, 'trace.csv.gz'));
    expect(trace('again').equals(trace('shop'))).toBe(true);
  });

  test('a completion taken for an arrival is suspected', async () => {
    const end = (line: string) => {
      const [time, ...rest] = line.split(',');
      const ms = Number(rest.at(-1));
      const ns = BigInt(Date.parse(`${time!.slice(0, 23)}Z`)) * 1_000_000n + BigInt(time!.slice(23, 29));
      return [ns + BigInt(Math.round(ms * 1e6)), ...rest];
    };
    const rows = accessLog(4000).split('\n').slice(1, -1).map(end);
    rows.sort(([a], [b]) => Number((a as bigint) - (b as bigint)));
    writeFileSync(
      join(folder, 'ended.csv'),
      `ts,endpoint,status,latency_ms\n${rows.map((row) => row.join(',')).join('\n')}`,
    );
    const args = ['import', 'ended.csv', '--out', 'ended', '--duration-is', 'response', '--workers', '4'];
    const wrong = await pspHere(args, folder);
    expect(wrong.out + wrong.err).toMatch(/try --time-is completion|check --workers and --time-is/);
    const right = await pspHere([...args, '--time-is', 'completion'], folder);
    expect(right.out).toContain('0 of 4000 requests contradict it');
    expect(right.out).not.toContain('try --time-is');
  });

  test('durations that are no demands: psp sim says what the mistake is', async () => {
    const { code } = await pspHere(['import', 'access.csv', '--out', 'wrong', '--duration-is', 'service'], folder);
    expect(code).toBe(0);
    const args = ['sim', '--workload', 'wrong/trace.csv.gz', '--workers', '4', '--policy', 'c-fcfs'];
    const { err } = await pspHere(args, folder);
    expect(err).toContain('if its service_ns are durations of a log, they contain waiting');
  });

  test('a distribution of responses is refused, one of services becomes a workload', async () => {
    writeFileSync(join(folder, 'a.hlog'), distributionLogs()['hdr-histogram']!);
    const asked = await pspHere(['import', 'a.hlog', '--out', 'hist'], folder);
    expect(asked.code).toBe(2);
    expect(asked.err).toContain('does not show demands');
    const { code, out } = await pspHere(['import', 'a.hlog', '--out', 'hist', '--duration-is', 'service'], folder);
    expect(code).toBe(0);
    expect(out).not.toContain('trace.csv.gz');
    const workload = readFileSync(join(folder, 'hist/workload.yaml'), 'utf8');
    expect(workload).toContain('name: "GET"');
    expect(workload).toContain('arrivals: taken for Poisson, because a distribution does not say how requests came');
  });

  test.each([
    [['--duration', 'latency_ms', '--service', 'latency_ms'], 'expected only one of --duration and --service'],
    [['--duration-is', 'response'], 'expected --workers N beside --duration-is response'],
    [['--types-max', '0'], '--types-max: expected a whole number from 1 to 64'],
    [['--where', 'x'], '--where: expected COLUMN=VALUE'],
    [['--unreadable-max', '2'], '--unreadable-max: expected a share from 0% to 100%'],
  ])('%j is refused', async (args, message) => {
    const { code, err } = await pspHere(['import', 'access.csv', '--out', 'no', ...args], folder);
    expect(code).toBe(2);
    expect(err).toContain(message);
    expect(existsSync(join(folder, 'no'))).toBe(false);
  });
});

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Advice } from '../../src/results/advice-schema.js';
import { psp, pspHere, scratchFolder } from './psp.js';

const folder = scratchFolder();
// 250k/s of 10us keep 2.5 workers busy: 3 can do it, and with 3 the mean wait of M/M/3 is 14us (Erlang C).
writeFileSync(
  join(folder, 'mm.yaml'),
  `name: mm
types: [{ name: 'GET /<b>', ratio: 1, service: { exponential: { mean: 10us } }, slo: 200us }]\n`,
);
writeFileSync(join(folder, 'slo.yaml'), 'slos:\n  - mean latency < 60us\n');

describe('psp advise', { timeout: 120_000 }, () => {
  test('finds the fewest workers, today and with growth, as text, JSON and a page', async () => {
    const args = ['advise', 'mm.yaml', '--rate', '250k', '--slo-file', 'slo.yaml', '--policy', 'c-fcfs'];
    const more = ['--growth', '40%', '--workers', '4', '--requests', '60k', '--unclassified', '0,50%'];
    const { code, out } = await psp([...args, ...more, '--json', 'a.json', '--out', 'a.html'], { cwd: folder });
    expect(code).toBe(0);
    expect(out.replace(/\s+/g, ' ')).toContain(
      'Use c-fcfs with 3 workers: it meets the objectives at 250k/s. With 40 % more it needs 4.',
    );
    const advice = JSON.parse(readFileSync(join(folder, 'a.json'), 'utf8')) as Advice;
    const [entry] = advice.entries;
    expect(advice).toMatchObject({ schema: 'psp.advice/1', rateRps: 250_000, growth: 0.4, workers: 4 });
    expect(entry!.today.holds!.workers).toBe(3);
    expect(entry!.grown!.holds!.workers).toBe(4);
    // M/M/4 has a mean sojourn of 60us at load 0.957.
    expect(entry!.headroom!.holds!.load).toBeGreaterThan(0.9);
    expect(entry!.unclassified.map(({ share, entry: each }) => [share, each.holds!.workers])).toEqual([[0.5, 3]]);
    expect(entry!.unclassified[0]!.entry.holds!.command).toContain('--unclassified 50%');
    const page = readFileSync(join(folder, 'a.html'), 'utf8');
    expect(page).toContain('Use c-fcfs with 3 workers');
    expect(page).not.toContain('<b>');
  });

  test('works on a trace, with intervals by batches of its time', async () => {
    let now = 0;
    const lines = Array.from({ length: 30_000 }, (_, i) => {
      now += (i * 7919) % 8000;
      return `${now},A,${5000 + ((i * 104_729) % 10_000)}`;
    });
    writeFileSync(join(folder, 't.csv'), `${lines.join('\n')}\n`);
    const args = ['advise', 't.csv', '--slo', 'p99 slowdown < 3', '--policy', 'c-fcfs', '--json', 't.json'];
    const { code, err } = await psp(args, { cwd: folder });
    expect(err).toBe('');
    expect(code).toBe(0);
    const { entries, rateRps } = JSON.parse(readFileSync(join(folder, 't.json'), 'utf8')) as Advice;
    expect(rateRps).toBeCloseTo(250_000, -4);
    const { judgement, replications, command } = entries[0]!.today.holds!;
    expect(replications).toBe(1);
    expect(judgement.high!).toBeGreaterThan(judgement.value!);
    expect(command).not.toContain('--replications');
  });

  test.each([
    [['mm.yaml'], 'expected --rate beside a workload file'],
    [['mm.yaml', '--rate', '1k', '--growth', '3'], '--growth: expected a share such as 30%'],
    [['mm.yaml', '--rate', '1k', '--unclassified', '5'], '--unclassified: expected shares from 0% to 100%'],
    [['mm.yaml', '--rate', '1k', '--out', 'a.txt'], '--out: expected a file whose name ends in .html'],
    [['t2.csv'], 'expected an objective, found none: add --slo, --slo-file, or slo: to the types of the workload'],
    [['mm.yaml', '--rate', '1k', '--slo', 'p99 latency < 1ms for X'], "unknown type 'X'"],
  ])('%j is refused', async (args, message) => {
    writeFileSync(join(folder, 't2.csv'), '0,A,5\n10,A,5\n');
    const { code, err } = await pspHere(['advise', ...args], folder);
    expect(code).toBe(2);
    expect(err).toContain(message);
  });

  test('objectives of a file are refused with their place', async () => {
    writeFileSync(join(folder, 'bad.yaml'), '- p99 latency < 1ms\n- p98 latency < 1ms\n');
    const { code, err } = await pspHere(['advise', 'mm.yaml', '--rate', '1k', '--slo-file', 'bad.yaml'], folder);
    expect(code).toBe(2);
    expect(err).toMatch(/bad\.yaml:2:3: .*expected one of mean, p50/);
  });
});

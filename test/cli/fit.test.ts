import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { FitReport } from '../../src/results/fit-schema.js';
import { substream } from '../../src/workload/random.js';
import { pspHere, scratchFolder } from './psp.js';

const folder = scratchFolder();
const random = substream(3, 'arrivals');
let now = 0;
const lines = Array.from({ length: 20_000 }, () => {
  now += Math.floor(-20_000 * Math.log(1 - random()));
  return `${now},"a <b>, c",${1 + Math.floor(-50_000 * Math.log(1 - random()))}`;
});
writeFileSync(join(folder, 't.csv'), `${lines.join('\n')}\n`);

test('psp fit writes a workload that has the p99.9 of the trace', { timeout: 120_000 }, async () => {
  const args = ['fit', 't.csv', '--workers', '4', '--out', 'f.yaml', '--json', 'f.json', '--page', 'f.html'];
  const { code, err, out } = await pspHere(args, folder);
  expect([code, err]).toEqual([0, '']);
  expect(out).toContain('exponential');
  const report = JSON.parse(readFileSync(join(folder, 'f.json'), 'utf8')) as FitReport;
  expect(report.services).toMatchObject([{ name: 'a <b>, c', family: 'exponential', requests: 20_000 }]);
  expect(report.arrivals.process).toBe('poisson');
  expect(report.proof.length).toBe(6);
  for (const { traceNs, fittedNs } of report.proof) expect(Math.abs(fittedNs! / traceNs! - 1)).toBeLessThan(0.5);
  expect(readFileSync(join(folder, 'f.html'), 'utf8')).not.toContain('<b>');
  expect(
    (await pspHere(['sim', '--workload', 'f.yaml', '--policy', 'c-fcfs', '--requests', '2000'], folder)).code,
  ).toBe(0);
});

test.each([
  [['bimodal'], 'expected a trace, .csv or .csv.gz, found a workload file'],
  [['t.csv', '--out', 'x.csv'], '--out: expected a file whose name ends in .yaml or .yml'],
  [['t.csv', '--workers', '0'], '--workers: expected a whole number from 1 to 65536'],
])('psp fit %j is refused', async (args, message) => {
  const { code, err } = await pspHere(['fit', ...args], folder);
  expect(code).toBe(2);
  expect(err).toContain(message);
});

import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { afterAll, expect, test } from 'vitest';
import type { Result } from '../../src/results/result.js';

const MAIN = fileURLToPath(new URL('../../dist/bin/main.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'psp-test-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('--json FILE is written even when no one reads the table', async () => {
  const args = "sim --workload bimodal --policy c-fcfs --requests 1000 --json 'results.json'";
  // true ends before psp has anything to write.
  const script = `set -o pipefail; '${process.execPath}' '${MAIN}' ${args} | true`;
  const { exitCode, stderr } = await execa('bash', ['-c', script], { cwd: folder, reject: false });
  expect([exitCode, stderr]).toEqual([0, '']);
  const results = JSON.parse(readFileSync(join(folder, 'results.json'), 'utf8')) as Result[];
  expect(results.map(({ requests }) => requests)).toEqual([1000]);
});

test('an interrupted run writes its partial results to --json FILE and its counts to the table', async () => {
  const file = join(folder, 'partial.json');
  const args = [
    'sim',
    '--workload',
    'bimodal',
    '--policy',
    'c-fcfs',
    '--requests',
    '1e9',
    '--load',
    '1',
    '--json',
    file,
  ];
  const child = execa(process.execPath, [MAIN, ...args], { reject: false });
  // The warning of the load is the sign that the run begins.
  child.stderr.once('data', () => setTimeout(() => child.kill('SIGINT'), 500));
  const { exitCode, stdout, stderr } = await child;
  expect(exitCode).toBe(130);
  expect(stderr).toMatch(/^psp: warning: .*\npsp: interrupted: [^\n]*$/);
  expect(stdout).toMatch(/Interrupted: c-fcfs after \S+ requests/);
  expect(existsSync(file)).toBe(true);
  const [result] = JSON.parse(readFileSync(file, 'utf8')) as Result[];
  expect(result!.interrupted).toBe(true);
  expect(result!.requests).toBeGreaterThan(0);
  expect(result!.requests).toBeLessThan(1e9);
  expect(result!.completed + result!.dropped + result!.inFlight).toBe(result!.requests);
});

test.each([
  ['sim --workload bimodal --policy c-fcfs --requests 1000 --json full.json', 'a table'],
  ['sim --workload bimodal --policy c-fcfs --requests 1000 --json -', 'JSON'],
  ['policies --json', 'a list'],
  ['--help', 'help'],
])('psp %s onto a full disk says so in one line, with exit code 3', async (args) => {
  const script = `'${process.execPath}' '${MAIN}' ${args} > /dev/full`;
  const { exitCode, stderr } = await execa('bash', ['-c', script], { cwd: folder, reject: false });
  const [line, ...others] = stderr.split('\n').filter((each) => each.startsWith('psp: '));
  expect([exitCode, line, others]).toEqual([3, 'psp: stdout: cannot be written: ENOSPC: no space left on device', []]);
  expect(stderr).not.toMatch(/^ +at /m);
  // Files on other disks are written.
  if (args.includes('full.json')) expect(existsSync(join(folder, 'full.json'))).toBe(true);
});

test.each([24, 32, 48, 64, 114, 120])(
  'with %i open files at most there is one line and exit code 3, or it works',
  async (most) => {
    const trace = join(folder, 't.csv');
    writeFileSync(
      trace,
      `arrival_ns,type,service_ns\n${Array.from({ length: 500 }, (_, i) => `${i * 1000},A,500\n`).join('')}`,
    );
    for (const args of [
      `sweep --workload '${trace}' --policy c-fcfs,darc,ts --rate-scale .5,1,2 --out few-${most}`,
      'sim --workload bimodal --requests 2000',
    ]) {
      const script = `ulimit -n ${most}; '${process.execPath}' '${MAIN}' ${args}`;
      const { exitCode, stderr } = await execa('bash', ['-c', script], { cwd: folder, reject: false });
      expect(stderr).not.toMatch(/^ +at |node:internal/m);
      if (exitCode !== 0) expect([exitCode, stderr]).toEqual([3, expect.stringMatching(/^psp: .*open files.*$/)]);
    }
  },
);

test('the file that says so imports no other: none may be left to open', () => {
  expect(readFileSync(MAIN, 'utf8')).not.toMatch(/^import .*["']\.{1,2}\//m);
});

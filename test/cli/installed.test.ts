import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa, type Options } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ROOT } from './psp.js';

/** In reach when npm finds the dependencies in its cache or at its registry. */
let whyNot: string | undefined;
const folder = mkdtempSync(join(tmpdir(), 'psp-installed-'));
let files: readonly string[] = [];

beforeAll(async () => {
  const pack = ['pack', '--ignore-scripts', '--json', '--pack-destination', folder];
  const { stdout } = await execa('npm', pack, { cwd: ROOT });
  const [packed] = JSON.parse(stdout) as { filename: string; files: { path: string }[] }[];
  files = packed!.files.map(({ path }) => path);
  const install = ['install', '--prefer-offline', '--no-audit', '--no-fund', '--fetch-retries=0', '--loglevel=error'];
  const { exitCode, stderr } = await execa('npm', [...install, join(folder, packed!.filename)], {
    cwd: folder,
    reject: false,
  });
  if (exitCode === 0) return;
  if (!/E(NOTFOUND|AI_AGAIN|CONNREFUSED|CONNRESET|TIMEDOUT|HOSTUNREACH|NETUNREACH)|network/i.test(stderr)) {
    throw new Error(stderr);
  }
  whyNot = stderr.split('\n')[0];
  console.warn(`SKIPPED: psp installed from its tarball: ${whyNot}`);
}, 300_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const npx = (args: readonly string[], options: Options = {}) =>
  execa('npx', ['--no-install', 'psp', ...args], { cwd: folder, ...options });

describe('the tarball', () => {
  test('holds what psp runs from, its source maps, and nothing of the compiler', () => {
    expect(files).toContain('dist/bin/main.js');
    expect(files).toContain('dist/bin/simulation-worker.js.map');
    expect(files).toContain('workloads/bimodal.yaml');
    expect(files.filter((path) => path.includes('.tsbuildinfo'))).toEqual([]);
  });

  test('runs where it is installed, from its bundle and with threads', async (context) => {
    context.skip(whyNot !== undefined);
    expect(String((await npx(['--version'])).stdout)).toMatch(/^\d+\.\d+\.\d+$/);
    const short = ['sim', '--workload', 'bimodal', '--requests', '1000', '--policy'];
    expect(String((await npx([...short, 'c-fcfs'])).stdout)).toContain('1000 requests');
    expect(String((await npx([...short, 'c-fcfs,ts'])).stdout)).toContain('1000 requests');
  });
});

import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa, type Options } from 'execa';
import { publint } from 'publint';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { blocks } from '../docs/pages.js';
import { missingNative } from '../hw/support.js';
import { ROOT } from './psp.js';

/** In reach when npm finds the dependencies in its cache or at its registry. */
let whyNot: string | undefined;
const folder = mkdtempSync(join(tmpdir(), 'psp-installed-'));
let files: readonly string[] = [];
let tarball = '';

beforeAll(async () => {
  const pack = ['pack', '--ignore-scripts', '--json', '--pack-destination', folder];
  const { stdout } = await execa('npm', pack, { cwd: ROOT });
  const [packed] = JSON.parse(stdout) as { filename: string; files: { path: string }[] }[];
  files = packed!.files.map(({ path }) => path);
  const install = ['install', '--prefer-offline', '--no-audit', '--no-fund', '--fetch-retries=0', '--loglevel=error'];
  tarball = join(folder, packed!.filename);
  const { exitCode, stderr } = await execa('npm', [...install, tarball], {
    cwd: folder,
    reject: false,
  });
  if (exitCode === 0) return;
  if (!/E(NOTFOUND|AI_AGAIN|CONNREFUSED|CONNRESET|TIMEDOUT|HOSTUNREACH|NETUNREACH)|network/i.test(stderr)) {
    throw new Error(stderr);
  }
  whyNot = stderr.split('\n')[0];
  console.warn(`SKIPPED: psp installed from its tarball: ${whyNot}`);
}, 600_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const npx = (args: readonly string[], options: Options = {}) =>
  execa('npx', ['--no-install', 'psp', ...args], { cwd: folder, ...options });

/** The installed copy. */
const installed = join(folder, 'node_modules/psp');
const tool = (path: string) => join(ROOT, 'node_modules', path);

/** The policy that a page of the documents shows. */
const [LCFS] = blocks('ts policy');

const CONSUMER = String.raw`import { capacity, compare, type Comparison, InputError } from 'psp';
import { parseWorkload, policies, type Result, simulate } from 'psp';
import { type BrowserResult, simulate as inBrowser } from 'psp/browser';
import { doctor, run } from 'psp/hw';
import type { Policy } from 'psp/policy';
import lcfs from './lcfs.js';

const own: Policy = lcfs;
const results: Result[] = await simulate({
  workload: 'bimodal',
  policies: ['c-fcfs', './lcfs.ts', own],
  requests: 5000,
  warmup: 0.1,
}).catch((error: unknown) => {
  // Two policies of one name that are not the same.
  if (!(error instanceof InputError)) throw error;
  return simulate({ workload: 'bimodal', policies: [own], requests: 5000, warmup: 0.1 });
});
const [file] = await simulate({ workload: 'bimodal', policies: ['./lcfs.ts'], requests: 5000, warmup: 0.1 });
const here: BrowserResult[] = await inBrowser({
  workload: parseWorkload('name: x\ntypes:\n  - { name: A, ratio: 1, service: 1us }\n'),
  policies: [own],
  requests: 500,
});
const comparison: Comparison = compare(results, [file!], { tolerance: 0.1 });
console.log(JSON.stringify({
  digests: [results[0]!.digest, file!.digest],
  agrees: comparison.agrees,
  here: here[0]!.completed,
  policies: policies.length,
  doctor: doctor().length,
  functions: [typeof capacity, typeof run],
}));
`;

const TSCONFIG = {
  compilerOptions: {
    target: 'ES2022',
    module: 'NodeNext',
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    skipLibCheck: false,
    typeRoots: [tool('@types')],
    types: ['node'],
    outDir: 'out',
  },
  files: ['consumer.ts'],
};

describe('the tarball', () => {
  test('holds what psp runs from, sources and types, one font face, and nothing of the compiler', () => {
    expect(files).toContain('dist/bin/main.js');
    expect(files).toContain('dist/bin/simulation-worker.js.map');
    expect(files).toContain('dist/library/index.d.ts');
    expect(files).toContain('src/library/index.ts');
    expect(files).toContain('workloads/bimodal.yaml');
    expect(files).toContain('CHANGELOG.md');
    expect(files.filter((path) => path.includes('.tsbuildinfo'))).toEqual([]);
    // The command is in its bundle, once.
    expect(files.filter((path) => path.startsWith('dist/cli/'))).toEqual([]);
    expect(files.filter((path) => path.includes('fonts/')).sort()).toEqual([
      'dist/fonts/DejaVuSans.ttf',
      'dist/fonts/LICENSE',
    ]);
  });

  test('has no fault that publint or arethetypeswrong find', async (context) => {
    context.skip(whyNot !== undefined);
    expect((await publint({ pkgDir: installed, strict: true, pack: false })).messages).toEqual([]);
    // Packages of modules only: CommonJS cannot load psp, and old resolution finds no exports.
    const attw = [tool('@arethetypeswrong/cli/dist/index.js'), tarball, '--profile', 'esm-only', '--format', 'ascii'];
    const { exitCode, stdout } = await execa(process.execPath, attw, { reject: false });
    expect({ exitCode, stdout }).toMatchObject({ exitCode: 0 });
  });
});

describe('psp installed in a project', () => {
  test('runs from its bundle and with threads', async (context) => {
    context.skip(whyNot !== undefined);
    expect(String((await npx(['--version'])).stdout)).toMatch(/^\d+\.\d+\.\d+$/);
    const short = ['sim', '--workload', 'bimodal', '--requests', '1000', '--policy'];
    expect(String((await npx([...short, 'c-fcfs'])).stdout)).toContain('1000 requests');
    expect(String((await npx([...short, 'c-fcfs,ts'])).stdout)).toContain('1000 requests');
  });

  test('is a library with types, for a policy of the project, too', async (context) => {
    context.skip(whyNot !== undefined);
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ type: 'module', private: true }));
    writeFileSync(join(folder, 'lcfs.ts'), LCFS!.text);
    writeFileSync(join(folder, 'consumer.ts'), CONSUMER);
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(TSCONFIG));
    const compiled = await execa(process.execPath, [tool('typescript/bin/tsc')], { cwd: folder, reject: false });
    expect(compiled.stdout).toBe('');
    const { stdout, stderr } = await execa(process.execPath, ['out/consumer.js'], { cwd: folder });
    const said = JSON.parse(stdout);
    expect(stderr).toBe('');
    const checked = await npx(['check', './lcfs.ts', '--runs', '5']);
    expect(String(checked.stdout)).toContain('lcfs keeps its promises');
    expect(said).toMatchObject({ agrees: true, here: 500, functions: ['function', 'function'] });
    expect(said.digests[0]).toBe(said.digests[1]);
    const bypass = ['--input-type=module', '-e', "import 'psp/dist/sim/simulate.js'"];
    const refused = await execa(process.execPath, bypass, { cwd: folder, reject: false });
    expect(refused.stderr).toContain('ERR_PACKAGE_PATH_NOT_EXPORTED');
  });

  test('makes a policy whose own test passes', { timeout: 120_000 }, async (context) => {
    context.skip(whyNot !== undefined);
    await npx(['new', 'policy', 'short-first']);
    const test = await execa(process.execPath, ['--test', 'short-first.test.mjs'], { cwd: folder, reject: false });
    expect(test.exitCode, test.stdout).toBe(0);
    expect(test.stdout).toMatch(/pass 2/);
  });

  test('says what to install for Redis', async (context) => {
    context.skip(whyNot !== undefined);
    for (const name of ['bullmq', 'ioredis', 'dejavu-fonts-ttf']) {
      expect(existsSync(join(folder, 'node_modules', name))).toBe(false);
    }
    const commands = [
      ['worker', '--redis', 'redis://127.0.0.1:1'],
      ['sweep', '--workload', 'bimodal', '--out', 'out', '--engine', 'bullmq', '--redis', 'redis://127.0.0.1:1'],
    ];
    for (const command of commands) {
      const { exitCode, stderr } = await npx(command, { reject: false });
      expect(stderr).toMatch(/^psp: Redis needs (bullmq|ioredis), which is not installed: npm install bullmq ioredis$/);
      expect(exitCode).toBe(3);
    }
  });

  test('builds its addon and runs over memif', { timeout: 600_000 }, async (context) => {
    context.skip(whyNot !== undefined || missingNative() !== undefined);
    const lacking = await npx(['run', '--hw', '--workload', 'bimodal'], { reject: false });
    expect(lacking.stderr).toContain('npx psp build-native');
    expect(lacking.exitCode).toBe(3);
    // Without optimisation the compiler takes a third of the time.
    await npx(['build-native', '--quiet'], { env: { CXXFLAGS: '-O0' } });
    const short = ['--policy', 'c-fcfs', '--workers', '2', '--requests', '500', '--dilate', '100'];
    const { stdout } = await npx(['run', '--hw', '--workload', 'bimodal', ...short]);
    expect(String(stdout)).toContain('c-fcfs');
    const program = `import { run } from 'psp/hw';
      const short = { workers: 2, requests: 500, dilate: 100 };
      const [result] = await run({ workload: 'bimodal', policies: ['./lcfs.ts'], ...short });
      console.log(result.policy, result.completed);`;
    const { stdout: said } = await execa(process.execPath, ['--input-type=module', '-e', program], { cwd: folder });
    expect(said).toBe('lcfs 500');
  });
});

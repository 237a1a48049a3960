import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa, type Options } from 'execa';
import { afterAll, vi } from 'vitest';
import { runPsp } from '../../src/cli/program.js';
import type { Result } from '../../src/results/result.js';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
export const MAIN = join(ROOT, 'dist/bin/main.js');
/** The same from separate modules, which a test can change before psp loads them. */
export const UNBUNDLED_MAIN = join(ROOT, 'dist/cli/main.js');

export interface Outcome {
  readonly code: number | undefined;
  readonly out: string;
  readonly err: string;
}

/** Runs the built command as a user does. */
export async function psp(args: readonly string[], options: Options = {}): Promise<Outcome> {
  const { exitCode, stdout, stderr } = await execa(process.execPath, [MAIN, ...args], { ...options, reject: false });
  return { code: exitCode, out: String(stdout), err: String(stderr) };
}

/**
 * The same within this process, in the folder `cwd`: for what ends before anything runs, at a tenth of the cost of a
 * process. Not for several at once.
 */
export async function pspHere(args: readonly string[], cwd: string): Promise<Outcome> {
  const said = { out: '', err: '' };
  const folder = process.cwd();
  const codeBefore = process.exitCode;
  const capture = (stream: NodeJS.WriteStream, key: 'out' | 'err') =>
    vi.spyOn(stream, 'write').mockImplementation((text) => {
      said[key] += String(text);
      return true;
    });
  const spies = [capture(process.stdout, 'out'), capture(process.stderr, 'err')];
  process.chdir(cwd);
  process.exitCode = undefined;
  try {
    await runPsp(args);
    return { code: Number(process.exitCode ?? 0), out: said.out.trimEnd(), err: said.err.trimEnd() };
  } finally {
    process.exitCode = codeBefore;
    process.chdir(folder);
    for (const spy of spies) spy.mockRestore();
  }
}

/** A run of a moment. */
export const QUICK = ['--workload', 'bimodal', '--requests', '20k'];

/** Runs `psp sim … --json -` and answers the results. */
export async function simulate(args: readonly string[], options: Options = {}): Promise<Result[]> {
  const { code, out, err } = await psp(['sim', ...args, '--json', '-'], options);
  if (code !== 0) throw new Error(`exit code ${code}: ${err}`);
  return JSON.parse(out) as Result[];
}

/** A result without the two fields that may differ between equal runs. */
export function timeless(result: Result): unknown {
  return { ...result, manifest: { ...result.manifest, startedAt: '', wallSeconds: 0 } };
}

/** A folder that is removed after the tests of the file. */
export function scratchFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'psp-test-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { it } from 'vitest';
import type { NetForm } from '../../src/hw/native/native.js';
import { parseWorkload } from '../../src/workload/parse-workload.js';
import type { Workload } from '../../src/workload/workload.js';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** Why the hardware tests cannot run, found out once per test process. */
let reason: string | undefined | null = null;

/**
 * Makes sure that the addon and the compiled threads and processes are there, and up to date. Returns why they cannot
 * be, and says so aloud; nothing when they are.
 */
export function missingNative(): string | undefined {
  if (reason !== null) return reason;
  reason = prepare();
  if (reason !== undefined) console.warn(`SKIPPED: hardware tests: ${reason}`);
  return reason;
}

function prepare(): string | undefined {
  // test/support/build-first.ts has built it once for all test processes: two builds at a time in one folder break each
  // other.
  const told = process.env.PSP_TEST_NATIVE;
  return told === undefined ? buildNative() : told || undefined;
}

/** Builds the addon. Returns why it cannot. */
export function buildNative(): string | undefined {
  const built = spawnSync(process.execPath, ['scripts/build-native.mjs', '--quiet', '--if-older'], {
    cwd: root,
    encoding: 'utf8',
  });
  if (built.status !== 0) return built.stderr.trim().split('\n').at(-1);
  return existsSync(`${root}build/Release/psp_native.node`) ? undefined : 'the addon was not built';
}

export function workloadNamed(name: string): Workload {
  const path = `${root}workloads/${name}.yaml`;
  return parseWorkload(readFileSync(path, 'utf8'), path);
}

/** Who polls the server's device: the tests of a whole run are played in both forms. */
export const FORMS: readonly NetForm[] = ['inline', 'thread'];

/** `it` for what does not depend on who polls: such a test is there in one form only. */
export const onceIn = (net: NetForm): typeof it =>
  net === FORMS[0] ? it : (Object.assign(() => {}, { skipIf: () => () => {} }) as unknown as typeof it);

export const isRoot = process.getuid?.() === 0;

/** Processes of this project that run child.js and were started from here; none may be left after a test. */
export function childrenOf(pid: number): number[] {
  const found = spawnSync('ps', ['-o', 'pid=', '--ppid', String(pid)], { encoding: 'utf8' }).stdout;
  const args = (child: string): string => {
    try {
      return readFileSync(`/proc/${child}/cmdline`, 'utf8');
    } catch {
      return '';
    }
  };
  return found
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && /\/(bin|hw\/run)\/child\.js/.test(args(line)))
    .map(Number);
}

/** Builds plug-ins for tests, as their heads say. */

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { ROOT } from '../cli/psp.js';

const INCLUDE = join(ROOT, 'native/include');
const STRICT = ['-Wall', '-Wextra', '-Wpedantic', '-Werror'];
const SHARED = ['-O2', '-shared', '-fPIC', '-pthread'];

const starts = (compiler: string) => spawnSync(compiler, ['--version']).status === 0;
/** Debian's, where the first in the path is one that does not start: rustup's without its folder, say. */
const RUSTC = ['rustc', '/usr/bin/rustc'].find(starts) ?? 'rustc';

/** The compiler of a file and its arguments, by the ending of its name. */
const COMPILERS: ReadonlyMap<string, readonly string[]> = new Map([
  ['c', ['cc', '-std=c99', ...STRICT, ...SHARED, '-I', INCLUDE]],
  ['cpp', ['c++', '-std=c++20', ...STRICT, ...SHARED, '-I', INCLUDE]],
  ['rs', [RUSTC, '--edition', '2021', '-O', '--crate-type', 'cdylib', '-C', 'panic=abort']],
]);

/** Is the compiler of such files here? Says SKIPPED aloud if not. */
export function compiles(ending: string): boolean {
  const compiler = COMPILERS.get(ending)![0]!;
  const here = starts(compiler);
  if (!here) console.warn(`SKIPPED: plug-ins in .${ending}: no ${compiler}`);
  return here;
}

/** Compiles one file into a library. @throws Error with what the compiler said */
export function buildPlugin(source: string, library: string, more: readonly string[] = []): string {
  const [compiler, ...args] = COMPILERS.get(source.split('.').at(-1)!)!;
  const built = spawnSync(compiler!, [...args, ...more, source, '-o', library], { encoding: 'utf8' });
  if (built.status !== 0) throw new Error(`${compiler}: ${built.stderr}`);
  return library;
}

/** An example of the project. */
export function example(name: string): string {
  return join(ROOT, 'native/examples', name);
}

/** The rules of style that a machine can hold: how long lines, functions and files are, names, and references. */

import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { pages, ROOT } from './docs/pages.js';
import { commentsOf, exportsOf, filesBelow, functionsOf, sourceFiles } from './support/sources.js';

const CODE = /\.(ts|mjs|cjs|c|cpp|h|hpp|rs)$/;
const files = sourceFiles(['src', 'test', 'bench', 'scripts', 'native'], CODE);
const modules = files.filter(({ path }) => /^(src|bench|scripts)\/.*\.(ts|mjs)$/.test(path));

const LONGEST_LINE = 120;
const LONGEST_FUNCTION = 80;
const LONGEST_FILE = 400;

/** Closures over typed arrays, which V8 compiles into one piece: in parts they were slower, or allocated. */
const LONG_FUNCTIONS: Readonly<Record<string, string>> = {
  'src/hw/dispatcher/dispatcher.ts createDispatcher': 'the loop of the dispatcher',
  'src/metrics/recorder.ts createRecorder': 'the recorder, which the loops inline',
  'src/sim/loop.ts createLoop': 'the loop of the simulator without costs',
  'src/sim/system-loop.ts createSystemLoop': 'the loop of the simulator with the costs of a system',
};

const LONG_FILES: Readonly<Record<string, string>> = {
  'src/check/referee.ts': 'one referee',
  'src/sim/system-loop.ts': 'one loop, see above',
  'test/experiment/sweep/bullmq.machine.test.ts': 'tests that share one Redis and one engine',
  'test/scheduler/broken-policies.ts': 'one list of wrong policies',
};

/** These names are of a place, not of a thing: every folder may have one. */
const COMMON_NAMES = new Set(['index.ts', 'main.ts']);

/** Folders whose tests may start processes; elsewhere such a test is called `*.machine.test.ts`. */
const MACHINE_FOLDERS = /^test\/(cli|native|bench|docs)\//;
const STARTS_PROCESSES =
  /from '(node:child_process|node:worker_threads|execa|playwright-core|(\.\.\/|\.\/)+(sweep\/)?built\.js)'/;

describe('tidy', () => {
  it('a test of the unit tier starts no process and no thread', () => {
    const units = files.filter(
      ({ path }) => /\.test\.ts$/.test(path) && !/\.machine\.test\.ts$/.test(path) && !MACHINE_FOLDERS.test(path),
    );
    expect(units.filter(({ text }) => STARTS_PROCESSES.test(text)).map(({ path }) => path)).toEqual([]);
  });

  it(`no line of code, comment or prose is longer than ${LONGEST_LINE} columns`, () => {
    const code = files.flatMap(({ path, lines }) => lines.map((line, i) => ({ at: `${path}:${i + 1}`, line })));
    const prose = pages.flatMap(({ path, text }) =>
      // Tables, and blocks of what psp prints, are as wide as they are.
      outsideOfBlocks(text).map(({ line, number }) => ({ at: `${path}:${number}`, line })),
    );
    const isOnlyRegex = (line: string) => /^\s*\/[^/*].*\/[a-z]*,?$/.test(line);
    const long = [...code, ...prose].filter(({ line }) => [...line].length > LONGEST_LINE && !isOnlyRegex(line));
    expect(long.map(({ at, line }) => `${at} has ${[...line].length}`)).toEqual([]);
  });

  it(`no function is longer than ${LONGEST_FUNCTION} lines, but for those with a reason`, () => {
    const long = modules.flatMap((file) =>
      functionsOf(file).flatMap(({ name, lines }) => (lines > LONGEST_FUNCTION ? [`${file.path} ${name}`] : [])),
    );
    expect(long.sort()).toEqual(Object.keys(LONG_FUNCTIONS).sort());
  });

  it(`no file is longer than ${LONGEST_FILE} lines, but for those with a reason`, () => {
    const long = files.filter(({ lines }) => lines.length - 1 > LONGEST_FILE).map(({ path }) => path);
    expect(long.sort()).toEqual(Object.keys(LONG_FILES).sort());
  });

  it('the comment about a file stands first, with an empty line below', () => {
    const wrong = files.filter(({ text }) =>
      /^\s*\/\*\*(?:[^*]|\*(?!\/))*\*\/\n(?:import|export \{|#include)/.test(text),
    );
    expect(wrong.map(({ path }) => path)).toEqual([]);
    const later = files.filter(({ text }) => /\*\/\n+import /.test(text.slice(text.indexOf('\nimport '))));
    expect(later.map(({ path }) => path)).toEqual([]);
  });

  it('a file has a name of its own, and so has what it exports', () => {
    const source = files.filter(({ path }) => path.startsWith('src/'));
    const names = source
      .filter(({ path }) => !path.startsWith('src/cli/commands/') && !COMMON_NAMES.has(basename(path)))
      .map(({ path }) => basename(path));
    expect(twice(names)).toEqual([]);
    expect(twice(source.flatMap((file) => exportsOf(file)))).toEqual([]);
  });

  it('what a comment or a page refers to exists', () => {
    const known = new Set(
      ['src', 'test', 'bench', 'scripts', 'native', 'docs', 'configs', 'workloads', 'experiments']
        .flatMap(filesBelow)
        .map((path) => basename(path)),
    );
    const said = [
      ...files.flatMap((file) => commentsOf(file).map(({ line, text }) => ({ path: file.path, line, text }))),
      ...pages.flatMap(({ path, text }) =>
        outsideOfBlocks(text).map(({ line, number }) => ({ path, line: number, text: line })),
      ),
    ];
    const missing = said.flatMap(({ path, line, text }) =>
      referencesIn(text)
        .filter((reference) => !isThere(reference, path, known))
        .map((reference) => `${path}:${line} ${reference}`),
    );
    expect(missing).toEqual([]);
  });

  it('a {@link} leads to a name of the source', () => {
    const linking = modules.filter(({ text }) => text.includes('{@link'));
    const exported = new Set(modules.flatMap((file) => exportsOf(file)));
    const missing = linking.flatMap(({ path, text }) => {
      const own = new Set(text.replace(/\{@link [^}]*\}/g, '').match(/[A-Za-z_]\w+/g));
      return [...text.matchAll(/\{@link (\w+)/g)]
        .filter(([, name]) => !own.has(name!) && !exported.has(name!))
        .map(([link]) => `${path} ${link}`);
    });
    expect(missing).toEqual([]);
  });
});

/** The lines of a page that are neither in a block, nor a row of a table, nor a picture. */
function outsideOfBlocks(text: string): { readonly line: string; readonly number: number }[] {
  let inside = false;
  return text.split('\n').flatMap((line, i) => {
    if (line.trimStart().startsWith('```')) inside = !inside;
    return inside || /^\s*(\||!\[)/.test(line) ? [] : [{ line, number: i + 1 }];
  });
}

/** Files that a tutorial has its reader write. */
const TO_BE_WRITTEN = ['./keep.ts', './several.ts', './lcfs.ts', 'lcfs.ts'];

/** Paths of the checkout and bare names of files. */
function referencesIn(text: string): string[] {
  const paths = /(?<![\w/.-])(?:[\w.-]+\/)*[\w-]+(?:\.[\w-]+)*\.(?:ts|mjs|cjs|cpp|hpp|md)(?![\w/-])/g;
  return [...text.matchAll(paths)].map(([path]) => path);
}

function isThere(reference: string, from: string, known: ReadonlySet<string>): boolean {
  if (TO_BE_WRITTEN.includes(reference)) return true;
  if (!reference.includes('/')) return known.has(reference) || existsSync(join(ROOT, reference));
  return [ROOT, join(ROOT, dirname(from)), join(ROOT, 'src'), join(ROOT, 'native')].some((folder) =>
    existsSync(join(folder, reference)),
  );
}

function twice(names: readonly string[]): string[] {
  const seen = new Set<string>();
  return [...new Set(names.filter((name) => seen.size === seen.add(name).size))].sort();
}

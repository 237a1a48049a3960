import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { validationCases } from '../../src/experiment/validate/validation-cases.js';
import { formatValidation } from '../../src/report/text/validation-table.js';
import { accessLog } from '../support/access-log.js';
import { blocks, pages, prose, ROOT } from './pages.js';

const MAIN = join(ROOT, 'dist/bin/main.js');
const readme = pages.find(({ path }) => path === 'README.md')!;

/** A folder as a reader has it, with the files that the commands name. */
let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'psp-docs-'));
  cpSync(join(ROOT, 'configs'), join(folder, 'configs'), { recursive: true });
  const [workload] = blocks('yaml workload');
  writeFileSync(join(folder, 'mine.yaml'), workload!.text);
  const [lcfs] = blocks('ts policy');
  writeFileSync(join(folder, 'lcfs.ts'), lcfs!.text);
  const [plot] = blocks('yaml plot');
  writeFileSync(join(folder, 'plot.yaml'), plot!.text);
  writeFileSync(join(folder, 'access.csv'), accessLog(20_000));
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(ROOT, join(folder, 'node_modules/psp'));
  const lines = Array.from({ length: 500 }, (_, i) => `${i * 1000},GET,${1000 + (i % 7) * 100}`);
  writeFileSync(join(folder, 'my-trace.csv.gz'), gzipSync(`arrival_ns,type,service_ns\n${lines.join('\n')}\n`));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function psp(args: readonly string[]) {
  return spawnSync(process.execPath, [MAIN, ...args], { cwd: folder, encoding: 'utf8' });
}

/** Every psp command, as words: those in the blocks of all pages, and those in the text of the README. */
function commands(): string[][] {
  const shell = blocks('sh').flatMap((block) => block.text.split('\n'));
  const inline = [...prose(readme.text).matchAll(/`([^`\n]+)`/g)].map((match) => match[1]!);
  return [...new Set([...shell, ...inline])]
    .map((line) => line.replace(/\s+#.*$/, '').trim())
    .flatMap((line) => {
      const match = /^(?:npx psp|psp|npm start --)\s+(.*)$/.exec(line);
      if (!match) return [];
      const words = Array.from(
        match[1]!.matchAll(/'([^']*)'|"([^"]*)"|\S+/g),
        ([word, one, two]) => one ?? two ?? word,
      );
      return [line.startsWith('npm') ? ['sim', '--workload', 'bimodal', ...words] : words];
    });
}

/** The run cut short; what it is about stays. */
function quick(words: readonly string[]): readonly string[] {
  const ends = words.some((word) => ['--help', '--requests', '--duration'].includes(word));
  if (!['sim', 'sweep'].includes(words[0]!) || ends) return words;
  // A timeline begins where the run still has to come to.
  const requests = words.includes('--timeline') ? '100k' : '5000';
  return [...words.map((word) => word.replace(/^\d+%/, '100%')), '--requests', requests];
}

describe('commands in the pages', () => {
  const named = commands().map((words) => ({ line: words.join(' '), words }));

  it('there are some', () => expect(named.length).toBeGreaterThan(8));

  // real.json exists once a machine has written it; hardware runs, the machine they need, validate, figures and the
  // server of the laboratory have tests of their own.
  const runnable = named.filter(
    ({ line }) =>
      !/--hw|real\.json|--both|^validate|^figure|^calibrate|^doctor|^serve|^load|^lab$|^build-native/.test(line),
  );
  it.each(runnable)('psp $line', ({ words }) => {
    const { status, stderr, stdout } = psp(quick(words));
    expect(stderr).toBe('');
    expect(status).toBe(0);
    expect(stdout).not.toBe('');
  });
});

describe('programs in the pages', () => {
  it.each(blocks('js library').map(({ at, text }) => ({ at, text })))('$at', ({ text }) => {
    const args = ['--input-type=module', '-e', text];
    const { status, stderr, stdout } = spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8' });
    expect(stderr).toBe('');
    expect(status).toBe(0);
    // What a comment beside a line says that it writes.
    const said = [...text.matchAll(/^console\.log\(.*\); \/\/ (.*)$/gm)].map(([, line]) => line);
    for (const line of said) expect(stdout.split('\n')).toContain(line);
    expect(stdout).not.toBe('');
  });
});

it('README.md shows exactly what its first command prints', { timeout: 180_000 }, () => {
  const { stdout } = psp(['sim', '--workload', 'bimodal']);
  const [shown] = blocks('text', [readme]);
  expect(shown!.text).toBe(stdout);
});

it('docs/reading-the-numbers.md shows of psp validate what it checks', () => {
  const little = { what: 'mean number / (rate x mean sojourn)', theory: 1, unit: 'ratio' as const };
  const cases = [...validationCases(), { name: 'Little’s law', quantities: [little] }];
  const quantities = cases.flatMap(({ name, quantities }) =>
    quantities.map(({ what, theory, unit }) => ({
      ...{ case: name, what, theory, unit, simulated: theory, slack: 0 },
      ...{ halfWidth: 0, verdict: 'ok' as const },
    })),
  );
  const reading = pages.find(({ path }) => path === 'docs/reading-the-numbers.md')!;
  expect(reading.text).toContain(`All ${quantities.length} agree with theory.`);
  expect(reading.text).toContain(`${quantities.length} quantities`);
  const known = formatValidation(quantities)
    .split('\n')
    .map((line) => line.trim().split(/ {2,}/).slice(0, 2).join(' '));
  const shown = blocks('text', pages)
    .filter(({ text }) => /^ +theory +simulated/.test(text))
    .flatMap(({ text }) => text.split('\n').slice(1))
    .filter((line) => line.startsWith('  '))
    .map((line) => line.trim().split(/ {2,}/).slice(0, 2).join(' '));
  expect(shown.length).toBeGreaterThan(10);
  expect(shown.filter((line) => !known.includes(line))).toEqual([]);
});

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { withSourcePlaces } from '../../src/cli/source-places.js';
import { MAIN, ROOT } from './psp.js';

/** Breaks something that psp needs before it starts. */
const SABOTAGE = `data:text/javascript,JSON.parse = ((parse) => (text, ...rest) => {
  if (String(text).includes('"psp"')) throw new TypeError('broken on purpose');
  return parse(text, ...rest);
})(JSON.parse);`;

test('a bug report names lines of the sources, not of the bundle', async () => {
  const { exitCode, stderr } = await execa(process.execPath, ['--import', SABOTAGE, MAIN, '--version'], {
    reject: false,
  });
  expect(exitCode).toBe(3);
  expect(stderr).toContain('psp: this is a bug in psp; please report it:\nTypeError: broken on purpose\n');
  const [, path, line] = /at packageVersion \((src\/[\w/-]+\.ts):(\d+):\d+\)/.exec(stderr)!;
  expect(readFileSync(join(ROOT, path!), 'utf8').split('\n')[Number(line) - 1]).toContain('JSON.parse');
  expect(stderr).not.toContain('dist/bin');
});

test('a place without a source map stays as it is', () => {
  const stack = `Error: x\n    at f (${pathToFileURL(join(ROOT, 'dist/bin/none.js'))}:1:2)\n    at node:internal/x:3:4`;
  expect(withSourcePlaces(stack)).toBe(stack);
});

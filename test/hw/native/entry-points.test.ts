import { existsSync } from 'node:fs';
import { expect, it } from 'vitest';
import { ENTRY_POINTS, entryPoint } from '../../../src/files/entry-point.js';

it.each(ENTRY_POINTS)('the compiled file of %s is where threads and processes look for it', (name) => {
  expect(existsSync(entryPoint(name))).toBe(true);
});

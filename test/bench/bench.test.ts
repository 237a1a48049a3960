import { join } from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { ROOT } from '../cli/psp.js';

// So that they run on the day they are needed; what they measure of next to nothing says nothing.
test.each([
  ['simulator', [/^c-fcfs, 16 workers +\d/m, /^darc, 256 workers +\d/m]],
  ['sweep', [/^(SKIPPED|a point of 100 requests, .*: \d+\.\d ms$)/m, /^psp figure --help: \d/m]],
])('the benchmark of the %s runs', async (name, said) => {
  const { exitCode, stdout, stderr } = await execa(process.execPath, [join(ROOT, 'bench', `${name}.mjs`), '--tiny'], {
    reject: false,
  });
  expect(exitCode, stderr).toBe(0);
  for (const line of said) expect(stdout).toMatch(line);
});

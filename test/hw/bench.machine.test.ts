import { spawnSync } from 'node:child_process';
import { cpus } from 'node:os';
import { describe, expect, it } from 'vitest';
import { ROOT } from '../cli/psp.js';
import { missingNative } from './support.js';

/** What a short benchmark prints. Its figures mean nothing; the test shows that it still runs. */
function quick(name: string): string {
  const { stdout, stderr } = spawnSync(process.execPath, [`bench/${name}.mjs`, '--quick'], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  expect(stderr).toBe('');
  return stdout;
}

const skip = missingNative() !== undefined || cpus().length < 2;
if (cpus().length < 2) console.warn('SKIPPED: benchmarks of the hardware backend: they need two cores');

describe.skipIf(skip)('the benchmarks run', { timeout: 180_000 }, () => {
  it('dispatches per second, and the tail of a turn, against C++', () => {
    const said = quick('hw-dispatcher');
    const figures = said.match(
      /^ {2}darc +[\d.]+ M\/s +[\d.]+ x C\+\+ +target 10 M\/s: (met|MISSED(, as by C\+\+)?)$/gm,
    );
    expect(figures).toHaveLength(1);
    expect(said).toMatch(
      /^ {2}c-fcfs .* p99\.9 ([\d.]+ x C\+\+ +target 1\.5 x C\+\+: (met|MISSED)|beyond what is counted, .*: not judged)$/m,
    );
  });

  it('collections and deoptimisations', () => {
    expect(quick('hw-steady')).toMatch(
      /^darc: 0.3 s at [\d.]+ M requests\/s: \d+ collections, \d+ deoptimisations \(targets: 0, 0/m,
    );
  });

  it('round trips over memif', () => {
    expect(quick('hw-roundtrip')).toMatch(/64 under way: [\d.]+ M requests\/s/);
  });
});

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, describe, expect, test } from 'vitest';
import { ROOT } from '../cli/psp.js';
import { missingNative } from '../hw/support.js';

/** Benchmarks with tiny inputs: their figures mean nothing, but this shows that they still run. */
async function bench(name: string, ...args: string[]): Promise<string> {
  const { stdout } = await execa(process.execPath, [join(ROOT, 'bench', name), ...args]);
  return stdout;
}

const scratch = mkdtempSync(join(tmpdir(), 'psp-test-'));
afterAll(() => rmSync(scratch, { recursive: true }));

describe('benchmarks still run', { timeout: 120_000 }, () => {
  test('the simulator', async () => {
    expect(await bench('one-policy.mjs', 'c-fcfs', '16', '0.8', '20000', 'extreme-bimodal')).toContain('nsPerRequest');
    expect(await bench('simulator.mjs', '--tiny')).toMatch(/^darc, 256 workers +\d/m);
  });

  test('the command, whose records are drawn', async () => {
    const record = join(scratch, 'records.jsonl');
    expect(await bench('command.mjs', '--tiny', '--record', record)).toMatch(/^psp sim, 3000 requests x 8 .* 1\.1 x$/m);
    // A curve needs two runs.
    writeFileSync(record, readFileSync(record, 'utf8').repeat(2));
    const svg = join(scratch, 'history.svg');
    expect(await bench('history.mjs', record, '--out', svg)).toMatch(/^2 {2}\d{4}-.*c-fcfs/m);
    expect(readFileSync(svg, 'utf8')).toContain('c-fcfs: psp sim, 1k requests');
    writeFileSync(record, '{}\n');
    await expect(bench('history.mjs', record)).rejects.toThrow(`${record}:1: expected a record of psp.bench/1`);
  });

  test('the peers', async () => {
    const shown = await bench('peers.mjs', '--tiny');
    const { agreement, perSecond } = await import(join(ROOT, 'bench/peers/figures.mjs'));
    expect(shown).toMatch(/^M\/M\/1 at 0\.9: mean sojourn by theory 10\.0000$/m);
    expect(shown).toMatch(/^M\/M\/16 at 0\.8: mean sojourn by theory 1\.0953$/m);
    expect(shown.match(/^psp sim +[\d.]+ +-?[\d.]+ +1\.0 x .*(agrees|DISAGREES)$/gm)).toHaveLength(2);
    for (const peer of ['SimPy', 'SIM.JS'])
      expect(shown.match(new RegExp(`^${peer} .*AGREES$`, 'gim'))).toHaveLength(2);
    const rounds = [1, 1.2, 1.1].map((cpuSeconds) => ({
      customers: 1000,
      cpuSeconds,
      shortSeconds: cpuSeconds - 0.75,
    }));
    const middle = (all: number[]) => all.sort((a, b) => a - b)[1]!;
    expect(perSecond(rounds, 0.25, middle)).toEqual({ whole: 1000 / 1.1, steady: expect.closeTo(1000, 6) });
    // Student's t of two degrees of freedom at 99 % is 9.925.
    expect(agreement([9, 10, 11], 15)).toEqual({
      mean: 10,
      half: expect.closeTo(9.925 / Math.sqrt(3), 2),
      agrees: true,
    });
    expect(agreement([9, 10, 11], 16).agrees).toBe(false);
  });

  test('sweeps', async () => {
    expect(await bench('sweep.mjs', '--tiny')).toMatch(/^(SKIPPED|a point of 100 requests, .*: \d+\.\d ms$)/m);
  });

  test.skipIf(missingNative() !== undefined)('simulated against real', async () => {
    expect(await bench('sim-vs-real.mjs', scratch, '--tiny')).toMatch(
      /^\| darc \| 0\.5 \| SHORT \| [\d.]+ \/ [\d.]+ /m,
    );
  });
});

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Capacity } from '../../src/results/capacity-schema.js';
import { psp, pspHere, scratchFolder } from './psp.js';

const folder = scratchFolder();
writeFileSync(
  join(folder, 'mm.yaml'),
  'name: mm\ntitle: M/M/c\ntypes: [{ name: A, ratio: 1, service: { exponential: { mean: 10us } } }]\narrivals: ' +
    'poisson\n',
);
const SMALL = ['capacity', '--workload', 'mm.yaml', '--workers', '2', '--requests', '20k', '--policy', 'c-fcfs,sjf'];

describe('psp capacity', () => {
  it.each([
    [['capacity', '--slo', 'p99 slowdown <= 10'], 'expected a workload, found none: add --workload NAME (bimodal, '],
    [SMALL, 'expected an objective, found none: add --slo'],
    [[...SMALL, '--slo', 'p99 delay <= 10'], "expected an objective such as 'p99.9 slowdown <= 10 for every type'"],
    [[...SMALL, '--slo', 'p98 slowdown <= 10'], 'expected one of mean, p50'],
    [[...SMALL, '--slo', 'p99 sojourn <= 10'], 'expected a duration with its unit'],
    [[...SMALL, '--slo', 'p99 slowdown <= 10 for B'], "unknown type 'B'"],
    [[...SMALL, '--slo', 'p99 slowdown <= 10', '--find', 'workers'], '--find workers and --rate'],
    [
      [...SMALL, '--slo', 'p99 slowdown <= 10', '--find', 'workers', '--rate', '100k'],
      'expected only one of --workers and --find workers, found both',
    ],
    [
      [...SMALL, '--slo', 'p99 slowdown <= 10', '--find', 'cores'],
      "--find: expected one of load, workers, found 'cores'",
    ],
    [[...SMALL, '--slo', 'p99 slowdown <= 10', '--picture', 'x.gif'], 'x.gif'],
    [[...SMALL, '--slo', 'p99 slowdown <= 10', '--json', 'none/x.json'], 'none/x.json'],
  ])('%j ends with exit code 2 and one line', async (args, said) => {
    const { code, out, err } = await pspHere(args, folder);
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain(said);
    expect(err.split('\n')).toHaveLength(1);
  });

  it('prints, draws and writes what each policy sustains', { timeout: 60_000 }, async () => {
    const objective = ['--slo', 'mean sojourn <= 20us overall', '--json', 'found.json', '--picture', 'found.svg'];
    const { code, out, err } = await psp([...SMALL, ...objective], { cwd: folder });
    expect([code, err]).toEqual([0, '']);
    const found = JSON.parse(readFileSync(join(folder, 'found.json'), 'utf8')) as Capacity;
    expect(found.entries.map(({ policy }) => policy)).toEqual(['c-fcfs', 'sjf']);
    // M/M/2: mean sojourn 10 us / (1 - load^2) is 20 us at a load of 0.71. With one type, sjf is c-fcfs.
    for (const { holds, fails } of found.entries) {
      expect(holds!.load).toBeLessThanOrEqual(0.71);
      expect(fails!.load).toBeGreaterThanOrEqual(0.7);
      expect(fails!.load - holds!.load).toBeLessThan(0.1);
    }
    const [entry] = found.entries;
    const lines = out.split('\n');
    expect(lines.slice(0, 2)).toEqual(['M/M/c · 2 workers · seed 1', '  mean sojourn <= 20us overall']);
    const loads = [entry!.holds!, entry!.fails!].map(({ load }) => load.toFixed(2)).join(' … ');
    expect(lines.find((line) => line.startsWith('c-fcfs'))).toContain(`  ${loads}  all requests: mean`);
    expect(readFileSync(join(folder, 'found.svg'), 'utf8')).toContain(`(load ${entry!.holds!.load.toFixed(2)})`);
  });

  it('draws how many workers are needed, and how sure that is', { timeout: 60_000 }, async () => {
    const args = ['capacity', '--workload', 'mm.yaml', '--requests', '5k', '--policy', 'c-fcfs', '--rate', '250k'];
    const objective = ['--find', 'workers', '--slo', 'p99 sojourn <= 60us'];
    for (const picture of ['needed.svg', 'needed.png', 'needed.pdf']) {
      const { code, err } = await psp([...args, ...objective, '--picture', picture, '--json', 'needed.json'], {
        cwd: folder,
      });
      expect([code, err]).toEqual([0, '']);
    }
    const { entries } = JSON.parse(readFileSync(join(folder, 'needed.json'), 'utf8')) as Capacity;
    const [needed, enough] = [entries[0]!.fails!.workers + 1, entries[0]!.holds!.workers];
    const label = needed < enough ? `${needed} … ${enough}` : String(enough);
    expect(readFileSync(join(folder, 'needed.svg'), 'utf8')).toContain(`>${label}</text>`);
    expect(readFileSync(join(folder, 'needed.png')).subarray(1, 4).toString()).toBe('PNG');
    expect(readFileSync(join(folder, 'needed.pdf')).subarray(1, 4).toString()).toBe('PDF');
  });

  it('answers no with exit code 1 when nothing meets the objective', { timeout: 60_000 }, async () => {
    const { code, out } = await psp([...SMALL, '--slo', 'p50 sojourn <= 1us', '--json', '-'], { cwd: folder });
    expect(code).toBe(1);
    expect((JSON.parse(out) as Capacity).entries.map(({ holds }) => holds)).toEqual([null, null]);
    expect(existsSync(join(folder, '-'))).toBe(false);
  });
});

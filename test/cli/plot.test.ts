import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readSweep } from '../../src/experiment/sweep/store.js';
import type { Point } from '../../src/results/point.js';
import { psp, pspHere, scratchFolder } from './psp.js';

const folder = scratchFolder();
const SWEEP = ['sweep', '--workload', 'bimodal', '--policy', 'c-fcfs,darc', '--load', '.3,.6', '--requests', '4k'];

/** A copy of the sweep in which each point was also measured, somewhat slower. */
function measuredToo(): string {
  const both = join(folder, 'both');
  cpSync(join(folder, 'swept'), both, { recursive: true });
  for (const point of readSweep(both).points) {
    const key = point.key.split('').reverse().join('');
    const measured = { ...point, key, result: { ...point.result, world: 'hw' } };
    writeFileSync(join(both, `points/${key}.json`), JSON.stringify(measured));
  }
  return both;
}

/** The row with the name that figure 3 gives to its policy. */
const inLegend = (row: string) => row.replace(',c-fcfs,', ',c-FCFS,').replace(',darc,', ',DARC,');

describe('a sweep', () => {
  it('is drawn, with measured points over simulated curves, and verified', { timeout: 120_000 }, async () => {
    expect((await psp([...SWEEP, '--out', 'swept'], { cwd: folder })).code).toBe(0);
    const csv = async (...args: string[]) => {
      const { code, err } = await pspHere(['plot', ...args, '--out', 'data.csv'], folder);
      expect([code, err]).toEqual([0, '']);
      return readFileSync(join(folder, 'data.csv'), 'utf8').trim().split('\n').slice(1);
    };
    const { points } = readSweep(join(folder, 'swept'));
    const cFcfs = points.filter(({ result }) => result.policy === 'c-fcfs').map(({ result }) => result);
    const rows = await csv('swept', '--y', 'p99 sojourn', '--where', 'policy=c-fcfs', '--where', 'type=SHORT');
    expect(rows.map((row) => row.split(',').slice(0, 4).join())).toEqual(
      cFcfs.map(({ load, types }) => `SHORT,c-fcfs,${load},${types[0]!.sojournNs.p99}`),
    );
    const tails = await csv('swept', '--y', 'ccdf', '--where', 'load=.6', '--panel', 'type');
    expect(new Set(tails.map((row) => row.split(',')[0]))).toEqual(new Set(['all requests', 'SHORT', 'LONG']));
    const shares = tails.filter((row) => row.startsWith('LONG,darc')).map((row) => Number(row.split(',')[3]));
    expect([shares[0], shares.toSorted((a, b) => b - a)]).toEqual([1, shares]);

    const both = measuredToo();
    const names = new Set((await csv(both)).map((row) => /^[^,]*,("[^"]*"|[^,]*)/.exec(row)![1]));
    expect([...names]).toEqual(['c-fcfs', 'darc', '"c-fcfs, measured"', '"darc, measured"']);
    await pspHere(['plot', both, '--width', '3.3in', '--no-title', '--out', 'paper.svg'], folder);
    expect(readFileSync(join(folder, 'paper.svg'), 'utf8')).toMatch(/^<svg[^>]* width="316.8"/);
    await pspHere(['plot', both, '--out', 'paper.pdf'], folder);
    expect(readFileSync(join(folder, 'paper.pdf'), 'latin1')).toMatch(/^%PDF-/);

    const spec = ['--where', 'load=.6', '--y', 'ccdf', '--panel', 'type', '--no-title', '--save-spec', 'tails.yaml'];
    const saved = await csv('swept', ...spec);
    expect(saved).toEqual(tails);
    expect(await csv('swept', '--spec', 'tails.yaml')).toEqual(tails);
    expect(readFileSync(join(folder, 'tails.yaml'), 'utf8')).toContain('title: false\n');
    const builtIn = ['swept', '--spec', 'figure-3', '--where', 'type=SHORT', '--y', 'p99 sojourn'];
    expect(new Set(await csv(...builtIn))).toEqual(
      new Set((await csv('swept', '--where', 'type=SHORT', '--y', 'p99 sojourn')).map(inLegend)),
    );

    const verified = await psp(['verify', 'swept', '--sample', '2'], { cwd: folder });
    expect([verified.code, verified.out]).toEqual([0, '2 of 4 points run again: 2 the same, 0 differ']);
    const [first] = points as [Point];
    const path = join(folder, `swept/points/${first.key}.json`);
    writeFileSync(path, JSON.stringify({ ...first, result: { ...first.result, digest: '0123456789abcdef' } }));
    const { code, out, err } = await psp(['verify', 'swept'], { cwd: folder });
    expect([code, out]).toEqual([1, '4 of 4 points run again: 3 the same, 1 differ']);
    expect(err).toBe(`psp: ${first.command}: expected digest 0123456789abcdef, found ${first.result.digest}`);

    const refused = async (...args: string[]) => (await pspHere(['plot', 'swept', ...args], folder)).err;
    expect(await refused('--series', 'workload', '--out', 'x.svg')).toMatch(
      /^psp: sim bimodal: two points have the same load, and differ in policy: choose with --where policy=VALUE/,
    );
    expect(await refused('--where', 'lod=.9', '--out', 'x.svg')).toContain("did you mean 'load'?");
    expect(await refused('--where', 'load=.9', '--out', 'x.svg')).toContain('--where load: expected one of 0.3, 0.6');
    expect(await refused('--y', 'cdf', '--out', 'x.svg')).toContain('--y: expected a statistic');
    expect(await refused('--width', '3', '--out', 'x.svg')).toContain('--width: expected a size');
    writeFileSync(join(folder, 'wrong.yaml'), 'y: cdf\n');
    expect(await refused('--spec', 'wrong.yaml', '--out', 'x.svg')).toMatch(/^psp: wrong.yaml:1:4: y: expected a stat/);
    expect(await refused('--spec', 'figure-2', '--out', 'x.svg')).toMatch(/^psp: figure-2: cannot be read/);
    expect(await refused('--out', 'x.svg', '--save-spec', 'swept/points/a.txt')).toContain('--save-spec: expected');
    expect(await refused('--out', 'x.gif')).toContain('--out: expected a file whose name ends in');
  });
});

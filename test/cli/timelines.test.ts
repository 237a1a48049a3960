import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { pathsFor } from '../../src/cli/timelines.js';
import { psp, pspHere, scratchFolder } from './psp.js';

const folder = scratchFolder();

it('of several policies each has a file of its own', () => {
  const specs = ['darc', 'ts:quantum=5us', 'ts:quantum=5us'].map((policy) => ({ policy }));
  expect(pathsFor('a/b.x.svg', specs)).toEqual([
    'a/b.x-darc.svg',
    'a/b.x-ts-quantum=5us.svg',
    'a/b.x-ts-quantum=5us-2.svg',
  ]);
  const system = { name: 'shinjuku', costs: {} as never };
  expect(pathsFor('o.json', [{ policy: 'ts', system }, ...specs])[0]).toBe('o-shinjuku-ts.json');
  expect(pathsFor('b.svg', specs.slice(0, 1))).toEqual(['b.svg']);
});

it('--timeline writes the files before the table', async () => {
  const args =
    'sim --workload bimodal --policy darc,c-fcfs --requests 5k --timeline t.svg --from 1ms --for 200us'.split(' ');
  const { code, err } = await psp(args, { cwd: folder });
  expect({ code, err }).toEqual({ code: 0, err: '' });
  expect(readdirSync(folder).sort()).toEqual(['t-c-fcfs.svg', 't-darc.svg']);
  expect(readFileSync(join(folder, 't-darc.svg'), 'utf8')).toContain('14 workers · load 0.8 · seed 1 · 200us from 1ms');
});

it.each([
  ['--from 1ms', 'from is about a timeline: expected timeline as well, found none'],
  ['--timeline t.png', "--timeline: expected a file whose name ends in .json or .svg, found 't.png'"],
  ['--timeline nowhere/t.svg', 'nowhere/t.svg: cannot be written: there is no folder nowhere'],
  ['--timeline t.svg --from 1h', 'before the timeline begins'],
  ['--timeline t.svg --for 0s', "--for: expected a duration above 0, found '0s'"],
])('%s is refused', async (args, complaint) => {
  const { code, out, err } = await pspHere(
    `sim --workload bimodal --policy darc --requests 5k ${args}`.split(' '),
    folder,
  );
  expect(err).toContain(complaint);
  expect({ code, out, lines: err.trim().split('\n').length }).toEqual({ code: 2, out: '', lines: 1 });
});

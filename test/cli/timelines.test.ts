import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { pathsFor } from '../../src/cli/timelines.js';
import type { TraceEvent } from '../../src/report/timeline/timeline-trace.js';
import { parsePolicy } from '../../src/scheduler/policy-registry.js';
import { traceComplaints } from '../support/trace-events.js';
import { psp, pspHere, scratchFolder } from './psp.js';

const folder = scratchFolder();

it('of several policies each has a file of its own', () => {
  const specs = ['darc', 'ts:quantum=5us', 'ts:quantum=5us'].map((text) => ({ policy: parsePolicy(text) }));
  expect(pathsFor('a/b.x.svg', specs)).toEqual([
    'a/b.x-darc.svg',
    'a/b.x-ts-quantum=5us.svg',
    'a/b.x-ts-quantum=5us-2.svg',
  ]);
  const system = { name: 'shinjuku', costs: {} as never };
  expect(pathsFor('o.json', [{ policy: parsePolicy('ts'), system }, ...specs])[0]).toBe('o-shinjuku-ts.json');
  expect(pathsFor('b.svg', specs.slice(0, 1))).toEqual(['b.svg']);
});

it('--timeline stacks the policies in one picture before the table, and says what it wrote', async () => {
  const args =
    'sim --workload bimodal --policy darc,c-fcfs --requests 5k --timeline t.svg --from 1ms --for 200us'.split(' ');
  const { code, err, out } = await psp(args, { cwd: folder });
  expect({ code, err }).toEqual({ code: 0, err: '' });
  expect(out).toMatch(/^t\.svg: darc, c-fcfs, 200us from 1ms\n/);
  expect(readdirSync(folder)).toEqual(['t.svg']);
  const svg = readFileSync(join(folder, 't.svg'), 'utf8');
  expect(svg).toContain('14 workers · load 0.8 · seed 1 · 200us from 1ms');
  expect(svg.match(/font-weight="bold">([^<]*)</g)).toEqual([
    'font-weight="bold">darc, c-fcfs on High Bimodal<',
    'font-weight="bold">darc<',
    'font-weight="bold">c-fcfs<',
  ]);
  // One axis, and what each bar is.
  expect(svg.match(/time \(ms\)/g)).toHaveLength(1);
  expect(svg).toMatch(/<title>SHORT \d+: 1us on worker \d+ from [\d.]+us, completed<\/title>/);
});

it.each(['png', 'pdf'])('a timeline may be a .%s, and begins after the warm-up', async (ending) => {
  const args = `sim --workload bimodal --policy c-fcfs --requests 20k --warmup 0.5 --timeline p.${ending}`.split(' ');
  const { code, out } = await psp(args, { cwd: folder });
  expect(code).toBe(0);
  // 10 000 requests at 222 per ms.
  const [, from] = new RegExp(`^p\\.${ending}: c-fcfs, 1ms from ([\\d.]+)ms\n`).exec(out)!;
  expect(Number(from)).toBeGreaterThan(42);
  expect(Number(from)).toBeLessThan(48);
  const start = readFileSync(join(folder, `p.${ending}`))
    .subarray(0, 4)
    .toString('latin1');
  expect(start).toBe(ending === 'png' ? '\x89PNG' : '%PDF');
});

it('--from worst:TYPE shows the worst wait of all policies', async () => {
  const args = 'sim --workload bimodal --policy c-fcfs,darc:window=1000 --requests 20k --timeline w.json'.split(' ');
  const { code, out } = await psp([...args, '--from', 'worst:SHORT'], { cwd: folder });
  expect(code).toBe(0);
  const told = /^the worst wait of SHORT is under c-fcfs: request (\d+) came at [\d.]+ms and waited ([\d.]+)us\n/.exec(
    out,
  )!;
  expect(Number(told[2])).toBeGreaterThan(50);
  const { traceEvents } = JSON.parse(readFileSync(join(folder, 'w-c-fcfs.json'), 'utf8')) as {
    traceEvents: TraceEvent[];
  };
  expect(traceEvents.some(({ args }) => args?.request === Number(told[1]))).toBe(true);
});

it('a .json is a document of the Trace Event Format, its times in us', async () => {
  const args =
    'sim --workload bimodal --system shinjuku --load 0.7 --requests 5k --timeline x.json --from 1ms --for 2ms';
  const { code } = await psp(args.split(' '), { cwd: folder });
  expect(code).toBe(0);
  const text = readFileSync(join(folder, 'x.json'), 'utf8');
  expect(traceComplaints(text)).toEqual([]);
  const { traceEvents } = JSON.parse(text) as { traceEvents: TraceEvent[] };
  for (const phase of ['X', 'M', 'C', 's', 'f']) expect(traceEvents.some(({ ph }) => ph === phase)).toBe(true);
  // The window, and requests that run whole for as long as their types take.
  const times = traceEvents.flatMap(({ ts }) => ts ?? []);
  expect([Math.min(...times) >= 1000, Math.max(...times) <= 3000, Math.max(...times) > 2900]).toEqual([
    true,
    true,
    true,
  ]);
  const shorts = traceEvents.filter(
    ({ name, args }) => name === 'SHORT' && args!.part === 0 && args!.end === 'completed',
  );
  expect(shorts.length).toBeGreaterThan(50);
  for (const { ts, dur } of shorts) if (ts! > 1001 && ts! < 2999) expect(dur).toBeCloseTo(1, 6);
});

it('the checker of traces finds what is wrong', () => {
  const slice = { name: 'A', ph: 'X', pid: 1, tid: 1, ts: 10, dur: 5 };
  const flow = { name: 'r', cat: 'p', pid: 1, tid: 1, id: 1 };
  const of = (...traceEvents: object[]) => traceComplaints(JSON.stringify({ traceEvents })).join('; ');
  expect(of(slice, { ...flow, ph: 's', ts: 11 }, { ...flow, ph: 'f', bp: 'e', ts: 15 })).toBe('');
  expect(of({ ...slice, dur: undefined })).toMatch(/no dur/);
  expect(of(slice, { ...slice, ts: 9 })).toMatch(/comes after a later one/);
  expect(of(slice, { ...slice, ts: 12 })).toMatch(/overlap at 12/);
  expect(of(slice, { ...flow, ph: 's', ts: 11 })).toMatch(/not one start, steps and one end/);
  expect(of(slice, { ...flow, ph: 's', ts: 20 }, { ...flow, ph: 'f', bp: 'e', ts: 21 })).toMatch(
    /nothing to bind to at 20/,
  );
  expect(of({ ...slice, ph: 'Q' })).toMatch(/unknown phase/);
  expect(of({ name: 'n', ph: 'C', pid: 1, ts: 1, args: { a: '1' } })).toMatch(/counts with numbers/);
});

it.each([
  ['--from 1ms', 'from is about a timeline: expected timeline as well, found none'],
  ['--timeline t.gif', "--timeline: expected a file whose name ends in .svg, .png, .pdf or .json, found 't.gif'"],
  ['--timeline t.svg --from worst:SHRT', 'from: '],
  ['--timeline nowhere/t.svg', 'nowhere/t.svg: cannot be written: there is no folder nowhere'],
  ['--timeline t.svg --from 1h', 'before the timeline begins'],
  ['--timeline t.svg --for 0s', "--for: expected a duration above 0 with its unit, such as 1us or 0.5 ms, found '0s'"],
])('%s is refused', async (args, complaint) => {
  const { code, out, err } = await pspHere(
    `sim --workload bimodal --policy darc --requests 5k ${args}`.split(' '),
    folder,
  );
  expect(err).toContain(complaint);
  expect({ code, out, lines: err.trim().split('\n').length }).toEqual({ code: 2, out: '', lines: 1 });
});

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { blame, recordedRequests } from '../../src/experiment/run/recorded-requests.js';
import { pspHere, scratchFolder } from './psp.js';

const folder = scratchFolder();
const run = ['sim', '--workload', 'bimodal', '--load', '0.7', '--requests', '20k', '--warmup', '0', '--policy'];

beforeAll(async () => {
  for (const policy of ['c-fcfs', 'ts']) {
    expect((await pspHere([...run, policy, '--record', `${policy}.events`], folder)).code).toBe(0);
  }
});

test('the recorded policy, simulated with the requests of its recording, does what it did', async () => {
  const { code, out, err } = await pspHere(['whatif', 'c-fcfs.events', '--policy', 'sjf'], folder);
  expect([code, err]).toEqual([0, '']);
  const lines = out.split('\n');
  const cells = (start: string) =>
    lines.filter((line) => line.startsWith(`  ${start}`)).map((line) => line.trim().split(/ {2,}/).slice(1));
  expect(cells('c-fcfs, as it was')).toEqual(cells('c-fcfs, simulated'));
  expect(cells('c-fcfs, as it was').length).toBe(2);
  expect(cells('sjf, simulated')).not.toEqual(cells('c-fcfs, simulated'));
});

test('demands are those of the workload, also where requests were preempted', () => {
  const { busyNs, type, names, doneNs, dropped } = recordedRequests(join(folder, 'ts.events'));
  expect(names.slice(0, 2)).toEqual(['SHORT', 'LONG']);
  expect([doneNs.every(Number.isFinite), dropped]).toEqual([true, 0]);
  // A preemption of ts costs worker time, which counts.
  for (const [i, ns] of busyNs.entries()) expect(ns).toBeGreaterThanOrEqual(type[i] === 0 ? 1000 : 100_000);
  expect(Math.max(...busyNs)).toBeLessThan(200_000);
});

test('the worst requests are blamed on what the workers did', async () => {
  const worst = blame(recordedRequests(join(folder, 'c-fcfs.events')), 3);
  expect(worst.map(({ type }) => type)).toEqual(['SHORT', 'SHORT', 'SHORT', 'LONG', 'LONG', 'LONG']);
  const [first] = worst;
  // First come, first served: a short request waits behind long ones, and no worker is idle meanwhile.
  expect(first!.behind[0]).toMatchObject({ what: 'LONG' });
  expect(first!.behind[0]!.share).toBeGreaterThan(0.9);
  expect(first!.behind.some(({ what }) => what === 'idle')).toBe(false);
  expect(first!.sojournNs).toBeGreaterThanOrEqual(worst[1]!.sojournNs);
  const { out, code } = await pspHere(['whatif', 'c-fcfs.events', '--blame', '1'], folder);
  expect(code).toBe(0);
  expect(out).toContain('psp replay c-fcfs.events --timeline why.svg --from ');
});

test.each([
  [['none.events'], 'none.events: cannot be read'],
  [['broken.events'], 'broken.events'],
  [['c-fcfs.events', '--blame', '0'], '--blame: expected a whole number from 1 to 1000'],
])('psp whatif %j is refused', async (args, message) => {
  writeFileSync(join(folder, 'broken.events'), 'hello');
  const { code, err } = await pspHere(['whatif', ...args], folder);
  expect(code).toBe(2);
  expect(err).toContain(message);
});

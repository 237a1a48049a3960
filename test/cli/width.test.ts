import { expect, test } from 'vitest';
import { shippedSystems, shippedWorkloads } from '../../src/experiment/plan/files.js';
import { policies } from '../../src/scheduler/policy-registry.js';
import { pspHere, scratchFolder } from './psp.js';

const folder = scratchFolder();
const COMMANDS = [
  ...[
    'sim',
    'sweep',
    'merge',
    'report',
    'plot',
    'verify',
    'capacity',
    'tune',
    'figure',
    'validate',
    'worker',
    'run',
    'serve',
    'testbed',
    'load',
  ],
  ...['calibrate', 'doctor', 'compare', 'replay', 'policies', 'workloads', 'systems'],
  ...['build-native', 'new', 'check', 'import', 'fit', 'whatif', 'advise', 'lab'],
];

async function tooWide(args: readonly string[]): Promise<string[]> {
  const { code, out } = await pspHere(args, folder);
  expect(code).toBe(0);
  expect(out).not.toBe('');
  return out.split('\n').filter((line) => [...line].length > 80);
}

test.each(COMMANDS)('the help of psp %s fits 80 columns', async (command) => {
  expect(await tooWide([command, '--help'])).toEqual([]);
});

test('psp --help names every command once, in groups', async () => {
  const { out } = await pspHere(['--help'], folder);
  expect(await tooWide(['--help'])).toEqual([]);
  const named = [...out.matchAll(/^ {2}([a-z-]+) /gm)].map((match) => match[1]);
  expect(named.filter((name) => name !== 'help').sort()).toEqual([...COMMANDS].sort());
  expect([...out.matchAll(/^(\S.*):$/gm)].map((match) => match[1])).toEqual([
    'Options',
    'Simulate',
    'From your own data',
    'Run on real machines',
    'Compare and replay',
    'Write a policy',
    'Look up',
  ]);
});

test('policies, workloads and systems in full fit 80 columns', async () => {
  expect(await tooWide(['policies', ...policies.map(({ name }) => name)])).toEqual([]);
  expect(await tooWide(['workloads', ...shippedWorkloads()])).toEqual([]);
  expect(await tooWide(['systems', ...shippedSystems()])).toEqual([]);
});

test('a policy in full has its parameters with ranges and defaults, its source and its promises', async () => {
  const { out } = await pspHere(['policies', 'ts'], folder);
  const { parameters, reference } = policies.find(({ name }) => name === 'ts')!;
  const words = out.replace(/\s+/g, ' ');
  for (const { key } of parameters) expect(out).toMatch(new RegExp(`^  ${key} `, 'm'));
  expect(words).toContain('quantum 5us time from');
  expect(words).toContain(`source: ${reference}`);
  expect(words).toContain('It may take a request off a worker before it is done.');
});

test('an unknown policy is refused with the nearest name', async () => {
  const { code, err } = await pspHere(['policies', 'dacr'], folder);
  expect(code).toBe(2);
  expect(err).toContain("unknown policy 'dacr': did you mean 'darc'?");
});

test('a trace is no workload to describe', async () => {
  const { code, err } = await pspHere(['workloads', 'x.csv'], folder);
  expect(code).toBe(2);
  expect(err).toContain('x.csv: a trace has no description');
});

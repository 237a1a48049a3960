import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readSystem, shippedSystems } from '../../src/experiment/plan/files.js';
import { policies } from '../../src/scheduler/policy-registry.js';
import { psp, pspHere, ROOT } from './psp.js';

test('psp policies lists every policy in the registry', async () => {
  const { code, out } = await pspHere(['policies'], '/');
  expect(code).toBe(0);
  for (const { name, title } of policies) expect(out).toMatch(new RegExp(`^${name} +${title}: `, 'm'));
});

test('psp policies --json has what the registry says', async () => {
  const { out } = await pspHere(['policies', '--json'], '/');
  const listed = JSON.parse(out) as { name: string; parameters: { key: string; default: string }[] }[];
  expect(listed.map(({ name }) => name)).toEqual(policies.map(({ name }) => name));
  const quantum = listed.find(({ name }) => name === 'ts')!.parameters.find(({ key }) => key === 'quantum');
  expect(quantum).toMatchObject({ kind: 'duration', default: '5us' });
});

test('psp workloads lists what comes with psp, from any folder', async () => {
  const { code, out } = await psp(['workloads'], { cwd: '/' });
  expect(code).toBe(0);
  expect(out).toMatch(/^bimodal +High Bimodal: /m);
  const { out: json } = await pspHere(['workloads', '--json'], '/');
  const tpcc = (JSON.parse(json) as { name: string; types: unknown[] }[]).find(({ name }) => name === 'tpcc');
  expect(tpcc!.types).toHaveLength(5);
  expect(tpcc!.types[0]).toEqual({ name: 'Payment', ratio: 0.44, service: 'constant', meanServiceNs: 5700 });
});

test('psp systems lists every system, and in full every constant with its source', async () => {
  const { out: list } = await pspHere(['systems'], '/');
  for (const name of shippedSystems()) expect(list).toMatch(new RegExp(`^${name} +\\S`, 'm'));
  const { code, out } = await pspHere(['systems', ...shippedSystems()], '/');
  const { out: json } = await pspHere(['systems', '--json'], '/');
  expect(code).toBe(0);
  expect(out).not.toContain('no source given');
  const listed = JSON.parse(json) as { name: string; constants: { name: string; ns: number; source: string }[] }[];
  expect(listed.map(({ name }) => name)).toEqual(shippedSystems());
  for (const { name, constants } of listed) {
    const section = out.split(new RegExp(`^${name}$`, 'm'))[1]!.split(/\n\n/)[1]!;
    expect(constants.map((each) => each.name)).toEqual(
      readSystem(name).constants.map(({ spec }) => `${spec.section}.${spec.key}`),
    );
    for (const { name: constant, ns, source } of constants) {
      expect(source).toMatch(/\w{3}/);
      const row = section.split('\n').find((line) => line.trim().startsWith(`${constant} `));
      expect(row).toContain(`${ns}ns`);
      expect(row).toContain(source.split(' ')[0]);
    }
  }
});

test('psp sim --help has examples and leaves the parameters of policies to psp policies', async () => {
  const { code, out } = await pspHere(['sim', '--help'], '/');
  expect(code).toBe(0);
  expect(out).toContain('psp sim --workload bimodal');
  expect(out).toContain('psp policies NAME');
  expect(out.split('\n').length).toBeLessThan(75);
});

test('psp alone and psp --help say what there is', async () => {
  for (const args of [[], ['--help']]) {
    const { code, out } = await pspHere(args, '/');
    expect(code).toBe(0);
    for (const command of ['sim', 'run', 'serve', 'load', 'doctor', 'policies', 'workloads']) {
      expect(out).toMatch(new RegExp(`^  ${command} `, 'm'));
    }
  }
});

test('psp --version', async () => {
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };
  expect(await psp(['--version'])).toEqual({ code: 0, out: version, err: '' });
});

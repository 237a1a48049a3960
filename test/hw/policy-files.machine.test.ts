/** Policies from files on this machine: they run, are recorded, and are named when they fail. */

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { HardwareResult } from '../../src/experiment/hardware/run-hardware.js';
import { psp, scratchFolder } from '../cli/psp.js';
import { policyText, writePolicy } from '../policy-files/policy-texts.js';
import { loopbackConfig, startPsp } from './loopback-commands.js';
import { missingNative } from './support.js';

const folder = scratchFolder();
const here = { cwd: folder };
const WORK = ['--workload', 'bimodal', '--dilate', '100', '--load', '0.5', '--requests', '80'];
const RUN = ['run', '--hw', ...WORK, '--workers', '2', '--json', '-', '--policy'];

/** The policy with a fault in the fourth scheduler that is made: the first after the warm-up. */
function faulty(name: string, where: string, fault: string): void {
  const change = (text: string) =>
    text
      .replace('class Keep', 'let made = 0;\nclass Keep')
      .replace('super();', 'super(); this.isReal = ++made >= 4;')
      .replace('private readonly idle', 'private readonly isReal: boolean; private left = 20; private readonly idle')
      .replace(where, `${where} if (this.isReal && --this.left === 0) ${fault};`);
  writePolicy(join(folder, `${name}.ts`), policyText({ name, change }));
}

beforeAll(() => {
  writePolicy(join(folder, 'keep.ts'));
  mkdirSync(join(folder, 'sub'));
  faulty('throws', 'complete(worker: number): void {', 'null!.x');
  faulty('loops', 'arrive(request: number, _type: number, _flow: number): void {', 'for (;;) {}');
  faulty('loses', 'arrive(request: number, _type: number, _flow: number): void {', 'return');
});

const only = (out: string) => (JSON.parse(out) as HardwareResult[])[0]!;

describe.skipIf(missingNative() !== undefined)('a policy from a file on this machine', { timeout: 120_000 }, () => {
  it('runs with its parameters, and its recording is replayed with the same code only', async () => {
    const { code, out, err } = await psp([...RUN, './keep.ts:keep=2', '--record', 'run.events'], here);
    expect(code, err).toBe(0);
    expect(only(out)).toMatchObject({
      ...{ policy: 'keep', policyParameters: { keep: 2 }, completed: 80 },
      manifest: { policyCode: { file: './keep.ts' } },
    });
    const replayed = await psp(['replay', 'run.events', '--policy', './keep.ts:keep=2'], here);
    expect(replayed).toMatchObject({ code: 0, out: expect.stringContaining('0 differences') });
    const other = await psp(['replay', 'run.events', '--policy', './keep.ts:keep=1'], here);
    expect(other.err).toContain('recorded under keep:keep=2: expected that, found --policy keep');
  });

  it('is served, and a load generator of its own meets it', async () => {
    const config = loopbackConfig(folder, 'served', 'inline');
    const common = ['--config', config, '--workload', 'bimodal', '--dilate', '100'];
    const server = startPsp(['serve', ...common, '--policy', './keep.ts:keep=2'], folder);
    await server.says('under ./keep.ts:keep=2');
    const client = await psp(['run', '--hw', '--role', 'client', ...common, ...WORK.slice(4)], here);
    expect(client.code, client.err).toBe(0);
    const { code, err } = await server.end('SIGINT');
    expect(err).toContain('completed 80');
    expect(code).toBe(0);
  });

  it('is calibrated, and the file of that system finds it', async () => {
    const short = ['--workers', '1', '--requests', '40', '--dispatchers', 'none', '--dilate', '100'];
    const { code, err } = await psp(['calibrate', '--policy', './keep.ts', ...short, '--out', 'sub/here.yaml'], here);
    expect(code, err).toBe(0);
    const sim = ['sim', '--workload', 'bimodal', '--requests', '2k', '--system', 'sub/here.yaml'];
    expect(await psp(sim, here)).toMatchObject({ code: 0, err: '' });
  });

  it.each([
    ['throws', /^psp: \.\/throws\.ts:\d+:\d+: TypeError: .*; the figures cover what was answered by then$/m],
    ['loops', /^psp: \.\/loops\.ts: a call of the policy did not return within 3 s; the figures cover what/m],
    ['loses', /^psp: lost: loses: The policy never finished 1 of 80 requests\.$/m],
  ])('that %s ends the run with exit code 1, and what was answered is kept', async (name, message) => {
    const { code, out, err } = await psp([...RUN, `./${name}.ts`], here);
    expect(err).toMatch(message);
    expect(err).not.toMatch(/bug in psp|do not add up/);
    expect(code).toBe(1);
    expect(only(out).completed).toBeGreaterThan(5);
    expect(only(out).end).toBe(name === 'loses' ? 'drained' : 'policyFailed');
  });
});

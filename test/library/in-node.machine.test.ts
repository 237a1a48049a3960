import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, test } from 'vitest';
import type { Result } from '../../src/results/result.js';
import { psp, ROOT, scratchFolder, simulate, timeless } from '../cli/psp.js';

const folder = scratchFolder();
const QUICK = "workload: 'bimodal', requests: 20000, load: 0.7, seed: 3";

/** Runs a program that imports psp by its name, as in a project. Returns its standard output, which only it writes. */
async function program(text: string): Promise<string> {
  const imports = `import { simulate, sweep, capacity, compare, parseWorkload, policies, InputError } from 'psp';
    import { definePolicy } from 'psp/policy';\n`;
  const { stdout, stderr } = await execa(process.execPath, ['--input-type=module', '-e', imports + text], {
    cwd: ROOT,
  });
  expect(stderr).toBe('');
  return stdout;
}

describe('psp from a program', () => {
  test('gives the results of the command, and reports how far it is', async () => {
    const said = await program(`const shares = [];
      const onProgress = (share) => shares.push(share);
      const results = await simulate({ ${QUICK}, policies: ['c-fcfs', 'ts'], replications: 2, onProgress });
      console.log(JSON.stringify({ results, last: shares.at(-1) }));`);
    const { results, last } = JSON.parse(said) as { results: Result[]; last: number };
    const args = ['--workload', 'bimodal', '--requests', '20k', '--load', '0.7', '--seed', '3', '--replications', '2'];
    const expected = await simulate([...args, '--policy', 'c-fcfs,ts']);
    expect(results.map(timeless)).toEqual(expected.map(timeless));
    expect(last).toBe(1);
  });

  test('runs a policy object in its own thread, with parameters, next to one by its name', async () => {
    const said = await program(`const c = policies.find(({ name }) => name === 'c-fcfs');
      const own = definePolicy({ ...c, name: 'mine' });
      const darc = policies.find(({ name }) => name === 'darc');
      const results = await simulate({
        ${QUICK}, warmup: 0.1,
        policies: ['c-fcfs', own, { policy: darc, parameters: { window: 500 } }, 'darc:window=500'],
      });
      const shown = ({ policy, digest, manifest }) => [policy, digest, 'policyCode' in manifest];
      console.log(JSON.stringify(results.map(shown)));`);
    const [first, own, darc, text] = JSON.parse(said) as [string, string, boolean][];
    expect(own).toEqual(['mine', first![1], false]);
    expect(darc).toEqual(text);
    expect(darc![2]).toBe(true);
  });

  test('keeps points in a folder, which a second sweep and psp report find', async () => {
    const out = join(folder, 'sweep');
    const said = await program(`const options = {
        workload: 'bimodal', requests: 5000, policies: ['c-fcfs', 'darc'], load: [0.3, 0.6], seed: [1, 2],
        out: ${JSON.stringify(out)},
      };
      const first = await sweep(options);
      const second = await sweep({ ...options, load: [0.3, 0.6, 0.9] });
      console.log(JSON.stringify([first, second].map(({ ran, present, points }) => [ran, present, points.length])));`);
    expect(JSON.parse(said)).toEqual([
      [8, 0, 8],
      [4, 8, 12],
    ]);
    expect((await psp(['report', out, '--out', join(folder, 'page.html')])).code).toBe(0);
  });

  test('finds a capacity, and compares results with those of a file', async () => {
    const file = join(folder, 'a.json');
    await psp(['sim', '--workload', 'bimodal', '--requests', '5000', '--policy', 'c-fcfs', '--json', file]);
    const said = await program(`const found = await capacity({
        workload: 'bimodal', policies: ['darc'], requests: 5000, slos: ['p50 slowdown <= 100'],
      });
      const results = await simulate({ workload: 'bimodal', requests: 5000, policies: ['c-fcfs'] });
      const comparison = compare(results, ${JSON.stringify(file)}, { tolerance: 0.01 });
      console.log(JSON.stringify({ held: found.entries[0].holds.load > 0.5, agrees: comparison.agrees }));`);
    expect(JSON.parse(said)).toEqual({ held: true, agrees: true });
  });

  test('stops when its signal is aborted, and leaves no thread behind', async () => {
    const said = await program(`const error = await simulate({
        workload: 'bimodal', requests: 1e9, policies: ['c-fcfs', 'ts'], signal: AbortSignal.timeout(1000),
      }).catch((error) => error);
      const signal = AbortSignal.abort(new Error('before'));
      const aborted = await simulate({ ${QUICK}, signal }).catch((error) => error);
      console.log(error.name, aborted.message);`);
    expect(said).toBe('TimeoutError before');
  });

  test('takes a workload as text, and says what is wrong in it', async () => {
    const said = await program(`const text = 'name: x\\ntypes:\\n  - { name: A, ratio: 1, service: 1us }\\n';
      const [result] = await simulate({ workload: parseWorkload(text), policies: ['c-fcfs'], requests: 1000 });
      console.log(result.workload, result.completed);
      try { parseWorkload('name: x', 'mine.yaml'); }
      catch (error) { console.log(error instanceof InputError, error.message); }`);
    expect(said).toMatch(/^x 1000\ntrue mine\.yaml:1:1: /);
  });

  test('a policy file with a mistake is named with its line', async () => {
    const file = join(folder, 'wrong.ts');
    writeFileSync(
      file,
      "import { definePolicy } from 'psp/policy';\nexport default definePolicy({ name: 'x', create() {} });\n",
    );
    const said =
      await program(`const error = await simulate({ ${QUICK}, policies: [${JSON.stringify(file)}] }).catch((e) => e);
      console.log(error.name, error.message);`);
    expect(said).toMatch(/^InputError .*wrong\.ts:2: title: expected a text/);
  });

  test('holds a policy to its promises, with the case that shows a breach', async () => {
    const said = await program(`const { assertPolicy, checkPolicy } = await import('psp/testing');
      await assertPolicy('c-fcfs', { runs: 5 });
      const c = policies.find(({ name }) => name === 'c-fcfs');
      const lazy = definePolicy({ ...c, name: 'lazy', create(setup, parameters) {
        const world = { ...setup.world, start(worker, request, sliceNs) {
          if (request !== 3) setup.world.start(worker, request, sliceNs);
        } };
        return c.create({ ...setup, world }, parameters);
      } });
      const { message } = await assertPolicy(lazy, { runs: 20 }).catch((error) => error);
      const { violation } = await checkPolicy(lazy, { case: /case '(.*)'/.exec(message)[1] });
      console.log(message.split(':')[0], '|', violation.property);`);
    const [first, property] = said.split(' | ');
    expect(first).toBe(`lazy breaks a promise (${property})`);
  });
});

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { ROOT, scratchFolder, simulate } from '../cli/psp.js';

const folder = scratchFolder();

/** For a browser, where a module of Node's is an error of the bundler. */
async function bundled(contents: string, name: string): Promise<string> {
  const outfile = join(folder, name);
  const stdin = { contents, resolveDir: ROOT };
  await build({ stdin, outfile, bundle: true, platform: 'browser', format: 'esm', logLevel: 'silent' });
  return readFileSync(outfile, 'utf8');
}

test('what policies import needs nothing of Node', async () => {
  const text = await bundled("export * from 'psp/policy';", 'policy.mjs');
  expect(text).not.toMatch(/["']node:/);
  expect(text.length).toBeLessThan(50_000);
});

test('the simulator needs nothing of Node, and its results have the digests of the command', async () => {
  const text = await bundled("export * from 'psp/browser';", 'browser.mjs');
  expect(text).not.toMatch(/["']node:/);
  const program = `import { simulate, InputError } from './browser.mjs';
    // A page that is not isolated has no shared memory.
    delete globalThis.SharedArrayBuffer;
    import { readFileSync } from 'node:fs';
    const workload = readFileSync(${JSON.stringify(join(ROOT, 'workloads/bimodal.yaml'))}, 'utf8');
    const policies = ['c-fcfs', 'darc', 'ts:quantum=10us'];
    let done = 0;
    const onProgress = (share) => { done = share; };
    const run = { load: 0.7, requests: 20000, seed: 3, replications: 2 };
    const results = await simulate({ workload, policies, ...run, onProgress });
    const wrong = await simulate({ workload, lod: 1 }).catch((error) => error instanceof InputError && error.message);
    console.log(JSON.stringify({ digests: results.map(({ digest }) => digest), done, wrong }));`;
  writeFileSync(join(folder, 'program.mjs'), program);
  const { stdout } = await execa(process.execPath, ['program.mjs'], { cwd: folder });
  const args = ['--workload', 'bimodal', '--policy', 'c-fcfs,darc,ts:quantum=10us', '--load', '0.7'];
  const results = await simulate([...args, '--requests', '20k', '--seed', '3', '--replications', '2']);
  expect(JSON.parse(stdout)).toMatchObject({
    digests: results.map(({ digest }) => digest),
    done: 1,
    wrong: expect.stringContaining("unknown field 'lod': did you mean 'load'?"),
  });
});

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { ROOT, scratchFolder, simulate } from '../cli/psp.js';
import { missingChromium, startChromium } from '../support/browser.js';

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

/** c-FCFS as a page has it that imports psp. */
const PAGE = `
import { simulate } from 'psp/browser';
import { definePolicy, NonPreemptiveScheduler, Queues, TO_COMPLETION, WorkerSet } from 'psp/policy';

class Mine extends NonPreemptiveScheduler {
  constructor(setup) {
    super();
    this.setup = setup;
    this.queue = new Queues(1);
    this.idle = new WorkerSet(setup.workers);
    this.idle.addRange(0, setup.workers);
  }
  arrive(request) {
    this.queue.push(0, request);
  }
  complete(worker) {
    this.idle.add(worker);
  }
  dispatch() {
    for (let worker = this.idle.lowest(); worker >= 0 && this.queue.length[0] > 0; worker = this.idle.lowest()) {
      this.idle.delete(worker);
      this.setup.world.start(worker, this.queue.shift(0), TO_COMPLETION);
    }
  }
  queued() {
    return this.queue.length[0];
  }
}
const mine = definePolicy({
  ...{ name: 'mine', title: 'Mine', summary: 'one queue', reference: 'a test', queues: 'central', parameters: [] },
  ...{ needsTypes: false, needsFlows: false, preemptive: false, clairvoyant: false },
  ...{ workConserving: true, fifoWithinType: true },
  create: (setup) => new Mine(setup),
});
const run = { load: 0.7, requests: 20000, seed: 3, replications: 2 };
const results = await simulate({ workload: WORKLOAD, policies: ['c-fcfs', 'darc', mine], ...run });
document.body.textContent = JSON.stringify(results.map(({ digest }) => digest));
`;

test.skipIf(missingChromium() !== undefined)(
  'in Chromium, from disk, the simulator and a policy of a page have the digests of the command',
  { timeout: 120_000 },
  async () => {
    const workload = readFileSync(join(ROOT, 'workloads/bimodal.yaml'), 'utf8');
    const text = await bundled(`const WORKLOAD = ${JSON.stringify(workload)};\n${PAGE}`, 'page.mjs');
    const script = `<script type="module">${text.replaceAll('</script', '<\\/script')}</script>`;
    writeFileSync(join(folder, 'page.html'), `<!doctype html><meta charset="utf-8"><body></body>${script}`);
    const browser = await startChromium();
    try {
      const page = await browser.newPage();
      const troubles: string[] = [];
      page.on('pageerror', (error) => troubles.push(String(error)));
      await page.goto(`file://${join(folder, 'page.html')}`);
      await expect
        .poll(async () => [...troubles, await page.textContent('body')].join(), { timeout: 60_000 })
        .toMatch(/^\[/);
      const digests = JSON.parse((await page.textContent('body'))!) as string[];
      const args = ['--workload', 'bimodal', '--policy', 'c-fcfs,darc', '--load', '0.7', '--requests', '20k'];
      const [fcfs, darc] = await simulate([...args, '--seed', '3', '--replications', '2']);
      expect(digests).toEqual([fcfs!.digest, darc!.digest, fcfs!.digest]);
    } finally {
      await browser.close();
    }
  },
);

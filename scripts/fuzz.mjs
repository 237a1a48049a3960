// npm run fuzz [-- SEED]: hostile and random inputs by the million, for a night. npm test does a short run of each.
// - Frames go through the frame parser, under AddressSanitizer. A frame that breaks it is kept; add it to
//   test/native/corpus once the parser is mended.
// - test/fuzz: workload x policy x system under the referee, traces, YAML, event files, queue messages, result folders.
// The seed repeats a run. PSP_RUNS multiplies the number of cases of test/fuzz (default here: 300).
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, missing } from '../test/native/build.mjs';
import { build as buildSource, install, ROOT, requireNode } from './setup.mjs';

const FRAMES = '10000000';
const USAGE = `npm run fuzz [-- SEED]: random and hostile inputs for a night; short runs of the same are in npm test
SEED      repeats a run (default: the time)
PSP_RUNS  multiplies the number of cases of test/fuzz (default: 300)`;
if (['--help', '-h'].includes(process.argv[2])) {
  console.log(USAGE);
  process.exit(0);
}

const seed = process.argv[2] ?? String(Date.now() % 2 ** 31);
if (!/^\d+$/.test(seed) || Number(seed) > 2 ** 31) {
  console.error(`fuzz: expected a whole number up to ${2 ** 31} as seed, found ${seed}`);
  process.exit(2);
}
const { PSP_RUNS = '300' } = process.env;

requireNode();
await install();
await buildSource();
console.log(`seed ${seed} (to repeat: PSP_RUNS=${PSP_RUNS} npm run fuzz -- ${seed})`);
const failed = [];

const reason = missing('asan');
if (reason !== undefined) console.warn(`SKIPPED: frames: ${reason}`);
else {
  const corpus = fileURLToPath(new URL('../test/native/corpus', import.meta.url));
  const program = await build('fuzz', 'asan');
  if (spawnSync(program, [corpus, FRAMES, seed, `fuzz-crash-${seed}`], { stdio: 'inherit' }).status !== 0) {
    failed.push('frames');
  }
}

const vitest = [join(ROOT, 'node_modules/vitest/vitest.mjs'), 'run', '--project', 'unit', '--testTimeout', '36000000'];
const { status } = spawnSync(process.execPath, [...vitest, 'test/fuzz', ...process.argv.slice(3)], {
  cwd: ROOT,
  stdio: 'inherit',
  env: { ...process.env, PSP_SEED: seed, PSP_RUNS },
});
if (status !== 0) failed.push('test/fuzz');

console.log(failed.length === 0 ? 'fuzz: all held' : `fuzz: failed: ${failed.join(', ')} (seed ${seed})`);
process.exitCode = failed.length === 0 ? 0 : 1;

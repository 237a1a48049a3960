// Ten million mutated frames through the frame parser, under AddressSanitizer: npm run fuzz [-- SEED]. Not part of npm test, which does a short run.
// The seed repeats a run; an input that breaks the parser is kept, and belongs into test/native/corpus once the parser is mended.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { build, missing } from '../test/native/build.mjs';

const reason = missing('asan');
if (reason !== undefined) {
  console.error(`psp: the fuzzer cannot be built: ${reason}`);
  process.exit(3);
}
const corpus = fileURLToPath(new URL('../test/native/corpus', import.meta.url));
const seed = process.argv[2] ?? String(Date.now());
const crash = `fuzz-crash-${seed}`;
const { status } = spawnSync(await build('fuzz', 'asan'), [corpus, '10000000', seed, crash], { stdio: 'inherit' });
process.exitCode = status ?? 1;

// npm run fuzz [-- SEED]: ten million mutated frames through the frame parser, under AddressSanitizer. Not part of npm test, which does a short run. The same seed makes the same frames.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { build, missing } from '../test/native/build.mjs';

const reason = missing();
if (reason !== undefined) {
  console.error(`psp: the fuzzer cannot be built: ${reason}`);
  process.exit(3);
}
const corpus = fileURLToPath(new URL('../test/native/corpus', import.meta.url));
const seed = process.argv[2] ?? String(Date.now());
console.log(`seed ${seed}`);
const { status } = spawnSync(await build('fuzz', 'asan'), [corpus, '10000000', seed], { stdio: 'inherit' });
process.exitCode = status ?? 1;

// npm run bench [-- simulator|sweep|hw ARGUMENTS]: all that need no DPDK, or one of them; npm run bench:hw: those of the hardware backend.
import { join } from 'node:path';
import { build, install, ROOT, requireNode, run } from './setup.mjs';

const BENCHES = {
  simulator: ['simulator.mjs'],
  sweep: ['sweep.mjs'],
  hw: ['hw-dispatcher.mjs', 'hw-roundtrip.mjs', 'hw-steady.mjs'],
};

const [first, ...others] = process.argv.slice(2);
const isNamed = first in BENCHES;
const rest = isNamed || first === undefined ? others : [first, ...others];
const files = isNamed ? BENCHES[first] : [...BENCHES.simulator, ...BENCHES.sweep];

requireNode();
await install();
await build();
if (first === 'hw') await runOrExit('scripts/build-native.mjs', '--quiet', '--if-older');
// Options belong to one bench: with several of them each has its own.
for (const file of files) await runOrExit(join('bench', file), ...(files.length === 1 || first === 'hw' ? rest : []));

async function runOrExit(...args) {
  const { code } = await run(process.execPath, [join(ROOT, args[0]), ...args.slice(1)]);
  if (code !== 0) process.exit(code);
}

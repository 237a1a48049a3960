// npm run bench [-- command|simulator|sweep|peers|history|hw ARGUMENTS]: the benchmarks that need no DPDK, or one of
// them. npm run bench:hw: those of the hardware backend.
import { join } from 'node:path';
import { build, install, ROOT, requireNode, run } from './setup.mjs';

const BENCHES = {
  command: ['command.mjs'],
  simulator: ['simulator.mjs'],
  sweep: ['sweep.mjs'],
  peers: ['peers.mjs'],
  history: ['history.mjs'],
  hw: ['hw-dispatcher.mjs', 'hw-roundtrip.mjs', 'hw-steady.mjs'],
};

const USAGE = 'npm run bench [-- command | simulator | sweep | peers | history FILE | hw [options]]';

const [first, ...options] = process.argv.slice(2);
if (first === '--help' || options.includes('--help')) {
  console.log(`usage: ${USAGE}; the head of each file of bench/ names its options`);
  process.exit(0);
}
if (first !== undefined && !Object.hasOwn(BENCHES, first)) {
  console.error(`bench: expected command, simulator, sweep, peers, history or hw, found ${first}; usage: ${USAGE}`);
  process.exit(2);
}
const files = first === undefined ? [...BENCHES.command, ...BENCHES.simulator, ...BENCHES.sweep] : BENCHES[first];

requireNode();
await install();
await build();
if (first === 'hw') await runOrExit('scripts/build-native.mjs', '--quiet', '--if-older');
for (const file of files) await runOrExit(join('bench', file), ...options);

async function runOrExit(...args) {
  const { code } = await run(process.execPath, [join(ROOT, args[0]), ...args.slice(1)]);
  if (code !== 0) process.exit(code);
}

// npm test: sets up what is missing, then runs every check and every test. Arguments after -- go to vitest.
import { join } from 'node:path';
import { installNativePackages } from './native-packages.mjs';
import { build, install, ROOT, requireNode, run, step } from './setup.mjs';

requireNode();
await Promise.all([installNativePackages(), install().then(build)]);

const tool = (path) => join(ROOT, 'node_modules', path);
const node = process.execPath;
const failed = [];
async function check(label, command, args) {
  if (!(await step(label, command, args))) failed.push(label);
}
await Promise.all([
  // Without DPDK it fails; the tests that need it then say why they are SKIPPED.
  run(node, [join(ROOT, 'scripts/build-native.mjs'), '--quiet', '--if-older'], 'pipe'),
  check('lint and format', node, [tool('@biomejs/biome/bin/biome'), 'check', '.'])
    .then(() => check('types of the tests', node, [tool('typescript/bin/tsc'), '-p', 'tsconfig.test.json']))
    .then(() =>
      check('walls between the rooms', node, [
        tool('dependency-cruiser/bin/dependency-cruise.mjs'),
        ...['--config', '.dependency-cruiser.cjs', 'src'],
      ]),
    ),
]);
const { code } = await run(node, [tool('vitest/vitest.mjs'), 'run', ...process.argv.slice(2)]);
if (code !== 0) failed.push('tests');

console.log(failed.length === 0 ? 'psp: all is well' : `psp: failed: ${failed.join(', ')}`);
process.exitCode = failed.length === 0 ? 0 : 1;

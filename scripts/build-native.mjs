// Builds the native addon (build/Release/psp_native.node); with --if-older only when something has changed. Needs
// Debian's DPDK, and says in one line what to install when it is missing.
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, utimesSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isUpToDate } from './setup.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const EXIT_CANNOT_START = 3;

function giveUp(line) {
  console.error(line);
  process.exit(EXIT_CANNOT_START);
}

const ADDON = 'build/Release/psp_native.node';
if (process.argv.includes('--if-older') && isUpToDate(ADDON, ['native', 'binding.gyp', 'scripts/build-native.mjs'])) {
  process.exit(0);
}

const dpdk = spawnSync('pkg-config', ['--exists', 'libdpdk']);
if (dpdk.error || dpdk.status !== 0) {
  giveUp(
    'psp: DPDK is missing. On Debian or Ubuntu: apt-get install -y libdpdk-dev librocksdb-dev pkg-config g++ ' +
      'make python3',
  );
}

const nodeGyp = findNodeGyp();
if (!nodeGyp) giveUp('psp: node-gyp is missing: npm install --save-dev node-gyp');
try {
  accessSync(root, constants.W_OK);
} catch {
  giveUp(`psp: ${root}: cannot be written by this user, and the addon is built there`);
}

// The headers that come with this Node save a download; without them node-gyp fetches some.
const prefix = dirname(dirname(process.execPath));
const nodedir = existsSync(join(prefix, 'include/node/node_api.h')) ? [`--nodedir=${prefix}`] : [];
const quiet = process.argv.includes('--quiet') ? ['--silent'] : [];
// Not `rebuild`, which would throw away what has not changed since the last build.
for (const command of [['configure'], ['build', '-j', 'max']]) {
  const done = spawnSync(process.execPath, [nodeGyp, ...command, ...nodedir, ...quiet], {
    cwd: root,
    stdio: 'inherit',
  });
  if (done.status !== 0) process.exit(EXIT_CANNOT_START);
}
// The linker leaves the file alone when nothing changed, but its time must say when it was last built.
const now = new Date();
utimesSync(join(root, ADDON), now, now);

/** That of the project or of psp's checkout; else the one inside the npm that started this, or the one beside node. */
function findNodeGyp() {
  const script = 'node_modules/node-gyp/bin/node-gyp.js';
  try {
    return createRequire(import.meta.url).resolve('node-gyp/bin/node-gyp.js');
  } catch {
    return [
      process.env.npm_config_node_gyp,
      join(dirname(dirname(process.execPath)), 'lib/node_modules/npm', script),
    ].find((path) => path && existsSync(path));
  }
}

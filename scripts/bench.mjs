// npm run bench
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { build, install, ROOT, requireNode } from './setup.mjs';

requireNode();
await install();
await build();
const bench = join(ROOT, 'bench/simulator.mjs');
process.exitCode = spawnSync(process.execPath, [bench, ...process.argv.slice(2)], { stdio: 'inherit' }).status ?? 1;

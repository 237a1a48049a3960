// npm run bench: all benchmarks. `npm run bench -- NAME …` runs one, with its own options; `npm run bench -- --tiny` all of them, to see that they run.
import { join } from 'node:path';
import { build, install, ROOT, requireNode, run } from './setup.mjs';

const NAMES = ['simulator', 'sweep'];

requireNode();
await install();
await build();
const [first, ...rest] = process.argv.slice(2);
const isName = NAMES.includes(first);
const args = isName ? rest : process.argv.slice(2);
process.exitCode = 0;
for (const name of isName ? [first] : NAMES) {
  const { code } = await run(process.execPath, [join(ROOT, 'bench', `${name}.mjs`), ...args]);
  process.exitCode ||= code;
}

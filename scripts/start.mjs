// npm start: sets up what is missing, then compares the usual policies on the bimodal workload. Arguments after -- go
// to `psp sim`.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build, install, ROOT, requireNode } from './setup.mjs';

requireNode();
await install();
await build();

const given = process.argv.slice(2);
const choosesWorkload = given.some((argument) => /^--(workload|config)(=|$)/.test(argument));
process.argv = [
  process.argv[0],
  join(ROOT, 'dist/bin/main.js'),
  'sim',
  ...(choosesWorkload ? [] : ['--workload', 'bimodal']),
  ...given,
];
// In this process, so that Ctrl-C and the exit code are psp's own.
await import(pathToFileURL(process.argv[1]).href);
if (process.stderr.isTTY) console.error('\nSee it happen in a browser: npx psp lab');

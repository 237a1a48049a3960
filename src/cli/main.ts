#!/usr/bin/env node
import { EXIT } from './failure.js';
import { runPsp } from './program.js';

// A reader that closes early (psp … | head) is not an error.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(EXIT.ok);
    throw error;
  });
}

await runPsp(process.argv.slice(2));

#!/usr/bin/env node
import { reportFailure } from './failure.js';
import { guardStreams } from './pipes.js';

guardStreams();
try {
  // Loaded here, so that a failure to load it (too many open files) is reported like any other.
  const { runPsp } = await import('./program.js');
  await runPsp(process.argv.slice(2));
} catch (error) {
  process.exitCode = reportFailure(error);
}

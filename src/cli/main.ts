#!/usr/bin/env node
import { isOutOfFiles, OUT_OF_FILES } from './out-of-files.js';

try {
  // Loaded here, so that a failure to load is said in one line, too.
  const { guardStreams } = await import('./pipes.js');
  guardStreams();
  const { runPsp } = await import('./program.js');
  await runPsp(process.argv.slice(2));
} catch (error) {
  if (!isOutOfFiles(error)) throw error;
  process.stderr.write(`psp: ${OUT_OF_FILES}\n`);
  process.exitCode = 3;
}

#!/usr/bin/env node

// It loads everything inside, so that a failure to load is said in one line, too.
try {
  const { guardStreams } = await import('./pipes.js');
  guardStreams();
  const { runPsp } = await import('./program.js');
  await runPsp(process.argv.slice(2));
} catch (error) {
  const { code } = error as NodeJS.ErrnoException;
  if (code !== 'EMFILE' && code !== 'ENFILE') throw error;
  process.stderr.write('psp: too many open files: raise the limit with ulimit -n\n');
  process.exitCode = 3;
}

export {};

import { complain, EXIT } from './failure.js';

/**
 * Decides what happens when stdout or stderr cannot be written. A reader that closes early (psp … | head) ends psp
 * quietly. Anything else, such as a full disk, is reported once and gives exit code 3; files are still written.
 */
export function guardStreams(): void {
  for (const stream of [process.stdout, process.stderr]) {
    let failed = false;
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') process.exit(EXIT.ok);
      if (failed) return;
      failed = true;
      process.on('exit', () => {
        process.exitCode = EXIT.environment;
      });
      if (stream === process.stdout) complain(`stdout: cannot be written: ${error.message.split(', ')[0]}`);
    });
  }
}

import cliProgress from 'cli-progress';
import type { RunControl } from '../experiment/run-control.js';

/** Shorter runs need no bar. */
const SHOW_AFTER_MS = 1000;
const REFRESH_MS = 100;
const SCALE = 1000;

/** Shows a bar on stderr while runs go on, if that is a terminal and they take long enough. Answers how to take it away. */
export function showProgress(control: RunControl, label: string): () => void {
  if (!process.stderr.isTTY) return () => {};
  const bar = new cliProgress.SingleBar({
    format: `${label} [{bar}] {percentage} % · {eta_formatted} left`,
    barCompleteChar: '=',
    barIncompleteChar: ' ',
    barsize: 30,
    stream: process.stderr,
    clearOnComplete: true,
    hideCursor: true,
    // Ctrl-C is ours: it ends the run with partial results.
    gracefulExit: false,
    etaBuffer: 30,
  });
  let interval: NodeJS.Timeout | undefined;
  const timeout = setTimeout(() => {
    bar.start(SCALE, 0);
    interval = setInterval(() => bar.update(Math.floor(control.done() * SCALE)), REFRESH_MS);
  }, SHOW_AFTER_MS);
  return () => {
    clearTimeout(timeout);
    clearInterval(interval);
    bar.stop();
  };
}

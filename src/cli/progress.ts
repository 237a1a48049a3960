import cliProgress from 'cli-progress';
import type { RunControl } from '../experiment/run-control.js';

/** Shorter runs need no bar. */
const SHOW_AFTER_MS = 1000;
const REFRESH_MS = 100;
const SCALE = 1000;

/** Shows a bar on stderr while runs go on, if that is a terminal and they take long enough. Answers how to take it away, and how to say more in it. */
export function showProgress(
  control: Pick<RunControl, 'done'>,
  label: string,
): { hide: () => void; note: (text: string) => void } {
  if (!process.stderr.isTTY) return { hide: () => {}, note: () => {} };
  let noted = '';
  const bar = new cliProgress.SingleBar({
    format: `${label} [{bar}] {percentage} %{left}{noted}`,
    barCompleteChar: '=',
    barIncompleteChar: ' ',
    barsize: 30,
    stream: process.stderr,
    clearOnComplete: true,
    hideCursor: true,
    // Ctrl-C is ours: it ends the run with partial results.
    gracefulExit: false,
  });
  const startedMs = performance.now();
  let interval: NodeJS.Timeout | undefined;
  const timeout = setTimeout(() => {
    bar.start(SCALE, 0, { left: '', noted });
    interval = setInterval(() => {
      const done = control.done();
      bar.update(Math.floor(done * SCALE), { left: timeLeft(performance.now() - startedMs, done), noted });
    }, REFRESH_MS);
  }, SHOW_AFTER_MS);
  const hide = () => {
    clearTimeout(timeout);
    clearInterval(interval);
    bar.stop();
  };
  const note = (text: string) => {
    noted = text;
  };
  return { hide, note };
}

/** ` · 12 s left`, from how long it took so far; empty while that tells nothing. */
function timeLeft(elapsedMs: number, done: number): string {
  return done > 0.02 ? ` · ${Math.ceil((elapsedMs * (1 - done)) / done / 1000)} s left` : '';
}

import cliProgress from 'cli-progress';
import type { RunControl } from '../experiment/run/run-control.js';

/** Shorter runs need no bar. */
const SHOW_AFTER_MS = 1000;
const REFRESH_MS = 100;
const SCALE = 1000;

/**
 * Shows a bar on stderr while runs go on, if that is a terminal and they take long enough. Answers how to take it away, and how to say more in it.
 *
 * @param control undefined when nobody knows how much there will be to do: then there is no bar, only what is said
 */
export function showProgress(
  control: Pick<RunControl, 'done'> | undefined,
  label: string,
): { hide: () => void; note: (text: string) => void } {
  if (!process.stderr.isTTY) return { hide: () => {}, note: () => {} };
  let noted = '';
  const bar = new cliProgress.SingleBar({
    format: control ? `${label} [{bar}] {percentage} %{left}{noted}` : `${label}{noted} · {duration} s`,
    barCompleteChar: '=',
    barIncompleteChar: ' ',
    barsize: 30,
    stream: process.stderr,
    clearOnComplete: true,
    hideCursor: true,
    // Ctrl-C is ours: it ends the run with partial results.
    gracefulExit: false,
  });
  let interval: NodeJS.Timeout | undefined;
  const timeout = setTimeout(() => {
    const moment = () => ({ ms: performance.now(), done: control?.done() ?? 0 });
    // What is done by now may have been done by an earlier run: it tells nothing of how fast this one is.
    const begin = moment();
    bar.start(SCALE, 0, { left: '', noted });
    interval = setInterval(() => {
      const now = moment();
      bar.update(Math.floor(now.done * SCALE), { left: timeLeft(begin, now), noted });
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

interface Moment {
  readonly ms: number;
  /** Share of all there is to do, 0 … 1. */
  readonly done: number;
}

/** ` · 12 s left`, from how long what was done in between took; empty while that tells nothing. */
function timeLeft(begin: Moment, now: Moment): string {
  const share = (now.done - begin.done) / (1 - begin.done);
  return share > 0.02 ? ` · ${Math.ceil(((now.ms - begin.ms) * (1 - share)) / share / 1000)} s left` : '';
}

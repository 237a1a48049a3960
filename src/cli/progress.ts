import type { RunControl } from '../experiment/run/run-control.js';

/** Shorter runs show no progress. */
const SHOW_AFTER_MS = 1000;
const REFRESH_MS = 100;
/** A log gets fewer lines. */
const LINE_EVERY_MS = 60_000;
const BAR_LENGTH = 30;

export interface Progress {
  /** Sets what is said beside the label: `3 of 12 points`. */
  note(text: string): void;
  hide(): void;
}

/** Clears the progress line from the terminal until its next refresh, so that something else can be written. */
export let clearProgress = (): void => {};

/** Returns whether a line of the stream can be overwritten: on a terminal, unless `TERM=dumb`. */
export function canRewrite(stream: NodeJS.WriteStream): boolean {
  return stream.isTTY === true && process.env.TERM !== 'dumb';
}

/**
 * Shows on stderr how far a long run is: on a terminal in one line that is overwritten, in a log with a line a minute.
 *
 * @param control undefined when nobody knows how much there is to do: then only the time and the note are shown
 */
export function showProgress(control: Pick<RunControl, 'done'> | undefined, label: string): Progress {
  const { stderr } = process;
  const rewrites = canRewrite(stderr);
  const startedMs = performance.now();
  const now = (): Moment => ({ ms: performance.now(), done: control?.done() ?? 0 });
  let noted = '';
  // An earlier run may have done a part: it says nothing about the speed of this one.
  let begin = now();
  const text = (bar: string): string => {
    const moment = now();
    const share = control ? [`${bar}${Math.floor(moment.done * 100)} %`, timeLeft(begin, moment)] : [];
    const parts = [...share, noted, ...(control ? [] : [shortTime((moment.ms - startedMs) / 1000)])];
    return parts.filter((part) => part !== '').join(' · ');
  };
  const show = (): void => {
    if (rewrites) {
      const filled = Math.floor(now().done * BAR_LENGTH);
      const line = `${label} ${text(`[${'='.repeat(filled).padEnd(BAR_LENGTH)}] `)}`;
      stderr.write(`\r\u001b[K${line.slice(0, (stderr.columns || 80) - 1)}`);
    } else stderr.write(`psp: ${label}: ${text('')}\n`);
  };
  let timer = setTimeout(() => {
    begin = now();
    if (rewrites) clearProgress = clear;
    timer = setInterval(show, rewrites ? REFRESH_MS : LINE_EVERY_MS);
    timer.unref();
  }, SHOW_AFTER_MS);
  timer.unref();
  const clear = () => stderr.write('\r\u001b[K');
  const hide = () => {
    clearTimeout(timer);
    if (clearProgress !== clear) return;
    clear();
    clearProgress = () => {};
  };
  return { note: (said) => (noted = said), hide };
}

interface Moment {
  readonly ms: number;
  /** Share of the work that is done, 0 … 1. */
  readonly done: number;
}

/** `12 s left`, estimated from the time that the work took until now; empty while too little is done. */
function timeLeft(begin: Moment, now: Moment): string {
  const share = (now.done - begin.done) / (1 - begin.done);
  return share > 0.02 ? `${shortTime(((now.ms - begin.ms) * (1 - share)) / share / 1000)} left` : '';
}

/** `12 s`, `8 min`, `2 h 5 min` */
export function shortTime(seconds: number): string {
  if (seconds < 90) return `${Math.ceil(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 90 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

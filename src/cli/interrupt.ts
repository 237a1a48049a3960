import type { RunControl } from '../experiment/run/run-control.js';
import { EXIT } from './failure.js';

/**
 * Makes the first Ctrl-C (or kill -INT) end the runs with the results so far, and a second one the process. Returns a
 * function that undoes this.
 */
export function stopOnInterrupt(control: RunControl): () => void {
  const onInterrupt = () => {
    if (control.stopped) process.exit(EXIT.interrupted);
    control.stop();
  };
  process.on('SIGINT', onInterrupt);
  return () => process.off('SIGINT', onInterrupt);
}

/**
 * One Ctrl-C may arrive twice, from the terminal and from a program around psp. A second one after this time was
 * meant.
 */
const SAME_SIGNAL_MS = 500;

/** Aborts the signal on Ctrl-C and kill; a second one ends the process at once. */
export function abortOnSignal(): { signal: AbortSignal; undo: () => void } {
  const controller = new AbortController();
  let firstMs = 0;
  const onSignal = (): void => {
    if (controller.signal.aborted && Date.now() - firstMs > SAME_SIGNAL_MS) process.exit(EXIT.interrupted);
    firstMs ||= Date.now();
    controller.abort();
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  return {
    signal: controller.signal,
    undo: () => {
      process.off('SIGINT', onSignal);
      process.off('SIGTERM', onSignal);
    },
  };
}

import type { RunControl } from '../experiment/run-control.js';
import { EXIT } from './failure.js';

/**
 * While the runs go on, the first Ctrl-C (or kill -INT) ends them with what there is, and a second one ends the process at once. Answers how to
 * go back to the usual.
 */
export function stopOnInterrupt(control: RunControl): () => void {
  const onInterrupt = () => {
    if (control.stopped) process.exit(EXIT.interrupted);
    control.stop();
  };
  process.on('SIGINT', onInterrupt);
  return () => process.off('SIGINT', onInterrupt);
}

/** Ctrl-C and kill end what runs in order; a second one ends the process at once. */
export function abortOnSignal(): { signal: AbortSignal; undo: () => void } {
  const controller = new AbortController();
  const onSignal = (): void => {
    if (controller.signal.aborted) process.exit(EXIT.interrupted);
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

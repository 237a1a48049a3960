import type { RunControl } from '../experiment/run/run-control.js';
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

/** One Ctrl-C may arrive twice, from the terminal and from a program around psp; what comes this much later was meant. */
const SAME_SIGNAL_MS = 500;

/** Ctrl-C and kill end what runs in order; a second one ends the process at once. */
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

import type { RunControl } from '../experiment/run/run-control.js';

/** Time between two reports of progress. */
const REPORT_EVERY_MS = 200;

/**
 * Stops the runs when the signal is aborted, and reports their progress. Returns a function that ends this.
 */
export function watchControl(
  control: RunControl,
  {
    signal,
    onProgress,
  }: { readonly signal: AbortSignal | undefined; readonly onProgress: ((done: number) => void) | undefined },
): () => void {
  const stop = () => control.stop();
  if (signal?.aborted) stop();
  signal?.addEventListener('abort', stop);
  const reporting = onProgress && setInterval(() => onProgress(control.done()), REPORT_EVERY_MS);
  return () => {
    clearInterval(reporting);
    signal?.removeEventListener('abort', stop);
    if (!control.stopped) onProgress?.(1);
  };
}

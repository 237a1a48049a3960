import type { MeasuredRun } from '../metrics/pool.js';
import { RunControl } from './run-control.js';
import type { RunSpec } from './run-spec.js';
import { createThreadPool, type ThreadPool } from './thread-pool.js';

/**
 * Runs simulations side by side, as many as there are cores, and hands out each as it is finished. Runs that have not begun when the control is stopped
 * do not begin.
 *
 * @param specs in the order they are begun; a finished run may add to them
 * @param onRun told the index of the spec
 * @param shared threads to use, of one who does more with them
 * @throws InputError or EnvironmentError of the first run that fails; the others are stopped then
 */
export async function runAll(
  specs: readonly RunSpec[],
  onRun: (index: number, run: MeasuredRun) => void,
  control = new RunControl(specs.length),
  shared?: ThreadPool,
): Promise<void> {
  const threads = shared ?? createThreadPool();
  let next = 0;
  const running = new Set<Promise<void>>();
  const begin = () => {
    const index = next++;
    const finished = threads.run(specs[index]!, control, index).then((run) => {
      running.delete(finished);
      onRun(index, run);
    });
    running.add(finished);
  };
  try {
    for (;;) {
      while (next < specs.length && running.size < threads.cores && !control.stopped) begin();
      if (running.size === 0) break;
      await Promise.race(running);
    }
  } catch (error) {
    control.stop();
    await Promise.allSettled(running);
    throw error;
  } finally {
    if (!shared) threads.close();
  }
}

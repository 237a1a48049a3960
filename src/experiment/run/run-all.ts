import type { RunSpec } from '../plan/run-spec.js';
import type { RunControl } from './run-control.js';
import type { Answers, ThreadPool } from './thread-pool.js';

/**
 * Runs simulations side by side and hands out each as it is finished. Runs that have not begun when the control is stopped do not begin.
 *
 * @param task measure each run, or only seek the end of its warm-up
 * @param specs in the order they are begun; a finished run may add to them
 * @param onDone told the index of the spec
 * @throws InputError or EnvironmentError of the first run that fails; the others are stopped then
 */
export async function runAll<Task extends keyof Answers>(
  threads: ThreadPool,
  task: Task,
  specs: readonly RunSpec[],
  control: RunControl,
  onDone: (index: number, answer: Answers[Task]) => void,
): Promise<void> {
  let next = 0;
  const running = new Set<Promise<void>>();
  const begin = () => {
    const index = next++;
    const finished = threads.run(task, specs[index]!, control, index).then((answer) => {
      running.delete(finished);
      onDone(index, answer);
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
  }
}

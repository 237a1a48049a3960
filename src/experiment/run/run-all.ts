import type { RunSpec } from '../plan/run-spec.js';
import type { RunControl } from './run-control.js';
import type { Answers, ThreadPool } from './thread-pool.js';

/**
 * Runs simulations side by side and hands over each when it is finished. No run begins after the control is stopped.
 *
 * @param task measure each run, or only seek the end of its warm-up
 * @param specs in the order in which they begin; a finished run may add more
 * @param onDone gets the index of the spec
 * @throws InputError or EnvironmentError of the first run that fails, which stops the others
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

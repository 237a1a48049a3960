import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { MeasuredRun } from '../metrics/pool.js';
import type { FoundWarmUp } from '../sim/warm-up.js';
import { describeEnvironment } from './environment.js';
import { EnvironmentError, InputError } from './errors.js';
import type { RunControl } from './run-control.js';
import type { RunSpec } from './run-spec.js';
import type { WorkerTask } from './simulation-worker.js';

/** What a thread answers to each task. */
interface Answers {
  measure: MeasuredRun;
  seek: FoundWarmUp;
}

/**
 * Runs simulations side by side, as many as there are cores, and hands out each as it is finished. Each has a thread of its own, made for it:
 * what V8 learns of one policy (which classes a call leads to) would make the next one in the same thread a fifth slower.
 *
 * Runs that have not begun when the control is stopped do not begin.
 *
 * @param task measure each run, or only seek the end of its warm-up
 * @param specs in the order they are begun; a finished run may add to them
 * @param onDone told the index of the spec
 */
export async function runAll<Task extends keyof Answers>(
  task: Task,
  specs: readonly RunSpec[],
  control: RunControl,
  onDone: (index: number, answer: Answers[Task]) => void,
): Promise<void> {
  const environment = describeEnvironment();
  const cores = availableParallelism();
  let next = 0;
  const running = new Set<Promise<void>>();
  const begin = () => {
    const run = next++;
    const spec = specs[run]!;
    const given: WorkerTask = { task, spec, run, most: control.most, control: control.buffer, environment };
    const finished = runInThread<Answers[Task]>(given).then((answer) => {
      running.delete(finished);
      onDone(run, answer);
    });
    running.add(finished);
  };
  try {
    for (;;) {
      while (next < specs.length && running.size < cores && !control.stopped) begin();
      if (running.size === 0) break;
      await Promise.race(running);
    }
  } catch (error) {
    control.stop();
    await Promise.allSettled(running);
    throw error;
  }
}

function runInThread<Answer>(task: WorkerTask): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./simulation-worker.js', import.meta.url), { workerData: task });
    worker.once('message', resolve);
    worker.once('error', (error) => reject(explain(error, task.spec)));
    worker.once('exit', (code) => reject(new EnvironmentError(`${task.spec.policy}: its thread ended (code ${code})`)));
  });
}

/** Errors lose their class on the way from another thread, not their name. */
function explain(error: Error & { code?: string }, { policy }: RunSpec): Error {
  if (error.name === 'WorkloadError' || error.name === 'PolicyError') return new InputError(error.message);
  if (error.code === 'ERR_WORKER_OUT_OF_MEMORY' || /allocation failed|Invalid (typed )?array/i.test(error.message)) {
    return new EnvironmentError(
      `${policy}: not enough memory (${error.message}): a load above 1 or an unbounded queue may be the reason`,
    );
  }
  return error;
}

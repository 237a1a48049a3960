import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { MeasuredRun } from '../metrics/pool.js';
import { describeEnvironment } from './environment.js';
import { EnvironmentError, InputError } from './errors.js';
import { RunControl } from './run-control.js';
import type { RunSpec } from './run-spec.js';
import type { WorkerTask } from './simulation-worker.js';

/**
 * Runs simulations side by side, as many as there are cores, and hands out each as it is finished. Each has a thread of its own, made for it:
 * what V8 learns of one policy (which classes a call leads to) would make the next one in the same thread a fifth slower.
 *
 * Runs that have not begun when the control is stopped do not begin.
 *
 * @param specs in the order they are begun; a finished run may add to them
 * @param onRun told the index of the spec
 */
export async function runAll(
  specs: readonly RunSpec[],
  onRun: (index: number, run: MeasuredRun) => void,
  control = new RunControl(specs.length),
): Promise<void> {
  const environment = describeEnvironment();
  const cores = availableParallelism();
  let next = 0;
  const running = new Set<Promise<void>>();
  const begin = () => {
    const run = next++;
    const spec = specs[run]!;
    const finished = runInThread({ spec, run, most: control.most, control: control.buffer, environment }).then(
      (measured) => {
        running.delete(finished);
        onRun(run, measured);
      },
    );
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

function runInThread(task: WorkerTask): Promise<MeasuredRun> {
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

import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { Result } from '../metrics/result.js';
import { describeEnvironment } from './environment.js';
import { EnvironmentError, InputError } from './errors.js';
import { RunControl } from './run-control.js';
import type { RunSpec } from './run-spec.js';
import type { WorkerTask } from './simulation-worker.js';

/**
 * Runs simulations side by side, as many as there are cores. Each has a thread of its own, made for it: what V8 learns of one policy (which
 * classes a call leads to) would make the next one in the same thread a fifth slower.
 *
 * @returns the results in the order of the specs; undefined for runs that had not begun when they were stopped
 */
export async function runAll(
  specs: readonly RunSpec[],
  control = new RunControl(specs.length),
): Promise<(Result | undefined)[]> {
  const results: (Result | undefined)[] = specs.map(() => undefined);
  const environment = describeEnvironment();
  let next = 0;
  const lane = async () => {
    while (next < specs.length && !control.stopped) {
      const run = next++;
      const spec = specs[run]!;
      results[run] = await runInThread({ spec, run, runs: specs.length, control: control.buffer, environment });
    }
  };
  const lanes = Array.from({ length: Math.min(specs.length, availableParallelism()) }, lane);
  try {
    await Promise.all(lanes);
  } catch (error) {
    control.stop();
    await Promise.allSettled(lanes);
    throw error;
  }
  return results;
}

function runInThread(task: WorkerTask): Promise<Result> {
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

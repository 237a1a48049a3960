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
 * Runs simulations side by side, as many as there are cores, and hands out each as it is finished. Each job has a thread of its own, made for it:
 * what V8 learns of one policy (which classes a call leads to) would make the next one in the same thread a fifth slower. Making the thread, and compiling the loop in it, takes as long as
 * simulating some million requests, so short runs of one policy are better put into one job, where they follow one another.
 *
 * Runs that have not begun when the control is stopped do not begin.
 *
 * @param task measure each run, or only seek the end of its warm-up
 * @param jobs in the order they are begun; a finished run may add to them
 * @param onDone told the job and which run of it
 */
export async function runAll<Task extends keyof Answers>(
  task: Task,
  jobs: readonly (readonly RunSpec[])[],
  control: RunControl,
  onDone: (job: number, run: number, answer: Answers[Task]) => void,
): Promise<void> {
  const environment = describeEnvironment();
  const cores = availableParallelism();
  let next = 0;
  let first = 0;
  const running = new Set<Promise<void>>();
  const begin = () => {
    const job = next++;
    const specs = jobs[job]!;
    const given: WorkerTask = { task, specs, first, most: control.most, control: control.buffer, environment };
    first += specs.length;
    const finished = runInThread<Answers[Task]>(given, (run, answer) => onDone(job, run, answer)).then(() => {
      running.delete(finished);
    });
    running.add(finished);
  };
  try {
    for (;;) {
      while (next < jobs.length && running.size < cores && !control.stopped) begin();
      if (running.size === 0) break;
      await Promise.race(running);
    }
  } catch (error) {
    control.stop();
    await Promise.allSettled(running);
    throw error;
  }
}

/** Settles when the thread has ended. */
function runInThread<Answer>(task: WorkerTask, onAnswer: (run: number, answer: Answer) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./simulation-worker.js', import.meta.url), { workerData: task });
    let answers = 0;
    worker.on('message', (answer: Answer) => onAnswer(answers++, answer));
    worker.once('error', (error) => reject(explain(error, task.specs[Math.min(answers, task.specs.length - 1)]!)));
    worker.once('exit', (code) => {
      if (code === 0) resolve();
      else reject(new EnvironmentError(`${task.specs[0]!.policy}: its thread ended (code ${code})`));
    });
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

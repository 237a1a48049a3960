/** Threads that simulations run in, each for one policy. */

import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { entryPoint } from '../../files/entry-point.js';
import type { RawRun } from '../../metrics/replications.js';
import type { FoundWarmUp } from '../../sim/find-warm-up.js';
import { EnvironmentError, receiveError } from '../../units/errors.js';
import { describeEnvironment } from '../environment.js';
import { type RunSpec, sendSpec } from '../plan/run-spec.js';
import type { RunControl } from './run-control.js';
import type { Answered, Failed, WorkerData, WorkerTask } from './simulation-worker.js';
import { isReusable, wantsInlining } from './simulator-flags.js';

/** What a thread returns for each task. */
export interface Answers {
  measure: RawRun;
  seek: FoundWarmUp;
}

type Task = keyof Answers;

export interface ThreadPool {
  /** Threads that run at a time. */
  readonly cores: number;
  /**
   * Simulates one run as soon as a core is free; runs begin in the order of the calls.
   *
   * @param task measure it, or only seek the end of its warm-up
   * @param index the run's number in the control
   * @throws InputError when the run cannot begin, EnvironmentError when the machine cannot do it
   */
  run<T extends Task>(task: T, spec: RunSpec, control: RunControl, index: number): Promise<Answers[T]>;
  /** Ends all threads, when nothing runs any more. */
  close(): void;
}

interface Thread {
  readonly worker: Worker;
  readonly kind: string;
}

interface Job {
  readonly given: Omit<WorkerTask, 'spec'>;
  readonly spec: RunSpec;
  readonly resolve: (answer: Answers[Task]) => void;
  readonly reject: (error: Error) => void;
}

/** Idle threads to keep: more than a comparison usually has policies. Each holds a few megabytes. */
const MOST_IDLE = 12;

/**
 * From this many requests on, a run gets a thread in which no other simulation was made. V8 takes the arrays of the
 * loop's closure as constants only while the thread has made one such closure; a second one takes 1.5 times as long,
 * while a new thread costs 0.3 s of processor time to start and to compile. So a thread plays the same simulation again
 * for runs that differ in their requests only (see `SimulationStock`), and is not used again where that cannot be. The
 * loop of a preemptive policy has many events per request, so that its limit is lower.
 */
const LONG_RUN_REQUESTS = { preemptive: 500_000, other: 4_000_000 };

/**
 * A thread serves one policy only, because what V8 learns of one policy (which classes a call leads to) makes the next
 * one in the same thread a fifth slower. The same policy uses it again, because starting a thread and compiling the
 * simulator takes more than a short run.
 */
export function createThreadPool(cores = availableParallelism()): ThreadPool {
  const environment = describeEnvironment();
  const waiting: Job[] = [];
  /** The last one is the one that was used last. */
  const idle: Thread[] = [];
  let running = 0;

  function begin(job: Job): void {
    let thread: Thread;
    try {
      thread = takeThread(job);
    } catch (error) {
      job.reject(explain(error as Error, job.spec));
      return;
    }
    running++;
    const { worker } = thread;
    const finish = (settle: () => void) => {
      for (const event of ['message', 'error', 'exit']) worker.removeAllListeners(event);
      running--;
      settle();
      while (waiting.length > 0 && running < cores) begin(waiting.shift()!);
    };
    worker.once('message', (message: Answered<Answers[Task]> | Failed) =>
      finish(() => {
        keep(thread, job, 'spent' in message && message.spent);
        if ('failed' in message) job.reject(explain(receiveError(message.failed), job.spec));
        else job.resolve(message.answer);
      }),
    );
    worker.once('error', (error) => finish(() => job.reject(explain(error, job.spec))));
    worker.once('exit', (code) =>
      finish(() => job.reject(new EnvironmentError(`${job.spec.policy.text}: its thread ended (code ${code})`))),
    );
    worker.ref();
    worker.postMessage({ ...job.given, spec: sendSpec(job.spec) } satisfies WorkerTask);
  }

  function takeThread(job: Job): Thread {
    const kind = kindOf(job.spec);
    const at = needsOwnThread(job) ? -1 : idle.findLastIndex((thread) => thread.kind === kind);
    if (at >= 0) return idle.splice(at, 1)[0]!;
    const workerData: WorkerData = { inlineAll: wantsInlining(job.spec) };
    // Not the options of the program around it: with --input-type no thread can begin.
    const options = { workerData, execArgv: [] };
    return { worker: new Worker(entryPoint('experiment/run/simulation-worker'), options), kind };
  }

  function keep(thread: Thread, job: Job, spent: boolean): void {
    if (spent || needsOwnThread(job)) {
      void thread.worker.terminate();
      return;
    }
    // A waiting thread must not keep the process alive.
    thread.worker.unref();
    idle.push(thread);
    if (idle.length > MOST_IDLE) void idle.shift()!.worker.terminate();
  }

  return {
    cores,
    run<T extends Task>(task: T, spec: RunSpec, control: RunControl, index: number) {
      const given = { task, run: index, most: control.most, control: control.buffer, environment };
      return new Promise<Answers[T]>((resolve, reject) => {
        const job: Job = { given, spec, resolve: resolve as Job['resolve'], reject };
        if (running < cores) begin(job);
        else waiting.push(job);
      });
    },
    close() {
      for (const { worker } of idle.splice(0)) void worker.terminate();
    },
  };
}

/** Runs of one kind take the same paths through the simulator, in code compiled alike; long ones, in one simulation. */
function kindOf(spec: RunSpec): string {
  const { policy, system, workers, workload } = spec;
  const kind = [system?.name ?? '', policy.policy.name, wantsInlining(spec)];
  if (!isLong(spec)) return JSON.stringify(kind);
  const requests = workload.kind === 'generated' ? workload.workload.source : workload.sha256;
  return JSON.stringify([...kind, policy.text, workers, requests]);
}

function isLong({ policy, end }: RunSpec): boolean {
  const limit = LONG_RUN_REQUESTS[policy.policy.preemptive ? 'preemptive' : 'other'];
  return !('requests' in end) || end.requests >= limit;
}

/** Must no other run take place in its thread? */
function needsOwnThread({ given, spec }: Job): boolean {
  return given.task === 'measure' && isLong(spec) && !isReusable(spec);
}

/** V8 and Node report a lack of memory, of threads or of files in words of their own. */
export function explain(error: Error & { code?: string }, { policy }: RunSpec): Error {
  if (error.code === 'EMFILE' || error.code === 'ENFILE' || error.code === 'ERR_WORKER_INIT_FAILED') {
    return new EnvironmentError(
      `${policy.text}: cannot begin a thread (${error.message.split(', ')[0]}): raise the limits of open files ` +
        'and processes, such as with ulimit -n',
      'process',
    );
  }
  if (error.code === 'ERR_WORKER_OUT_OF_MEMORY' || /allocation failed|Invalid (typed )?array/i.test(error.message)) {
    return new EnvironmentError(
      `${policy.text}: not enough memory (${error.message}): a load above 1 or an unbounded queue may be the reason`,
    );
  }
  return error;
}

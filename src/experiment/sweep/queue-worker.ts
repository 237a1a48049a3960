/** A worker: takes points from the queue and runs them on all cores of its machine. */

import { type Job, UnrecoverableError, Worker } from 'bullmq';
import { InputError } from '../../units/errors.js';
import { packageVersion } from '../package-info.js';
import { createThreadPool } from '../run/thread-pool.js';
import { runPoint } from './local-engine.js';
import { type PlannedPoint, pointKey } from './point.js';
import { connect, type JobAnswer, type JobData, PREFIX, packPoint, QUEUE } from './queue.js';

/**
 * A worker says so often that it is alive. One that has not for as long is taken for dead, and another one runs its point. The runs are in threads of their own and
 * do not keep it from saying so; a machine that slept has its point run twice, with the same result, of which one is taken.
 */
const LOCK_MS = 5000;
const LOOK_FOR_DEAD_MS = 1500;
/** A point that so many workers died of is given up. */
const MOST_DEATHS = 2;
const PROGRESS_EVERY_MS = 1000;

export interface WorkerOptions {
  /** Of Redis or Valkey. */
  readonly url: string;
  /** Aborted: takes no more points, and ends when those it runs are finished. */
  readonly signal: AbortSignal;
  readonly onReady: (cores: number) => void;
  readonly onPoint: (planned: PlannedPoint) => void;
  /** @param again it will be tried again */
  readonly onFailure: (planned: PlannedPoint, message: string, again: boolean) => void;
  readonly onNote: (message: string) => void;
}

/** @throws EnvironmentError when Redis cannot be reached */
export async function runQueueWorker(options: WorkerOptions): Promise<void> {
  const { url, signal, onReady, onPoint, onFailure, onNote } = options;
  const client = await connect(url, onNote);
  const threads = createThreadPool();
  // The runs of a point that has begun are not stopped.
  const never = new AbortController().signal;

  async function run(job: Job<JobData, JobAnswer>): Promise<JobAnswer> {
    const planned = checked(job);
    let toldMs = Number.NEGATIVE_INFINITY;
    const onProgress = (_: PlannedPoint, done: number) => {
      if (performance.now() - toldMs < PROGRESS_EVERY_MS) return;
      toldMs = performance.now();
      job.updateProgress(done).catch(() => {});
    };
    try {
      const point = await runPoint(planned, threads, { signal: never, onProgress });
      return packPoint(point!);
    } catch (error) {
      throw error instanceof InputError ? new UnrecoverableError(error.message) : error;
    }
  }

  const worker = new Worker<JobData, JobAnswer>(QUEUE, run, {
    connection: client,
    prefix: PREFIX,
    concurrency: threads.cores,
    lockDuration: LOCK_MS,
    stalledInterval: LOOK_FOR_DEAD_MS,
    maxStalledCount: MOST_DEATHS,
  });
  worker.on('completed', (job) => onPoint(job.data));
  // A job that will be tried again is not finished.
  worker.on('failed', (job, error) => job && onFailure(job.data, error.message, job.finishedOn === undefined));
  worker.on('stalled', (key) => onNote(`point ${key}: its worker is gone; it runs again`));
  // Told of by the connection.
  worker.on('error', () => {});
  await worker.waitUntilReady();
  onReady(threads.cores);
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve());
  });
  await worker.close();
  threads.close();
  client.disconnect();
}

/** A worker of another version would give a point another result, or another key. */
function checked(job: Job<JobData, JobAnswer>): PlannedPoint {
  const { data } = job;
  const key = keyOf(data);
  if (key === job.id && key === data.key) return data;
  throw new UnrecoverableError(
    `a worker of psp ${packageVersion()} takes it for another point (${key}): expected all machines to run the same version`,
  );
}

function keyOf({ spec, replications }: PlannedPoint): string {
  try {
    return pointKey(spec, replications);
  } catch (error) {
    return (error as Error).message;
  }
}

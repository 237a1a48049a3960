/** A worker: takes points from the queue and runs them on all cores of its machine. It reads and writes no files. */

import { setTimeout as sleep } from 'node:timers/promises';
import { DelayedError, type Job, UnrecoverableError, Worker } from 'bullmq';
import { EnvironmentError, InputError } from '../../units/errors.js';
import { createThreadPool, type ThreadPool } from '../run/thread-pool.js';
import { runPoint } from './local-engine.js';
import type { PlannedPoint } from './planned-point.js';
import { type Connection, connect, PREFIX, QUEUE } from './queue.js';
import { codeCarried, type JobAnswer, packPoint, readJob } from './queue-messages.js';
import { shownUrl } from './redis-url.js';

/**
 * A worker that has not renewed its lock for this long counts as dead, and another one runs its point. Runs have
 * threads of their own, so they do not delay the renewal. A point of a machine that slept runs twice, with the same
 * result.
 */
const LOCK_MS = 5000;
const LOOK_FOR_DEAD_MS = 1500;
/** A point that this many workers died of is given up. */
const MOST_DEATHS = 2;
const PROGRESS_EVERY_MS = 1000;
/** A worker that is to end waits this long for a Redis that is away. */
const GONE_MS = 2000;
/** A point that is left to others is offered again after this time. */
const LEFT_MS = 2000;
const LOOK_FOR_REDIS_MS = 200;

export interface WorkerOptions {
  /** Of Redis or Valkey. */
  readonly url: string;
  /** Aborted: takes no more points, and ends when those it runs are finished. */
  readonly signal: AbortSignal;
  /** Threads to use, of a caller who does more with them. */
  readonly threads?: ThreadPool;
  /** Run the code of policies that points carry. */
  readonly allowPolicies?: boolean;
  readonly onReady: (cores: number) => void;
  /** @param point its command, or what else is known of it */
  readonly onPoint: (point: string) => void;
  /** @param again it will be tried again */
  readonly onFailure: (point: string, message: string, again: boolean) => void;
  readonly onNote: (message: string) => void;
}

/** @throws EnvironmentError when Redis cannot be reached, or is away when the worker is to end */
export async function runQueueWorker({
  url,
  signal,
  threads: shared,
  allowPolicies = false,
  onReady,
  onPoint,
  onFailure,
  onNote,
}: WorkerOptions): Promise<void> {
  const connection = await connect(url, onNote);
  const threads = shared ?? createThreadPool();
  /** Commands of the points that run, by the ids of their jobs. */
  const running = new Map<string | undefined, string>();
  const noted = new Set<string>();
  const giveUp = new AbortController();

  /** Code of others runs only where somebody has said so. */
  async function leave(job: Job, token: string | undefined, file: string): Promise<never> {
    const note = `points with the policy of ${file} are left to workers with --allow-policies`;
    if (!noted.has(note)) onNote(note);
    noted.add(note);
    await job.moveToDelayed(Date.now() + LEFT_MS, token);
    throw new DelayedError();
  }

  async function run(job: Job<unknown, JobAnswer>, token?: string): Promise<JobAnswer> {
    const file = codeCarried(job.data);
    if (file !== undefined && !allowPolicies) return leave(job, token, file);
    const planned = refusable(() => readJob(job.data, job.id));
    running.set(job.id, planned.command);
    let toldMs = Number.NEGATIVE_INFINITY;
    const onProgress = (_: PlannedPoint, done: number) => {
      if (performance.now() - toldMs < PROGRESS_EVERY_MS) return;
      toldMs = performance.now();
      job.updateProgress(done).catch(() => {});
    };
    try {
      const point = await runPoint(planned, threads, { signal: giveUp.signal, onProgress });
      if (!point) throw new Error('the worker was ended');
      return packPoint(point);
    } catch (error) {
      throw error instanceof InputError ? new UnrecoverableError(error.message) : error;
    }
  }

  const worker = new Worker<unknown, JobAnswer>(QUEUE, run, {
    connection: connection.client,
    prefix: PREFIX,
    concurrency: threads.cores,
    lockDuration: LOCK_MS,
    stalledInterval: LOOK_FOR_DEAD_MS,
    maxStalledCount: MOST_DEATHS,
  });
  const nameOf = (job: Job) => running.get(job.id) ?? `job ${JSON.stringify(job.id)}`;
  worker.on('completed', (job) => {
    onPoint(nameOf(job));
    running.delete(job.id);
  });
  worker.on('failed', (job, error) => {
    // A job that will be tried again is not finished.
    if (job) onFailure(nameOf(job), error.message, job.finishedOn === undefined);
    running.delete(job?.id);
  });
  worker.on('stalled', (key) => onNote(`point ${JSON.stringify(key)}: its worker is gone; it runs again`));
  // The connection reports them.
  worker.on('error', () => {});
  await worker.waitUntilReady();
  onReady(threads.cores);
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve());
  });
  const isGone = await Promise.race([worker.close().then(() => false), untilGone(connection).then(() => true)]);
  giveUp.abort();
  if (!shared) threads.close();
  connection.end();
  if (isGone) throw new EnvironmentError(`${shownUrl(url)}: lost; what this worker has begun is run again by another`);
}

/** What is wrong with a job is wrong for every worker: it is not tried again. */
function refusable<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new UnrecoverableError((error as Error).message);
  }
}

/** Until Redis has been away for some time. */
async function untilGone({ client }: Connection): Promise<void> {
  let seenMs = performance.now();
  while (performance.now() - seenMs < GONE_MS) {
    await sleep(LOOK_FOR_REDIS_MS, undefined, { ref: false });
    if (client.status === 'ready') seenMs = performance.now();
  }
}

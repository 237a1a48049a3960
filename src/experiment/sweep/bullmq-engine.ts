/** Runs points as BullMQ jobs, on workers wherever they are. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Job, Queue } from 'bullmq';
import { InputError } from '../errors.js';
import type { Engine, EngineHooks } from './engine.js';
import type { PlannedPoint } from './point.js';
import { connect, type JobAnswer, type JobData, PREFIX, QUEUE, unpackPoint } from './queue.js';
import { shownUrl } from './redis-url.js';

const POLL_MS = 250;
/** Between two looks for jobs that are gone, and for workers. */
const CHECK_MS = 3000;
/** A point that fails for want of memory, say, is tried again, perhaps elsewhere. */
const ATTEMPTS = 3;
const BACKOFF_MS = 1000;
/** Jobs that are asked about at once. */
const AT_ONCE = 500;
/** What a sweep that never came back has left is not kept for longer. */
const KEEP_SECONDS = 14 * 24 * 3600;

type PointQueue = Queue<JobData, JobAnswer>;
type PointJob = Job<JobData, JobAnswer>;

/**
 * The job of a point has its key as id: two sweeps that want the same point wait for the same job, and a coordinator that comes back finds what was finished
 * without it. Results are polled for, not listened for, so that none is missed whatever happens to the connection. A job that is gone from Redis is added again.
 *
 * @param url of Redis or Valkey
 */
export function bullmqEngine(url: string): Engine {
  return {
    async run(points, hooks) {
      refuseTraces(points);
      if (points.length === 0) return;
      const client = await connect(url, hooks.onNote);
      const queue: PointQueue = new Queue(QUEUE, { connection: client, prefix: PREFIX });
      // Told of by the connection.
      queue.on('error', () => {});
      const waiting = new Map(points.map((planned) => [planned.key, planned]));
      const aborted = new Promise<void>((resolve) => hooks.signal.addEventListener('abort', () => resolve()));
      try {
        await Promise.race([coordinate(queue, waiting, url, hooks), aborted]);
        if (hooks.signal.aborted)
          await Promise.race([withdraw(queue, waiting), sleep(2000, undefined, { ref: false })]);
      } finally {
        await Promise.race([queue.close(), sleep(1000, undefined, { ref: false })]);
        client.disconnect();
      }
    },
  };
}

/** @throws InputError */
function refuseTraces(points: readonly PlannedPoint[]): void {
  const trace = points.find(({ spec }) => spec.workload.kind === 'trace');
  if (trace) {
    throw new InputError(
      `${trace.command}: a trace is a file of this machine: expected a workload file (.yaml) with --engine bullmq; --shard takes traces`,
    );
  }
}

async function coordinate(
  queue: PointQueue,
  waiting: Map<string, PlannedPoint>,
  url: string,
  hooks: EngineHooks,
): Promise<void> {
  await forgetFailures(queue, waiting);
  await submit(queue, [...waiting.values()]);
  let checkedMs = Number.NEGATIVE_INFINITY;
  let noted = false;
  while (waiting.size > 0 && !hooks.signal.aborted) {
    await collect(queue, waiting, hooks);
    if (performance.now() - checkedMs >= CHECK_MS && waiting.size > 0) {
      checkedMs = performance.now();
      await submit(queue, await missing(queue, waiting));
      if (!noted && (await queue.getWorkersCount()) === 0) {
        hooks.onNote(`nobody takes the points: start psp worker --redis ${shownUrl(url)} on one machine or many`);
        noted = true;
      }
    }
    if (waiting.size > 0) await sleep(POLL_MS);
  }
}

/** A failure of an earlier sweep is no reason not to try again. */
async function forgetFailures(queue: PointQueue, waiting: ReadonlyMap<string, PlannedPoint>): Promise<void> {
  const failed = await queue.getJobs(['failed']);
  await Promise.all(failed.filter((job) => waiting.has(job.id!)).map((job) => job.remove()));
}

/** Adds the jobs that are not there. */
async function submit(queue: PointQueue, points: readonly PlannedPoint[]): Promise<void> {
  for (let i = 0; i < points.length; i += AT_ONCE) {
    await queue.addBulk(
      points.slice(i, i + AT_ONCE).map((planned) => ({
        name: 'point',
        data: planned,
        opts: {
          jobId: planned.key,
          attempts: ATTEMPTS,
          backoff: { type: 'fixed', delay: BACKOFF_MS },
          removeOnComplete: { age: KEEP_SECONDS },
          removeOnFail: { age: KEEP_SECONDS },
        },
      })),
    );
  }
}

/** Takes what is finished or failed, once, and hears how far the others are. */
async function collect(queue: PointQueue, waiting: Map<string, PlannedPoint>, hooks: EngineHooks): Promise<void> {
  const settled = (await queue.getJobs(['completed', 'failed'])) as PointJob[];
  for (const job of settled) {
    const planned = waiting.get(job?.id ?? '');
    if (!planned) continue;
    waiting.delete(planned.key);
    if (job.returnvalue) {
      const point = unpackPoint(job.returnvalue);
      hooks.onRequests(point.result.requests);
      hooks.onPoint(point);
    } else {
      hooks.onFailure(planned, job.failedReason);
    }
    await job.remove();
  }
  for (const job of (await queue.getJobs(['active'])) as PointJob[]) {
    const planned = waiting.get(job?.id ?? '');
    if (planned) hooks.onProgress(planned, Number(job.progress) || 0);
  }
}

/** Points whose jobs are nowhere: Redis lost them, or another sweep took the result. */
async function missing(queue: PointQueue, waiting: ReadonlyMap<string, PlannedPoint>): Promise<PlannedPoint[]> {
  const gone: PlannedPoint[] = [];
  const all = [...waiting.values()];
  for (let i = 0; i < all.length; i += AT_ONCE) {
    const some = all.slice(i, i + AT_ONCE);
    const states = await Promise.all(some.map(({ key }) => queue.getJobState(key)));
    gone.push(...some.filter((_, k) => states[k] === 'unknown'));
  }
  return gone;
}

/** Takes back what nobody has begun. */
async function withdraw(queue: PointQueue, waiting: ReadonlyMap<string, PlannedPoint>): Promise<void> {
  // One that has been begun is locked, and is not removed.
  await Promise.allSettled([...waiting.keys()].map((key) => queue.remove(key)));
}

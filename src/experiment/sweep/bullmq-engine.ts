/** Runs points as BullMQ jobs, on workers wherever they are. */

import { setTimeout as sleep } from 'node:timers/promises';
import { type Job, Queue } from 'bullmq';
import { InputError } from '../../units/errors.js';
import type { Engine, EngineHooks } from './engine.js';
import type { PlannedPoint } from './point.js';
import { connect, type JobAnswer, type JobData, PREFIX, QUEUE, unpackPoint } from './queue.js';
import { shownUrl } from './redis-url.js';

const POLL_MS = 250;
/** Between two looks at all jobs, also for those that are gone, and for workers. */
const CHECK_MS = 3000;
/** Workers take points in their order, so that the first ones tell how it goes; only these are asked about in between. */
const FIRST = 500;
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
      const coordination = coordinate(queue, waiting, url, hooks);
      const withdrawal = () => coordination.catch(() => {}).then(() => withdraw(queue, waiting));
      try {
        await Promise.race([coordination, aborted]);
      } finally {
        // It was interrupted, or a result could not be kept. Not waited for when Redis is away.
        if (waiting.size > 0) {
          await Promise.race([withdrawal(), sleep(2000, undefined, { ref: false })]).catch(() => {});
        }
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
    const isCheck = performance.now() - checkedMs >= CHECK_MS;
    if (isCheck) checkedMs = performance.now();
    const lost = await collect(queue, waiting, isCheck ? waiting.size : FIRST, hooks);
    if (isCheck && waiting.size > 0) {
      // Redis lost them, or another sweep took the result.
      await submit(queue, lost);
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
  const found = await statesOf(queue, [...waiting.values()]);
  await Promise.all(found.filter(({ state }) => state === 'failed').map(({ planned: { key } }) => queue.remove(key)));
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

/**
 * Takes what is finished or failed of the first that are waited for, once, and hears how far those are that run. Asks for nothing but these: other sweeps may have
 * thousands of jobs on the same Redis. Answers those whose jobs are nowhere.
 */
async function collect(
  queue: PointQueue,
  waiting: Map<string, PlannedPoint>,
  first: number,
  hooks: EngineHooks,
): Promise<PlannedPoint[]> {
  const lost: PlannedPoint[] = [];
  for (const { planned, state } of await statesOf(queue, [...waiting.values()].slice(0, first))) {
    if (state === 'unknown') lost.push(planned);
    if (state !== 'completed' && state !== 'failed' && state !== 'active') continue;
    const job = (await queue.getJob(planned.key)) as PointJob | undefined;
    if (!job) continue;
    if (state === 'active') {
      hooks.onProgress(planned, Number(job.progress) || 0);
      continue;
    }
    if (job.returnvalue) {
      const point = unpackPoint(job.returnvalue);
      hooks.onRequests(point.result.requests);
      hooks.onPoint(point);
    } else {
      hooks.onFailure(planned, job.failedReason);
    }
    // Only now, so that a result that could not be kept here stays there.
    waiting.delete(planned.key);
    await job.remove();
  }
  return lost;
}

interface Found {
  readonly planned: PlannedPoint;
  readonly state: Awaited<ReturnType<PointQueue['getJobState']>>;
}

async function statesOf(queue: PointQueue, points: readonly PlannedPoint[]): Promise<Found[]> {
  const found: Found[] = [];
  for (let i = 0; i < points.length; i += AT_ONCE) {
    const some = points.slice(i, i + AT_ONCE);
    const states = await Promise.all(some.map(({ key }) => queue.getJobState(key)));
    found.push(...some.map((planned, k) => ({ planned, state: states[k]! })));
  }
  return found;
}

/** Takes back what nobody has begun. */
async function withdraw(queue: PointQueue, waiting: ReadonlyMap<string, PlannedPoint>): Promise<void> {
  const begun: readonly string[] = ['active', 'completed', 'failed'];
  const found = await statesOf(queue, [...waiting.values()]);
  // One that is begun just now is locked, and is not removed.
  await Promise.allSettled(
    found.filter(({ state }) => !begun.includes(state)).map(({ planned: { key } }) => queue.remove(key)),
  );
}

/** Runs points as BullMQ jobs, on workers wherever they are. */

import { setTimeout as sleep } from 'node:timers/promises';
import { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { EnvironmentError, InputError } from '../../units/errors.js';
import type { Engine, EngineHooks } from './engine.js';
import type { PlannedPoint } from './planned-point.js';
import { connect, PREFIX, QUEUE } from './queue.js';
import { type JobAnswer, MOST_ANSWER_BYTES, unpackPoint } from './queue-messages.js';
import { shownUrl } from './redis-url.js';

const POLL_MS = 250;
/** Between two looks at all jobs, which find those that are gone, and for workers. */
const CHECK_MS = 3000;
/** Workers take points in order, so between two looks only the first of them are asked about. */
const FIRST = 500;
/** A point that fails (for lack of memory, say) is tried again, perhaps on another machine. */
const ATTEMPTS = 3;
const BACKOFF_MS = 1000;
/** Jobs that are asked about at once. */
const AT_ONCE = 500;
/** Redis forgets what a sweep that never came back has left. */
const KEEP_SECONDS = 14 * 24 * 3600;
/** Characters of a worker's message that are shown and kept. */
const MOST_REASON = 2000;
/** What else a worker says is short; more is not fetched. */
const MOST_FIELD_BYTES = 64 << 10;

type PointQueue = Queue<PlannedPoint, JobAnswer>;

/** What every step of a sweep on Redis needs. */
interface Coordination {
  readonly queue: PointQueue;
  readonly client: Redis;
  /** Points that are neither finished nor failed, by their keys. */
  readonly waiting: Map<string, PlannedPoint>;
  readonly hooks: EngineHooks;
}

/**
 * The job of a point has its key as id: two sweeps that want the same point wait for the same job, and a sweep that
 * is started again finds what was finished without it. Results are polled for, so that a lost connection loses none.
 * A job that is gone from Redis is added again.
 *
 * @param url of Redis or Valkey
 */
export function bullmqEngine(url: string): Engine {
  return {
    async run(points, hooks) {
      refuseTraces(points);
      if (points.length === 0) return;
      const files = new Set(points.flatMap(({ spec }) => spec.code?.file ?? []));
      if (files.size > 0) {
        hooks.onNote(`only workers with --allow-policies run the code of ${[...files].join(', ')}`);
      }
      const { client, end } = await connect(url, hooks.onNote);
      const queue: PointQueue = new Queue(QUEUE, { connection: client, prefix: PREFIX });
      // The connection reports them.
      queue.on('error', () => {});
      const all: Coordination = { queue, client, waiting: new Map(points.map((each) => [each.key, each])), hooks };
      const aborted = new Promise<void>((resolve) => hooks.signal.addEventListener('abort', () => resolve()));
      const coordination = coordinate(all, url);
      const withdrawal = () => coordination.catch(() => {}).then(() => withdraw(all));
      try {
        await Promise.race([coordination, aborted]);
      } catch (error) {
        throw isReply(error) ? new EnvironmentError(`${shownUrl(url)}: ${oneLine((error as Error).message)}`) : error;
      } finally {
        // It was interrupted, or a result could not be kept. Not waited for when Redis is away.
        if (all.waiting.size > 0) {
          await Promise.race([withdrawal(), sleep(2000, undefined, { ref: false })]).catch(() => {});
        }
        await Promise.race([queue.close(), sleep(1000, undefined, { ref: false })]).catch(() => {});
        end();
      }
    },
  };
}

/** Redis refused a command: it has no permission, or a key is of another kind. */
function isReply(error: unknown): boolean {
  return error instanceof Error && error.name === 'ReplyError';
}

/** @throws InputError */
function refuseTraces(points: readonly PlannedPoint[]): void {
  const trace = points.find(({ spec }) => spec.workload.kind === 'trace');
  if (trace) {
    throw new InputError(
      `${trace.command}: a trace is a file of this machine: expected a workload file (.yaml) with --engine ` +
        'bullmq; --shard takes traces',
    );
  }
}

async function coordinate(all: Coordination, url: string): Promise<void> {
  const { queue, waiting, hooks } = all;
  await forgetFailures(all);
  await submit(queue, [...waiting.values()]);
  let checkedMs = Number.NEGATIVE_INFINITY;
  let noted = false;
  while (waiting.size > 0 && !hooks.signal.aborted) {
    const isCheck = performance.now() - checkedMs >= CHECK_MS;
    if (isCheck) checkedMs = performance.now();
    const lost = await collect(all, isCheck ? waiting.size : FIRST);
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

/** A point that failed in an earlier sweep is tried again. */
async function forgetFailures({ queue, waiting }: Coordination): Promise<void> {
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
 * Takes what has finished or failed of the first waiting points, and reports the progress of those that run. Asks only
 * about these, because other sweeps may have thousands of jobs on the same Redis. Returns the points without a job.
 */
async function collect({ queue, client, waiting, hooks }: Coordination, first: number): Promise<PlannedPoint[]> {
  const lost: PlannedPoint[] = [];
  for (const { planned, state } of await statesOf(queue, [...waiting.values()].slice(0, first))) {
    const job = queue.toKey(planned.key);
    if (state === 'unknown') lost.push(planned);
    if (state === 'active') hooks.onProgress(planned, shareOf(await fieldOf(client, job, 'progress')));
    if (state !== 'completed' && state !== 'failed') continue;
    if (state === 'completed') take(planned, await fieldOf(client, job, 'returnvalue', MOST_ANSWER_BYTES), hooks);
    else hooks.onFailure(planned, oneLine((await fieldOf(client, job, 'failedReason')) ?? 'no reason given'));
    // Only now, so that a result that could not be kept here stays there.
    waiting.delete(planned.key);
    await queue.remove(planned.key);
  }
  return lost;
}

/** What a worker has left in a field of its job; undefined when there is nothing, or more than is asked for. */
async function fieldOf(client: Redis, job: string, field: string, mostBytes = MOST_FIELD_BYTES) {
  const bytes = await client.hstrlen(job, field);
  return bytes > mostBytes ? undefined : ((await client.hget(job, field)) ?? undefined);
}

/** An answer that is not the planned point fails that point, and nothing else. */
function take(planned: PlannedPoint, answer: string | undefined, hooks: EngineHooks): void {
  const read = unpackPoint(answer ?? '', planned);
  if ('wrong' in read) {
    hooks.onFailure(planned, `the queue has an answer that is not this point: ${oneLine(read.wrong)}`);
    return;
  }
  hooks.onRequests(read.value.result.requests);
  hooks.onPoint(read.value);
}

/** How much is done, 0 … 1, as a worker says. */
function shareOf(progress: string | undefined): number {
  const share = Number(progress);
  return share >= 0 && share <= 1 ? share : 0;
}

/** What came from outside, without control characters and not longer than a person reads. */
function oneLine(text: string): string {
  return text.replace(/[^\P{Cc}\n]+/gu, ' ').slice(0, MOST_REASON);
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
async function withdraw({ queue, waiting }: Coordination): Promise<void> {
  const begun: readonly string[] = ['active', 'completed', 'failed'];
  const found = await statesOf(queue, [...waiting.values()]);
  // One that is begun just now is locked, and is not removed.
  await Promise.allSettled(
    found.filter(({ state }) => !begun.includes(state)).map(({ planned: { key } }) => queue.remove(key)),
  );
}

import type { Point } from '../../results/point.js';
import { EnvironmentError } from '../../units/errors.js';
import { receiveSpec } from '../plan/run-spec.js';
import { controlFor } from '../run/replicate.js';
import type { RunControl } from '../run/run-control.js';
import { runReplicated } from '../run/run-replicated.js';
import { createThreadPool, type ThreadPool } from '../run/thread-pool.js';
import type { Engine, EngineHooks } from './engine.js';
import type { PlannedPoint } from './planned-point.js';

/** Time between two looks at the progress of the points. */
const LOOK_EVERY_MS = 200;

/**
 * Runs the points in threads of this process, on all cores.
 *
 * @param shared threads to use, when the caller has some
 */
export function localEngine(shared?: ThreadPool): Engine {
  return {
    async run(points, hooks) {
      const threads = shared ?? createThreadPool();
      const rest = points[Symbol.iterator]();
      // If a result cannot be written (full disk), stop the sweep: the next points would fail too.
      const broken = new AbortController();
      const signal = AbortSignal.any([hooks.signal, broken.signal]);
      const lane = async () => {
        for (const planned of rest) {
          if (signal.aborted) return;
          const found = hooks.alreadyThere(planned);
          if (found) hooks.onPoint(found);
          else (await runOne(planned, threads, { ...hooks, signal }))();
        }
      };
      const guarded = () =>
        lane().catch((error: unknown) => {
          broken.abort();
          throw error;
        });
      try {
        // One lane more than cores, so that the next point has begun while the last replications of another run.
        const lanes = await Promise.allSettled(Array.from({ length: threads.cores + 1 }, guarded));
        for (const lane of lanes) if (lane.status === 'rejected') throw lane.reason;
      } finally {
        if (!shared) threads.close();
      }
    },
  };
}

/**
 * Runs a point and returns the call that reports its end. That call may fail too, which is not a failure of the
 * point.
 *
 * @throws EnvironmentError when this process can run no point
 */
async function runOne(planned: PlannedPoint, threads: ThreadPool, hooks: EngineHooks): Promise<() => void> {
  try {
    const point = await runPoint(planned, threads, hooks);
    return () => point && hooks.onPoint(point);
  } catch (error) {
    // The other points would fail too. As they have not failed, the same command continues after the limit is raised.
    if (error instanceof EnvironmentError && error.concerns === 'process') throw error;
    return () => hooks.onFailure(planned, (error as Error).message);
  }
}

/**
 * Runs one point. Returns undefined when it was stopped before its end.
 *
 * @throws InputError or EnvironmentError when it cannot be run
 */
export async function runPoint(
  { key, command, spec, replications }: PlannedPoint,
  threads: ThreadPool,
  hooks: {
    readonly signal: AbortSignal;
    readonly onProgress: (planned: PlannedPoint, done: number) => void;
    readonly onRequests?: (count: number) => void;
  },
): Promise<Point | undefined> {
  const planned = { key, command, spec, replications };
  const specs = [receiveSpec(spec)];
  const control: RunControl = controlFor(specs, replications);
  const stop = () => control.stop();
  hooks.signal.addEventListener('abort', stop);
  const looking = setInterval(() => hooks.onProgress(planned, control.done()), LOOK_EVERY_MS);
  try {
    if (hooks.signal.aborted) control.stop();
    const [replicated] = await runReplicated(specs, replications, {
      control,
      threads,
      onRun: ({ record }) => hooks.onRequests?.(record.arrived.reduce((sum, count) => sum + count, 0)),
    });
    const result = replicated?.result;
    const tails = replicated?.tails();
    if (control.stopped || !result) return undefined;
    return { schema: 'psp.point/1', key, command, result, ...(tails && { tails }) };
  } finally {
    clearInterval(looking);
    hooks.signal.removeEventListener('abort', stop);
  }
}

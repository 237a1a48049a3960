/**
 * Measures single parts of the backend alone on this machine, in real time: nothing sleeps, and nothing is stretched.
 */

import { Worker } from 'node:worker_threads';
import { entryPoint } from '../../files/entry-point.js';
import type { TypedPolicy } from '../../scheduler/policy-registry.js';
import { EnvironmentError } from '../../units/errors.js';
import type { DispatcherProbeData, DispatcherSample } from '../dispatcher/dispatcher-probe-thread.js';
import { sentPolicy } from '../dispatcher/hardware-policy.js';
import { allowedCores } from '../machine/cores.js';
import { loadProbe } from './native.js';

/** Two threads that spin need a core each. */
const CORES = 2;
/** Long enough for hundreds of thousands of requests, short enough that some slices are undisturbed. */
const SLICE_SECONDS = 0.03;
const SLICES = 20;
/**
 * A slice in which a thread had its core for less time than this was disturbed, and is played again, up to this many
 * times.
 */
const UNDISTURBED = 0.99;
const EXTRA_SLICES = 20;
/** Enough requests under way that the dispatcher never waits. */
const WINDOW = 64;
const HOP_BATCHES = 200;
const ROUNDS_PER_BATCH = 2000;

/** Says why parts cannot be measured alone here; nothing when they can. */
export function cannotProbe(): string | undefined {
  const { length } = allowedCores();
  return length < CORES ? `two cores are needed, this process may use ${length}` : undefined;
}

/** How long an entry takes through a ring from core to core, ns; each value is a mean of thousands. */
export function probeRingHop(): Float64Array {
  const [core, other] = allowedCores().slice(-CORES);
  return loadProbe().ringHops(HOP_BATCHES, ROUNDS_PER_BATCH, core!, other!);
}

/**
 * How long one request (arrival, start and end) keeps a dispatcher busy that is never idle, ns. Each value is the mean
 * of a slice.
 *
 * @throws Error when the policy fails, or `signal` says so
 */
export async function probeDispatcher(
  policy: TypedPolicy,
  workers: number,
  signal?: AbortSignal,
): Promise<Float64Array> {
  const [core, worldCore] = allowedCores().slice(-CORES);
  const data: DispatcherProbeData = {
    ...sentPolicy(policy),
    workers,
    core: core!,
    worldCore: worldCore!,
    rate: 0,
    window: WINDOW,
  };
  const thread = new Worker(entryPoint('hw/dispatcher/dispatcher-probe-thread'), { workerData: data });
  let interrupt = (): void => {};
  const failed = new Promise<never>((_, reject) => {
    thread.once('error', reject);
    interrupt = () => reject(new Error('interrupted'));
    signal?.addEventListener('abort', interrupt);
  });
  // Without a handler, an error that nobody awaits would end the process.
  failed.catch(() => {});
  const next = <T>(): Promise<T> =>
    Promise.race([new Promise<T>((resolve) => thread.once('message', resolve)), failed]);
  try {
    signal?.throwIfAborted();
    await next();
    const slices: DispatcherSample[] = [];
    for (let i = 0; i < SLICES + EXTRA_SLICES; i++) {
      thread.postMessage({ seconds: SLICE_SECONDS });
      slices.push(await next<DispatcherSample>());
      if (slices.filter(({ share }) => share >= UNDISTURBED).length >= SLICES) break;
    }
    // If too few were undisturbed, the least disturbed count. A slice without a request has no time per request.
    const some = slices.filter(({ perSecond }) => perSecond > 0);
    if (some.length < SLICES) {
      throw new EnvironmentError(
        'the dispatcher alone: other programs had its cores for too long; repeat on an idle machine',
      );
    }
    const best = some.sort((a, b) => b.share - a.share).slice(0, SLICES);
    return Float64Array.from(best, ({ perSecond }) => 1e9 / perSecond);
  } finally {
    signal?.removeEventListener('abort', interrupt);
    await thread.terminate();
  }
}

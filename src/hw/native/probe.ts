/** What single parts of the backend cost on this machine, each measured alone. Real time: nothing sleeps, and nothing is stretched. */

import { Worker } from 'node:worker_threads';
import { entryPoint } from '../../files/entry-point.js';
import type { DispatcherProbeData, DispatcherSample } from '../dispatcher/dispatcher-probe-thread.js';
import { allowedCores } from '../machine/cores.js';
import { loadProbe } from './native.js';

/** Two threads that spin want a core each. */
const CORES = 2;
/** Long enough for hundreds of thousands of requests, short enough to be undisturbed now and then. */
const SLICE_SECONDS = 0.03;
const SLICES = 20;
/** A thread that had its core for less of a slice was disturbed: such a slice is played again, up to so many times in all. */
const UNDISTURBED = 0.99;
const EXTRA_SLICES = 20;
/** Requests under way at once: enough that the dispatcher never waits. */
const WINDOW = 64;
const HOP_BATCHES = 200;
const ROUNDS_PER_BATCH = 2000;

/** Why parts cannot be measured alone here; nothing when they can. */
export function cannotProbe(): string | undefined {
  const { length } = allowedCores();
  return length < CORES ? `two cores are needed, this process may use ${length}` : undefined;
}

/** One way of an entry through a ring between two cores, ns; a mean of thousands each. */
export function probeRingHop(): Float64Array {
  const [core, other] = allowedCores().slice(-CORES);
  return loadProbe().ringHops(HOP_BATCHES, ROUNDS_PER_BATCH, core!, other!);
}

/**
 * What a request takes of a dispatcher that always has one to take, ns: its arrival, its start and its end. The mean of a slice each.
 *
 * @param policy as typed
 * @throws Error when the policy fails, or `signal` says so
 */
export async function probeDispatcher(policy: string, workers: number, signal?: AbortSignal): Promise<Float64Array> {
  const [core, worldCore] = allowedCores().slice(-CORES);
  const data: DispatcherProbeData = { policy, workers, core: core!, worldCore: worldCore!, rate: 0, window: WINDOW };
  const thread = new Worker(entryPoint('hw/dispatcher/dispatcher-probe-thread'), { workerData: data });
  let interrupt = (): void => {};
  const failed = new Promise<never>((_, reject) => {
    thread.once('error', reject);
    interrupt = () => reject(new Error('interrupted'));
    signal?.addEventListener('abort', interrupt);
  });
  // Whoever waits sees it; nobody has to.
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
    // The least disturbed, if need be.
    const best = slices.sort((a, b) => b.share - a.share).slice(0, SLICES);
    return Float64Array.from(best, ({ perSecond }) => 1e9 / perSecond);
  } finally {
    signal?.removeEventListener('abort', interrupt);
    await thread.terminate();
  }
}

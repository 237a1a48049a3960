/** Runs the dispatcher and a policy hot before the first real request, so that V8 compiles nothing while requests wait. */
import type { ChosenPolicy } from '../scheduler/registry.js';
import { createRequestSource } from '../workload/generate.js';
import { STREAM, substream } from '../workload/random.js';
import type { Workload } from '../workload/workload.js';
import type { Dispatcher, MakeScheduler } from './dispatcher.js';
import { clearSharedMemory, type SharedMemory } from './layout.js';
import type { Poll } from './native.js';
import { createScheduler, schedulerTypes } from './policy.js';
import { ScriptedNative } from './scripted-native.js';

/** A load at which queues form and drain, so that every branch is seen. */
const WARM_UP_LOAD = 0.85;
/**
 * Enough for DARC's first windows (50 000 completions each) and for the renewal of one, which takes as many again. A dispatcher that sleeps serves stretched
 * times, in which a compilation is too short to matter: it only gets its code hot.
 */
export const WARM_UP_REQUESTS: Readonly<Record<Poll, number>> = { spin: 300_000, yield: 300_000, sleep: 60_000 };

/** A scheduler for the warm-up: of the same policy, with random numbers of its own. */
export function warmUpScheduler(workload: Workload, policy: ChosenPolicy, workers: number): MakeScheduler {
  const types = schedulerTypes(workload);
  const random = substream('warm-up', STREAM.stealing);
  return (pool, now) => createScheduler(policy, { workers, types, pool, now, random });
}

/**
 * Simulates a short trace of the same workload through a dispatcher made with {@link warmUpScheduler}, in this very thread, over the very memory it will
 * serve from, before any native thread uses it. Afterwards the memory is cleared, and the dispatcher must be reset; the machine code stays.
 * Answers the number of requests that ended.
 */
export function warmUp(
  dispatcher: Dispatcher,
  memory: SharedMemory,
  workload: Workload,
  requests = WARM_UP_REQUESTS.spin,
): number {
  const { workers } = memory;
  const trace = createRequestSource(workload, { load: WARM_UP_LOAD, workers, seed: 'warm-up', requests, flows: true });
  let ended = 0;
  const native = new ScriptedNative(memory, trace, () => ended++);
  const gapNs = Math.max(1, Math.round((workload.phases[0]!.meanServiceNs / workers) * 2));
  for (let turn = 0; native.nextNs() !== Number.POSITIVE_INFINITY || native.inFlight() > 0; turn++) {
    // Bursts now and then, single events mostly: both happen on a real machine. Slices expire on the way.
    native.advanceTo(native.nowNs + ((turn & 63) === 0 ? 16 * gapNs : gapNs));
    // Through the function the thread will live in, so that it is compiled for what it will do.
    if ((turn & 15) === 0) dispatcher.turn();
    else dispatcher.step();
    native.react();
  }
  clearSharedMemory(memory);
  return ended;
}

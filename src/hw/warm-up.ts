/** Runs a policy hot before its first real request, so that V8 compiles nothing while requests wait. */
import type { ChosenPolicy } from '../scheduler/registry.js';
import { createRequestSource } from '../workload/generate.js';
import { STREAM, substream } from '../workload/random.js';
import type { Workload } from '../workload/workload.js';
import { Dispatcher, type DispatcherHooks } from './dispatcher.js';
import { createSharedMemory } from './layout.js';
import { createScheduler, schedulerTypes } from './policy.js';
import { ScriptedNative } from './scripted-native.js';

export interface WarmUpOptions {
  readonly workload: Workload;
  readonly policy: ChosenPolicy;
  readonly workers: number;
  readonly slots: number;
  readonly arrivalsCapacity: number;
  /** Hooks of the same shape as the real ones. */
  readonly hooks: DispatcherHooks;
  /** Requests to play; enough for DARC's first windows (50 000 completions each). */
  readonly requests?: number;
}

/** A load at which queues form and drain, so that every branch is seen. */
const WARM_UP_LOAD = 0.85;
const WARM_UP_REQUESTS = 120_000;

/**
 * Simulates a short trace of the same workload through the same dispatcher code and a scheduler of the same policy, in this very thread, over memory of
 * its own. Both are thrown away afterwards; the machine code stays. Answers the number of requests that ended.
 */
export function warmUp(options: WarmUpOptions): number {
  const { workload, policy, workers, slots, arrivalsCapacity, hooks } = options;
  const types = schedulerTypes(workload);
  const memory = createSharedMemory({ workers, types: types.length, slots, arrivalsCapacity });
  const random = substream('warm-up', STREAM.stealing);
  const dispatcher = new Dispatcher(
    memory,
    (pool, now) => createScheduler(policy, { workers, types, pool, now, random }),
    hooks,
  );
  const trace = createRequestSource(workload, {
    load: WARM_UP_LOAD,
    workers,
    seed: 'warm-up',
    requests: options.requests ?? WARM_UP_REQUESTS,
    flows: true,
  });
  let ended = 0;
  const native = new ScriptedNative(memory, trace, () => ended++);
  const gapNs = (workload.phases[0]!.meanServiceNs / workers) * 2;
  for (let turn = 0; ; turn++) {
    const nextNs = native.nextNs();
    if (nextNs === Number.POSITIVE_INFINITY && native.inFlight() === 0) break;
    // Bursts now and then, single events mostly: both happen on a real machine. Slices expire on the way.
    native.advanceTo(Math.max(native.nowNs + gapNs, (turn & 63) === 0 ? native.nowNs + 16 * gapNs : 0));
    dispatcher.step();
    native.react();
  }
  return ended;
}

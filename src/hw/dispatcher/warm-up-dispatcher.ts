/**
 * Warms up the dispatcher and a policy before the first real request, so that V8 compiles nothing while requests wait.
 */

import type { ChosenPolicy } from '../../scheduler/policy-registry.js';
import { createRequestSource } from '../../workload/generate.js';
import { STREAM, substream } from '../../workload/random.js';
import type { Workload } from '../../workload/workload.js';
import { clearSharedMemory, type SharedMemory } from '../memory/layout.js';
import type { Poll } from '../native/native.js';
import type { Dispatcher, DispatcherHooks, MakeScheduler } from './dispatcher.js';
import { createScheduler, declaredProfile, schedulerTypes } from './hardware-policy.js';
import { ScriptedNative, type SyncSource } from './scripted-native.js';

/**
 * The load of each round: hardly anything waits at one, queues form and drain at the other, so that every branch is
 * taken. Each round has a scheduler of its own, because V8 learns what a function does only from about its second call.
 * It must see what a policy does only once (DARC's first reservation), or it throws the code away when real requests do
 * it.
 */
const ROUND_LOADS = [0.3, 0.85];
/**
 * Requests of a round: enough for DARC's first window (50 000 completions), a second one, and a third after the mix has
 * changed. A dispatcher that sleeps has stretched times, in which a compilation is too short to matter, so it needs
 * fewer.
 */
export const WARM_UP_REQUESTS: Readonly<Record<Poll, number>> = { spin: 240_000, yield: 240_000, sleep: 30_000 };
/** After this many requests the types change places, so that what a policy has learnt is wrong. */
const CHANGE_AFTER = 120_000;

/** After this many turns in which nothing is to come, nothing will. */
const QUIET_TURNS = 1000;

/** A few turns with more arrivals than the ring holds. */
const FLOOD_AT = 2000;
const FLOOD_TURNS = 3;
const FLOOD_GAPS = 4096;

/** A scheduler for the warm-up: of the same policy, with random numbers of its own. */
export function warmUpScheduler(workload: Workload, policy: ChosenPolicy, workers: number): MakeScheduler {
  const types = schedulerTypes(workload);
  const random = substream('warm-up', STREAM.stealing);
  const declared = declaredProfile(policy, workload);
  return (world, now) => createScheduler(policy, { workers, types, world, now, random, ...declared });
}

/**
 * Plays short traces of the same workload through a dispatcher, in its own thread and over its own memory, before any
 * native thread uses that. Clears the memory afterwards; the dispatcher must be reset. The machine code stays. Returns
 * the number of requests ended.
 *
 * @param net the function that will poll the port, so that V8 sees no other later
 */
export function warmUp(
  dispatcher: Dispatcher,
  memory: SharedMemory,
  workload: Workload,
  makeScheduler: MakeScheduler,
  requests = WARM_UP_REQUESTS.spin,
  net?: DispatcherHooks['net'],
): number {
  let ended = 0;
  for (const load of ROUND_LOADS) {
    dispatcher.reset(makeScheduler, net && { net });
    ended += play(dispatcher, memory, workload, load, requests);
    clearSharedMemory(memory);
  }
  return ended;
}

function play(
  dispatcher: Dispatcher,
  memory: SharedMemory,
  workload: Workload,
  load: number,
  requests: number,
): number {
  const { workers } = memory;
  const trace = changing(
    createRequestSource(workload, { load, workers, seed: 'warm-up', requests, flows: true }),
    workload.classified,
  );
  let ended = 0;
  const native = new ScriptedNative(memory, trace, () => ended++);
  const gapNs = Math.max(1, Math.round((workload.phases[0]!.meanServiceNs / workers) * 2));
  let quiet = 0;
  // A policy that loses requests leaves them in flight for ever.
  for (let turn = 0; quiet < QUIET_TURNS; turn++) {
    quiet = native.nextNs() === Number.POSITIVE_INFINITY ? (native.inFlight() > 0 ? quiet + 1 : QUIET_TURNS) : 0;
    // Single events mostly, bursts now and then, and once a flood that fills every ring and bounded queue. Slices
    // expire on the way.
    const gaps = turn >= FLOOD_AT && turn < FLOOD_AT + FLOOD_TURNS ? FLOOD_GAPS : (turn & 63) === 0 ? 16 : 1;
    native.advanceTo(native.nowNs + gaps * gapNs);
    // Through the function the thread will live in, so that it is compiled for what it will do.
    if ((turn & 15) === 0) dispatcher.turn();
    else dispatcher.step();
    native.react();
  }
  return ended;
}

/** The same requests, but after {@link CHANGE_AFTER} of them the order of the types is reversed. */
function changing(source: SyncSource, types: number): SyncSource {
  let played = 0;
  return {
    fill(batch) {
      source.fill(batch);
      for (let i = 0; i < batch.length; i++) {
        if (++played > CHANGE_AFTER && batch.type[i]! < types) batch.type[i] = types - 1 - batch.type[i]!;
      }
    },
  };
}

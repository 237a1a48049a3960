/**
 * The dispatcher's thread: pins itself, warms up, reports ready through shared memory, and runs until it is told to
 * stop.
 */

import { parentPort, workerData } from 'node:worker_threads';
import { openEventRing } from '../../events/event-ring.js';
import { tapped } from '../../events/tap.js';
import { receivePolicy } from '../../policy-files/load-policies.js';
import { policyFault } from '../../policy-files/policy-faults.js';
import type { ChosenPolicy, PolicyCode } from '../../scheduler/policy-registry.js';
import { type SentError, sendError } from '../../units/errors.js';
import { rebuildWorkload } from '../../workload/parse-workload.js';
import { STREAM, substream } from '../../workload/random.js';
import type { WorkloadSource } from '../../workload/workload.js';
import { Control, DispatcherState, Mailbox, RunState, type SharedMemory } from '../memory/layout.js';
import { publishReservation, type TimedReservation } from '../memory/shared-reservation.js';
import { loadNative, type NetForm, type Poll } from '../native/native.js';
import { createDispatcher, type DispatcherHooks } from './dispatcher.js';
import { setDispatcherFlags } from './dispatcher-flags.js';
import { createScheduler, declaredProfile, hardwarePolicy, schedulerTypes } from './hardware-policy.js';
import { WARM_UP_REQUESTS, warmUp, warmUpScheduler } from './warm-up-dispatcher.js';

export interface DispatcherThreadData {
  readonly memory: SharedMemory;
  /** The policy as it is typed. */
  readonly policy: string;
  readonly code?: PolicyCode;
  readonly workload: WorkloadSource;
  readonly seed: string | number;
  readonly dilation: number;
  readonly poll: Poll;
  readonly net: NetForm;
  readonly core?: number;
  /** The ring for the events and decisions of the scheduler; absent: nothing is recorded. */
  readonly events?: SharedArrayBuffer;
}

/** Messages to the main thread; both are rare. */
export type DispatcherMessage =
  | { readonly kind: 'reserved'; readonly change: TimedReservation }
  | { readonly kind: 'failed'; readonly error: SentError };

/** A sleeping dispatcher looks at the stop word at least this often. */
const LOOK_AROUND_NS = 20e6;
/** One that polls the port looks at it as often as a sleeping net thread (native/base/thread_setup.hpp). */
const SLEEP_BETWEEN_POLLS_NS = 20e3;

/** One that polls the port does not give its core away between a worker's start and its end (see kLooksBeforeYield). */
const INLINE_LOOKS_PER_YIELD = 16;

/** Yields once in so many calls. */
function yieldSometimes(yieldThread: () => void, calls: number): () => void {
  let looks = 0;
  return () => {
    if (++looks < calls) return;
    looks = 0;
    yieldThread();
  };
}

function main(data: DispatcherThreadData): void {
  setDispatcherFlags();
  const given = receivePolicy(data.policy, data.code);
  const { memory, poll } = data;
  const native = loadNative();
  const control = new Uint32Array(memory.buffer, memory.base, memory.totalBytes / 4);
  const clock = new Float64Array(memory.buffer, memory.base, memory.totalBytes / 8);
  const workload = rebuildWorkload(data.workload);
  const types = schedulerTypes(workload, data.dilation);

  const events = data.events && openEventRing(data.events);
  const recorded = ({ policy, parameters }: ChosenPolicy): ChosenPolicy => ({
    policy: events ? tapped(policy, events) : policy,
    parameters,
  });
  const makeWarmUp = warmUpScheduler(workload, recorded(hardwarePolicy(given)), memory.workers);
  const dispatcher = createDispatcher(memory, makeWarmUp);
  const net = data.net === 'inline' ? native.openNet(control) : undefined;
  warmUp(dispatcher, memory, workload, makeWarmUp, WARM_UP_REQUESTS[poll], net);

  const bellWord = Control.dispatcherBell / 4;
  const mailboxBell = (worker: number): number => (memory.mailboxesOffset + worker * Mailbox.bytes + Mailbox.bell) / 4;
  const hooks: DispatcherHooks = {
    ...(net && { net }),
    reserved: (scheduler, nowNs, completed) => {
      const reservation = scheduler.reservation?.();
      if (reservation === undefined) return;
      publishReservation(memory, reservation);
      const change = { atNs: nowNs, reservation, completed, queued: scheduler.queued() };
      const message: DispatcherMessage = { kind: 'reserved', change };
      parentPort?.postMessage(message);
    },
  };
  const lookAroundNs = net ? SLEEP_BETWEEN_POLLS_NS : LOOK_AROUND_NS;
  if (poll === 'yield') hooks.idle = yieldSometimes(native.yieldThread, net ? INLINE_LOOKS_PER_YIELD : 1);
  if (poll === 'sleep') {
    hooks.wake = (worker) => native.ringBell(control, mailboxBell(worker));
    hooks.idle = (untilNs) => {
      native.armBell(control, bellWord);
      if (dispatcher.hasWork() || Atomics.load(control, Control.runState / 4) >= RunState.halted) {
        native.disarmBell(control, bellWord);
        return;
      }
      const nowNs = clock[Control.clockNs / 8]!;
      native.waitBell(control, bellWord, Math.max(0, Math.min(lookAroundNs, untilNs - nowNs)));
    };
  }
  const random = substream(data.seed, STREAM.stealing);
  const policy = recorded(hardwarePolicy(given, data.dilation));
  const declared = declaredProfile(policy, workload, data.dilation);
  events?.clear();
  dispatcher.reset(
    (world, now) => createScheduler(policy, { workers: memory.workers, types, world, now, random, ...declared }),
    hooks,
  );

  if (data.core !== undefined) native.pinThread(data.core);
  native.prepareThread(poll);
  Atomics.store(control, Control.dispatcherState / 4, DispatcherState.ready);
  try {
    dispatcher.run();
  } finally {
    Atomics.store(control, Control.dispatcherState / 4, DispatcherState.stopped);
  }
}

try {
  main(workerData as DispatcherThreadData);
} catch (error) {
  parentPort?.postMessage({
    kind: 'failed',
    error: sendError(policyFault(error) ?? error),
  } satisfies DispatcherMessage);
}

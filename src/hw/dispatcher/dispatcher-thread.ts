/**
 * The dispatcher's thread: pins itself, warms up, reports ready through shared memory, and runs until it is told to
 * stop.
 */

import { parentPort, workerData } from 'node:worker_threads';
import { openEventRing } from '../../events/event-ring.js';
import { tapped } from '../../events/tap.js';
import { useCode } from '../../policy-files/load-policies.js';
import { policyFault } from '../../policy-files/policy-faults.js';
import type { ChosenPolicy, PolicyCode } from '../../scheduler/policy-registry.js';
import { type SentError, sendError } from '../../units/errors.js';
import { rebuildWorkload } from '../../workload/parse-workload.js';
import { STREAM, substream } from '../../workload/random.js';
import type { WorkloadSource } from '../../workload/workload.js';
import { Control, DispatcherState, Mailbox, RunState, type SharedMemory } from '../memory/layout.js';
import { publishReservation, type TimedReservation } from '../memory/shared-reservation.js';
import { loadNative, type Poll } from '../native/native.js';
import { createDispatcher, type DispatcherHooks } from './dispatcher.js';
import { setDispatcherFlags } from './dispatcher-flags.js';
import { createScheduler, hardwarePolicy, schedulerTypes } from './hardware-policy.js';
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

function main(data: DispatcherThreadData): void {
  setDispatcherFlags();
  useCode(data.code);
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
  const makeWarmUp = warmUpScheduler(workload, recorded(hardwarePolicy(data.policy)), memory.workers);
  const dispatcher = createDispatcher(memory, makeWarmUp);
  warmUp(dispatcher, memory, workload, makeWarmUp, WARM_UP_REQUESTS[poll]);

  const bellWord = Control.dispatcherBell / 4;
  const mailboxBell = (worker: number): number => (memory.mailboxesOffset + worker * Mailbox.bytes + Mailbox.bell) / 4;
  const hooks: DispatcherHooks = {
    reserved: (scheduler, nowNs) => {
      const reservation = scheduler.reservation?.();
      if (reservation === undefined) return;
      publishReservation(memory, reservation);
      const message: DispatcherMessage = { kind: 'reserved', change: { atNs: nowNs, reservation } };
      parentPort?.postMessage(message);
    },
  };
  if (poll === 'yield') hooks.idle = () => native.yieldThread();
  if (poll === 'sleep') {
    hooks.wake = (worker) => native.ringBell(control, mailboxBell(worker));
    hooks.idle = (untilNs) => {
      native.armBell(control, bellWord);
      if (dispatcher.hasWork() || Atomics.load(control, Control.runState / 4) >= RunState.halted) {
        native.disarmBell(control, bellWord);
        return;
      }
      const nowNs = clock[Control.clockNs / 8]!;
      native.waitBell(control, bellWord, Math.max(0, Math.min(LOOK_AROUND_NS, untilNs - nowNs)));
    };
  }
  const random = substream(data.seed, STREAM.stealing);
  const policy = recorded(hardwarePolicy(data.policy, data.dilation));
  events?.clear();
  dispatcher.reset(
    (world, now) => createScheduler(policy, { workers: memory.workers, types, world, now, random }),
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

/**
 * A dispatcher alone, for psp calibrate and bench/. On the other side of the shared memory, one native thread is net
 * thread and all workers, and ends each request as soon as it is started. Sets up, warms up, says `ready`, then plays
 * slices on demand.
 */

import { parentPort, workerData } from 'node:worker_threads';
import { receivePolicy } from '../../policy-files/load-policies.js';
import type { PolicyCode } from '../../scheduler/policy-registry.js';
import { parseWorkload } from '../../workload/parse-workload.js';
import { clearSharedMemory, createSharedMemory } from '../memory/layout.js';
import { loadNative, loadProbe } from '../native/native.js';
import { createDispatcher } from './dispatcher.js';
import { setDispatcherFlags } from './dispatcher-flags.js';
import { createScheduler, declaredProfile, hardwarePolicy, schedulerTypes } from './hardware-policy.js';
import { warmUp, warmUpScheduler } from './warm-up-dispatcher.js';

export interface DispatcherProbeData {
  /** As typed. */
  readonly policy: string;
  readonly code?: PolicyCode;
  readonly workers: number;
  /** Of this thread. */
  readonly core: number;
  /** Of the native one. */
  readonly worldCore: number;
  /** Requests per second; 0: as fast as the window allows. */
  readonly rate: number;
  /** Requests under way at once. */
  readonly window: number;
  /** Requests of the warm-up; absent: as many as for threads that spin. */
  readonly warmUp?: number;
  /** Measure the loop in C++ instead, which this one is compared with (c-FCFS only). */
  readonly cpp?: boolean;
}

export interface DispatcherSample {
  readonly perSecond: number;
  /** From the publication of an arrival until its start is seen, ns: p50, p99, p99.9, p99.99. Only at a given rate. */
  readonly latencies: readonly number[];
  /** The share of the time that each thread had its core; the smaller of the two. */
  readonly share: number;
}

const QUANTILES = [0.5, 0.99, 0.999, 0.9999];
/** Every 200th request of the native world is of the second type. */
const WORKLOAD = `
name: probe
types:
  - { name: SHORT, ratio: 0.995, service: 0.5us }
  - { name: LONG, ratio: 0.005, service: 500us }
`;
/** The sizes of a server. */
const SIZES = { slots: 16384, arrivalsCapacity: 4096 };
/** Turns between two reads of the clock, which allocates a number and must not be what is measured. */
const TURNS_PER_LOOK = 50;

function main({
  policy,
  code,
  workers,
  core,
  worldCore,
  rate,
  window,
  cpp = false,
  ...data
}: DispatcherProbeData): void {
  // The same flags as a server's dispatcher.
  setDispatcherFlags();
  const native = loadNative();
  const probe = loadProbe();
  const workload = parseWorkload(WORKLOAD, 'probe');
  const types = schedulerTypes(workload);
  const chosen = hardwarePolicy(receivePolicy(policy, code));
  const hooks = { reserved: () => {} };
  const memory = createSharedMemory({ ...SIZES, workers, types: types.length }, native.misalignment);
  const bytes = new Uint8Array(memory.buffer, memory.base, memory.totalBytes);
  const makeWarmUp = warmUpScheduler(workload, chosen, workers);
  const dispatcher = createDispatcher(memory, makeWarmUp);
  if (!cpp) warmUp(dispatcher, memory, workload, makeWarmUp, data.warmUp);
  native.pinThread(core);

  /**
   * A loop in a function of its own, with nothing after it: code that is optimised while it loops is thrown away when
   * it comes to what it has not seen yet, and that would be counted as the dispatcher's.
   */
  function turnUntil(endMs: number): void {
    while (performance.now() < endMs) for (let i = 0; i < TURNS_PER_LOOK; i++) dispatcher.turn();
  }

  /** One slice over cleared memory. */
  function slice(seconds: number): DispatcherSample {
    clearSharedMemory(memory);
    dispatcher.reset(
      (world, now) =>
        createScheduler(chosen, {
          ...{ workers, types, world, now, random: Math.random },
          ...declaredProfile(chosen, workload),
        }),
      hooks,
    );
    const world = new probe.ProbeWorld(bytes, { window, rate, core: worldCore });
    const begin = performance.now();
    const beginCpu = probe.threadCpuSeconds();
    if (cpp) probe.cppDispatcher(bytes, seconds);
    else turnUntil(begin + seconds * 1000);
    const took = (performance.now() - begin) / 1000;
    const ownShare = (probe.threadCpuSeconds() - beginCpu) / took;
    const completed = world.completed();
    const latencies = world.latencies(QUANTILES);
    return { perSecond: completed / took, latencies, share: Math.min(ownShare, world.stop()) };
  }

  parentPort!.on('message', ({ seconds }: { readonly seconds?: number }) => {
    if (seconds === undefined) parentPort!.close();
    else parentPort!.postMessage(slice(seconds));
  });
  parentPort!.postMessage('ready');
}

main(workerData as DispatcherProbeData);

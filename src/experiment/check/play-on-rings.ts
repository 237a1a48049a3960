/** Plays a policy over the rings of the dispatcher, with scripted workers in place of DPDK, and in the simulator. */

import { createDispatcher, type MakeScheduler } from '../../hw/dispatcher/dispatcher.js';
import { createScheduler, declaredProfile, schedulerTypes } from '../../hw/dispatcher/hardware-policy.js';
import { ScriptedNative } from '../../hw/dispatcher/scripted-native.js';
import { warmUp, warmUpScheduler } from '../../hw/dispatcher/warm-up-dispatcher.js';
import { readServerCounts } from '../../hw/memory/counts.js';
import { createSharedMemory } from '../../hw/memory/layout.js';
import { foldCompletion, formatDigest } from '../../metrics/digest.js';
import type { ChosenPolicy } from '../../scheduler/policy-registry.js';
import { createSimulation } from '../../sim/simulation.js';
import { createRequestSource } from '../../workload/generate.js';
import { parseWorkload } from '../../workload/parse-workload.js';
import { substream } from '../../workload/random.js';
import { RequestBatch } from '../../workload/request-source.js';

/**
 * Times are much longer than a nanosecond, so that no two events are simultaneous: their order is the only thing in
 * which the two worlds may differ. One request in a hundred has a type that no classifier knows.
 */
const WORKLOAD = parseWorkload(
  `
name: three
types:
  - { name: A, ratio: 0.6, service: { exponential: { mean: 1ms } }, deadline: 10ms, slo: 10ms }
  - { name: B, ratio: 0.3, service: { exponential: { mean: 10ms } }, deadline: 100ms, slo: 100ms }
  - { name: C, ratio: 0.09, service: { lognormal: { mean: 100ms, sigma: 1 } }, deadline: 1s, slo: 1s }
  - { name: UNKNOWN, ratio: 0.01, service: 5ms }
`,
  'three.yaml',
);
const TYPES = schedulerTypes(WORKLOAD);

/** How many workers there are and how many requests come. */
export interface RingRun {
  readonly workers: number;
  readonly requests: number;
}

const traceOf = ({ workers, requests }: RingRun) =>
  createRequestSource(WORKLOAD, { load: 0.9, workers, seed: 7, requests, flows: true });

/** What the simulator decides, on the workload that {@link playOnRings} plays. */
export function playInSimulator({ policy, parameters }: ChosenPolicy, run: RingRun) {
  const { workers } = run;
  const simulation = createSimulation({
    workers,
    types: TYPES.length + 1,
    createScheduler: (world, now) =>
      policy.create(
        {
          ...{ workers, types: TYPES, world, now, random: substream(7, 'stealing') },
          ...declaredProfile({ policy, parameters }, WORKLOAD),
        },
        parameters,
      ),
  });
  const source = traceOf(run);
  const batch = new RequestBatch();
  for (source.fill(batch); batch.length > 0; source.fill(batch)) simulation.advance(batch, 0, batch.length);
  while (simulation.drain(1 << 20));
  const { completed, preemptions } = simulation.snapshot();
  return { digest: simulation.digest(), completed: completed.reduce((a, b) => a + b), preemptions };
}

/**
 * What the dispatcher decides over its rings.
 *
 * @param warm plays this many requests of the warm-up of a server first, through the same dispatcher and memory
 */
export function playOnRings(policy: ChosenPolicy, run: RingRun, warm = 0) {
  const { workers } = run;
  const memory = createSharedMemory({ workers, types: TYPES.length, slots: 16384, arrivalsCapacity: 4096 });
  const make: MakeScheduler = (world, now) =>
    createScheduler(policy, {
      ...{ workers, types: TYPES, world, now, random: substream(7, 'stealing') },
      ...declaredProfile(policy, WORKLOAD),
    });
  const makeWarmUp = warmUpScheduler(WORKLOAD, policy, workers);
  const dispatcher = createDispatcher(memory, warm > 0 ? makeWarmUp : make);
  const warmed = warm > 0 ? warmUp(dispatcher, memory, WORKLOAD, makeWarmUp, warm) : 0;
  if (warm > 0) dispatcher.reset(make);
  const lanes = new Int32Array(2);
  const native = new ScriptedNative(memory, traceOf(run), ({ id, worker, startNs, endNs }) => {
    if (worker >= 0) foldCompletion(lanes, id, worker, startNs, endNs);
  });
  for (;;) {
    const sliceNs = dispatcher.nextSliceEndNs();
    const nativeNs = native.nextNs();
    if (nativeNs === Number.POSITIVE_INFINITY && sliceNs === Number.POSITIVE_INFINITY) break;
    if (sliceNs < nativeNs) native.setClock(sliceNs);
    else native.playNext();
    // Until nothing more happens at this moment: a preemption needs the worker's answer and another step.
    do native.react();
    while (dispatcher.step() > 0);
  }
  dispatcher.publishStatistics();
  return { digest: formatDigest(lanes), counts: readServerCounts(memory), native, warmed };
}

import { describe, expect, it } from 'vitest';
import { createDispatcher, type MakeScheduler } from '../../src/hw/dispatcher/dispatcher.js';
import { createScheduler } from '../../src/hw/dispatcher/hardware-policy.js';
import { ScriptedNative } from '../../src/hw/dispatcher/scripted-native.js';
import { warmUp, warmUpScheduler } from '../../src/hw/dispatcher/warm-up-dispatcher.js';
import { readServerCounts, reconcileServer } from '../../src/hw/memory/counts.js';
import { createSharedMemory } from '../../src/hw/memory/layout.js';
import { foldCompletion, formatDigest } from '../../src/metrics/digest.js';
import { parsePolicy, policies, policyNamed } from '../../src/scheduler/policy-registry.js';
import { createSimulation } from '../../src/sim/simulation.js';
import { createRequestSource } from '../../src/workload/generate.js';
import { parseWorkload } from '../../src/workload/parse-workload.js';
import { substream } from '../../src/workload/random.js';
import { createBatch } from '../../src/workload/request-source.js';

// Times are much longer than a nanosecond, so that no two events are simultaneous: their order is the only thing in
// which the two worlds may differ. One request in a hundred has a type that no classifier knows.
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
/** The scripted workers are slow when there are many of them, so fewer requests must do. */
const requestsFor = (workers: number): number => (workers > 64 ? 5_000 : 12_000);
const TYPES = WORKLOAD.types.slice(0, WORKLOAD.classified).map(({ name, deadlineNs, sloNs }) => ({
  name,
  deadlineNs: deadlineNs!,
  sloNs: sloNs!,
}));
const trace = (workers: number) =>
  createRequestSource(WORKLOAD, { load: 0.9, workers, seed: 7, requests: requestsFor(workers), flows: true });

/** Parameters with which a policy does on this trace what it is made for. */
const SETTINGS: Readonly<Record<string, string>> = {
  darc: 'darc:window=2000',
  'darc-static': 'darc-static:reserved=2:short=A',
  ts: 'ts:quantum=2ms',
  'ts-mq': 'ts-mq:quantum=2ms',
  'darc-ts': 'darc-ts:window=500:quantum=500us:backlog=0',
  // With more per worker, one that is preempted and the next of its worker may start at one moment, and then end their
  // slices at one moment, too.
  jbsq: 'jbsq:k=1:quantum=2ms',
  tq: 'tq:quantum=4ms',
  las: 'las:quantum=2ms',
};

function simulated(policyText: string, workers: number): { digest: string; completed: number; preemptions: number } {
  const { policy, parameters } = parsePolicy(policyText);
  const simulation = createSimulation({
    workers,
    types: TYPES.length + 1,
    createScheduler: (world, now) =>
      policy.create({ workers, types: TYPES, world, now, random: substream(7, 'stealing') }, parameters),
  });
  const source = trace(workers);
  const batch = createBatch();
  for (source.fill(batch); batch.length > 0; source.fill(batch)) simulation.advance(batch, 0, batch.length);
  while (simulation.drain(1 << 20));
  const { completed, preemptions } = simulation.snapshot();
  return { digest: simulation.digest(), completed: completed.reduce((a, b) => a + b), preemptions };
}

/** @param warm plays the warm-up of a server first, through the same dispatcher and memory */
function dispatched(policyText: string, workers: number, warm = false) {
  const memory = createSharedMemory({ workers, types: TYPES.length, slots: 16384, arrivalsCapacity: 4096 });
  const policy = parsePolicy(policyText);
  const make: MakeScheduler = (world, now) =>
    createScheduler(policy, { workers, types: TYPES, world, now, random: substream(7, 'stealing') });
  const makeWarmUp = warmUpScheduler(WORKLOAD, policy, workers);
  const dispatcher = createDispatcher(memory, warm ? makeWarmUp : make);
  if (warm) {
    expect(warmUp(dispatcher, memory, WORKLOAD, makeWarmUp, 3000)).toBe(2 * 3000);
    dispatcher.reset(make);
  }
  const lanes = new Int32Array(2);
  const native = new ScriptedNative(memory, trace(workers), ({ id, worker, startNs, endNs }) => {
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
  return { digest: formatDigest(lanes), counts: readServerCounts(memory), native };
}

describe.each(policies.filter((policy) => !policy.clairvoyant).map((policy) => policy.name))('%s', (name) => {
  it.each([1, 14, 70])('decides over the rings of %i workers what it decides in the simulator', (workers) => {
    if (name === 'darc-static' && workers < 3) return;
    const text = SETTINGS[name] ?? name;
    const expected = simulated(text, workers);
    const { digest, counts, native } = dispatched(text, workers);
    expect(digest).toBe(expected.digest);
    expect(counts.completed).toBe(expected.completed);
    expect(counts.preempted).toBe(expected.preemptions);
    if (policyNamed(name).preemptive) expect(counts.preempted).toBeGreaterThan(100);
    const requests = requestsFor(workers);
    expect(counts.arrived).toBe(requests);
    expect(native.inFlight()).toBe(0);
    expect(native.refused).toBe(0);
    // The net thread's words stay zero here; everything the dispatcher counts must add up.
    expect(reconcileServer({ ...counts, framesReceived: requests, requests, repliesSent: counts.completed })).toEqual(
      [],
    );
  });
});

it.each(['c-fcfs', 'd-fcfs', 'darc:window=500', 'ts:quantum=2ms'])(
  '%s decides after warm-up and reset as if there had been none',
  (text) => {
    const { digest, counts } = dispatched(text, 14, true);
    expect(digest).toBe(simulated(text, 14).digest);
    expect(counts.arrived).toBe(requestsFor(14));
  },
);

it('reports the first reservation of a policy, as the simulator does', () => {
  const workers = 4;
  const memory = createSharedMemory({ workers, types: TYPES.length, slots: 64, arrivalsCapacity: 64 });
  const begins = (text: string): number[][] => {
    const policy = parsePolicy(text);
    const make: MakeScheduler = (world, now) =>
      createScheduler(policy, { workers, types: TYPES, world, now, random: Math.random });
    const dispatcher = createDispatcher(memory, make);
    const told: number[][] = [];
    dispatcher.reset(make, {
      reserved: (scheduler) => told.push(scheduler.reservation!().groups.map((group) => group.workers.length)),
    });
    return told;
  };
  expect(begins('darc-static:reserved=1:short=A')).toEqual([[1, 3]]);
  expect(begins('darc')).toEqual([[4]]);
  expect(begins('c-fcfs')).toEqual([]);
});

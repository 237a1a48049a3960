import { describe, expect, it } from 'vitest';
import { playInSimulator, playOnRings } from '../../src/experiment/check/play-on-rings.js';
import { createDispatcher, type MakeScheduler } from '../../src/hw/dispatcher/dispatcher.js';
import { createScheduler } from '../../src/hw/dispatcher/hardware-policy.js';
import { reconcileServer } from '../../src/hw/memory/counts.js';
import { createSharedMemory } from '../../src/hw/memory/layout.js';
import { parsePolicy, policies, policyNamed } from '../../src/scheduler/policy-registry.js';

/** The scripted workers are slow when there are many of them, so fewer requests must do. */
const requestsFor = (workers: number): number => (workers > 64 ? 5_000 : 12_000);
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
  'steal-ts': 'steal-ts:quantum=4ms',
  las: 'las:quantum=2ms',
  sept: 'sept:quantum=500us:patience=1:target=100',
};

/**
 * Policies that may preempt two requests at one moment. Without a cost of preemption the two that follow start at one
 * moment and end their slices at one moment, in an order that differs between the worlds. One worker has no such ties.
 */
const TIES: readonly string[] = ['sept'];

const simulated = (text: string, workers: number) =>
  playInSimulator(parsePolicy(text), { workers, requests: requestsFor(workers) });

/** @param warm plays the warm-up of a server first */
function dispatched(text: string, workers: number, warm = false) {
  const played = playOnRings(parsePolicy(text), { workers, requests: requestsFor(workers) }, warm ? 3000 : 0);
  expect(played.warmed).toBe(warm ? 2 * 3000 : 0);
  return played;
}

describe.each(policies.filter((policy) => !policy.clairvoyant).map((policy) => policy.name))('%s', (name) => {
  it.each([1, 14, 70])('decides over the rings of %i workers what it decides in the simulator', (workers) => {
    if (name === 'darc-static' && workers < 3) return;
    const text = SETTINGS[name] ?? name;
    const expected = simulated(text, workers);
    const { digest, counts, native } = dispatched(text, workers);
    if (!TIES.includes(name) || workers === 1) {
      expect(digest).toBe(expected.digest);
      expect(counts.preempted).toBe(expected.preemptions);
    }
    expect(counts.completed).toBe(expected.completed);
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
  const types = ['A', 'B', 'C'].map((name) => ({ name }));
  const memory = createSharedMemory({ workers, types: types.length, slots: 64, arrivalsCapacity: 64 });
  const begins = (text: string): number[][] => {
    const policy = parsePolicy(text);
    const make: MakeScheduler = (world, now) =>
      createScheduler(policy, { workers, types, world, now, random: Math.random });
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

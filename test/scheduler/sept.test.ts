import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parsePolicy } from '../../src/scheduler/policy-registry.js';
import { PREEMPT, type SchedulerSetup, type World } from '../../src/scheduler/scheduler.js';
import { LEVELS, levelOf, levelStart, SizeProfile } from '../../src/scheduler/size-profile.js';
import { createSimulation } from '../../src/sim/simulation.js';
import { createRequestSource } from '../../src/workload/generate.js';
import { parseWorkload } from '../../src/workload/parse-workload.js';
import { STREAM, substream } from '../../src/workload/random.js';
import { RequestBatch } from '../../src/workload/request-source.js';
import { quantileOf } from '../support/histogram.js';

const UNIT_NS = 5_000;

/** The sizes of one type after completions with these demands, ns. */
function learned(demandsNs: Iterable<number>) {
  const profile = new SizeProfile(1, UNIT_NS);
  for (const demandNs of demandsNs) profile.observe(0, demandNs);
  return profile;
}

function* exponential(meanNs: number, count: number) {
  const random = substream(7, STREAM.stealing);
  for (let i = 0; i < count; i++) yield Math.max(1, -meanNs * Math.log(1 - random()));
}

describe('a profile of sizes', () => {
  it('has levels that begin at 1, 4, 16 … units', () => {
    for (let level = 0; level < LEVELS; level++) {
      expect(levelOf(levelStart(level))).toBe(level);
      expect(levelOf(levelStart(level + 1) * 0.999)).toBe(level);
    }
    expect(levelOf(1e12)).toBe(LEVELS - 1);
  });

  it.each([500, 1_000, 5_700, 100_000, 635_000])('of a constant demand of %d ns is that demand', (demandNs) => {
    const { sizeNs, stageNs, lowNs } = learned(new Array(1000).fill(demandNs));
    expect(sizeNs[0]).toBeCloseTo(demandNs, 6);
    expect(stageNs[0]).toBeCloseTo(demandNs, 6);
    expect(Math.abs(lowNs[0]! / demandNs - 1)).toBeLessThan(0.06);
  });

  it('of demands that are short or long is near the short ones, until a request has run for longer than those', () => {
    const { sizeNs } = learned(Array.from({ length: 1000 }, (_, i) => (i % 2 === 0 ? 1_000 : 100_000)));
    // Half complete after 1 us, and the other half takes the level of 5 us: (0.5 / 1) / (0.5 x 1 + 0.5 x 5) = 1/6.
    expect(sizeNs[0]).toBeCloseTo(1_000 * Math.sqrt(6), -1);
    expect(sizeNs[1]).toBeCloseTo(Math.sqrt(100_000 * 95_000), 0);
  });

  it('of an exponential demand grows with the service attained, and knows how short the shortest are', () => {
    const { sizeNs, lowNs } = learned(exponential(10_000, 20_000));
    expect(sizeNs[1]).toBeGreaterThan(2 * sizeNs[0]!);
    expect(sizeNs[2]).toBeGreaterThan(1.3 * sizeNs[1]!);
    // One in a hundred is below 100 ns.
    expect(lowNs[0]).toBeGreaterThan(50);
    expect(lowNs[0]).toBeLessThan(200);
  });

  it('follows a type that becomes a hundred times longer within 1500 completions, and shorter within 300', () => {
    const profile = learned(new Array(10_000).fill(1_000));
    for (let i = 0; i < 1500; i++) profile.observe(0, 100_000);
    expect(profile.sizeNs[0]).toBeGreaterThan(50_000);
    for (let i = 0; i < 300; i++) profile.observe(0, 1_000);
    expect(profile.sizeNs[0]).toBeLessThan(5_000);
  });

  it('of a type without completions is 0, which is shorter than all', () => {
    expect(new SizeProfile(2, UNIT_NS).sizeNs.every((size) => size === 0)).toBe(true);
  });
});

/** Plays High Bimodal under sept, and reports each preemption to `seen` before it happens. */
function play(text: string, load: number, seen: (victim: number, idle: number) => void) {
  const workers = 14;
  const file = new URL('../../workloads/bimodal.yaml', import.meta.url);
  const workload = parseWorkload(readFileSync(file, 'utf8'), 'bimodal');
  const { policy, parameters } = parsePolicy(text);
  const types = workload.types.slice(0, workload.classified);
  const simulation = createSimulation({
    workers,
    types: workload.types.length,
    ...policy.costs?.(parameters),
    createScheduler: (world, now, ideal) => {
      const busy = new Set<number>();
      const typeOf = new Map<number, number>();
      const on = new Map<number, number>();
      const watched: World = {
        ...world,
        start: (worker, request, sliceNs) => {
          busy.add(worker);
          on.set(worker, request);
          world.start(worker, request, sliceNs);
        },
        preempt: (worker) => {
          seen(typeOf.get(on.get(worker)!)!, workers - busy.size);
          world.preempt(worker);
        },
      };
      const setup: SchedulerSetup = { workers, types, world: watched, now, random: Math.random, ...ideal };
      const inner = policy.create(setup, parameters);
      return {
        arrive: (request, type, flow) => {
          typeOf.set(request, type);
          inner.arrive(request, type, flow);
        },
        complete: (worker) => {
          busy.delete(worker);
          inner.complete(worker);
        },
        sliceExpired: (worker) => {
          const answer = inner.sliceExpired(worker);
          if (answer === PREEMPT) seen(typeOf.get(on.get(worker)!)!, workers - busy.size);
          return answer;
        },
        preempted: (worker) => {
          busy.delete(worker);
          inner.preempted(worker);
        },
        dispatch: () => inner.dispatch(),
        queued: () => inner.queued(),
      };
    },
  });
  const source = createRequestSource(workload, { seed: 1, load, workers, requests: 100_000 });
  const batch = new RequestBatch();
  simulation.startRecording();
  for (source.fill(batch); batch.length > 0; source.fill(batch)) simulation.advance(batch, 0, batch.length);
  return simulation;
}

describe('sept', () => {
  it('preempts only long requests, and never while a worker idles', () => {
    let preemptions = 0;
    play('sept', 0.9, (victim, idle) => {
      preemptions++;
      expect({ victim, idle }).toEqual({ victim: 1, idle: 0 });
    });
    expect(preemptions).toBeGreaterThan(1000);
    // Far fewer than one for each short request: one freed worker serves all that wait.
    expect(preemptions).toBeLessThan(25_000);
  });

  it('keeps both types of High Bimodal below a slowdown of ten where DARC’s queues grow', () => {
    const simulation = play('sept', 0.95, () => {});
    for (const type of [0, 1]) {
      const { slowdown } = simulation.histograms(type);
      expect(slowdown.count).toBeGreaterThan(40_000);
      expect(quantileOf(slowdown, 0.999)).toBeLessThan(10);
    }
  });
});

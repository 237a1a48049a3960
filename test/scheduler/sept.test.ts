import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { measureAllocation } from '../../src/experiment/check/measure-allocation.js';
import { parsePolicy } from '../../src/scheduler/policy-registry.js';
import {
  PREEMPT,
  type SchedulerSetup,
  TO_COMPLETION,
  type TrueProfile,
  type World,
} from '../../src/scheduler/scheduler.js';
import { createSimulation } from '../../src/sim/simulation.js';
import { createRequestSource } from '../../src/workload/generate.js';
import { parseWorkload } from '../../src/workload/parse-workload.js';
import { RequestBatch } from '../../src/workload/request-source.js';
import type { Workload } from '../../src/workload/workload.js';
import { quantileOf } from '../support/histogram.js';
import { runs } from '../support/runs.js';
import { run, shippedWorkload } from '../support/workloads.js';

const BIMODAL = parseWorkload(
  readFileSync(new URL('../../workloads/bimodal.yaml', import.meta.url), 'utf8'),
  'bimodal',
);
const WORKERS = 14;

interface Played {
  readonly workload?: Workload;
  readonly load: number;
  readonly requests?: number;
  /** Told of each preemption before it happens: the victim's type, demand, how often before, and the idle workers. */
  readonly seen?: (victim: { type: number; demandNs: number; before: number; idle: number }) => void;
  /** Told when a worker stays idle though a request waits. */
  readonly left?: () => void;
  /** Workers run every request to completion, whatever they are told. */
  readonly deaf?: boolean;
}

/** Plays a workload under a form of sept. */
function play(text: string, { workload = BIMODAL, load, requests = 100_000, seen, left, deaf = false }: Played) {
  const { policy, parameters } = parsePolicy(text);
  const types = workload.types.slice(0, workload.classified);
  const simulation = createSimulation({
    workers: WORKERS,
    types: workload.types.length,
    ...policy.costs?.(parameters),
    createScheduler: (world, now, ideal) => {
      const busy = new Set<number>();
      const of = new Map<number, { type: number; demandNs: number; before: number }>();
      const on = new Map<number, number>();
      // A world does not ask again about a request that was told to yield.
      const told = new Set<number>();
      const preempts = (worker: number) => {
        const victim = of.get(on.get(worker)!)!;
        seen?.({ ...victim, idle: WORKERS - busy.size });
        victim.before++;
        told.add(worker);
      };
      const watched: World = {
        ...world,
        start: (worker, request, sliceNs) => {
          busy.add(worker);
          told.delete(worker);
          on.set(worker, request);
          world.start(worker, request, sliceNs);
        },
        preempt: (worker) => {
          preempts(worker);
          if (!deaf) world.preempt(worker);
        },
      };
      const setup: SchedulerSetup = { workers: WORKERS, types, world: watched, now, random: Math.random, ...ideal };
      const inner = policy.create(setup, parameters);
      return {
        arrive: (request, type, flow) => {
          of.set(request, { type, demandNs: ideal.demandNs[0]!, before: 0 });
          inner.arrive(request, type, flow);
        },
        complete: (worker) => {
          busy.delete(worker);
          inner.complete(worker);
        },
        sliceExpired: (worker) => {
          if (told.has(worker)) return TO_COMPLETION;
          const answer = inner.sliceExpired(worker);
          if (answer === PREEMPT) preempts(worker);
          return deaf && answer === PREEMPT ? TO_COMPLETION : answer;
        },
        preempted: (worker) => {
          busy.delete(worker);
          inner.preempted(worker);
        },
        dispatch: () => {
          inner.dispatch();
          if (inner.queued() > 0 && busy.size < WORKERS) left?.();
        },
        queued: () => inner.queued(),
      };
    },
  });
  const source = createRequestSource(workload, { seed: 1, load, workers: WORKERS, requests });
  const batch = new RequestBatch();
  simulation.startRecording();
  for (source.fill(batch); batch.length > 0; source.fill(batch)) simulation.advance(batch, 0, batch.length);
  return simulation;
}

const p999 = (simulation: ReturnType<typeof play>, type: number) =>
  quantileOf(simulation.histograms(type).slowdown, 0.999);

function withTypes(...types: string[]) {
  return parseWorkload(`name: some\ntypes:\n${types.map((type) => `  - { ${type} }\n`).join('')}`, 'some.yaml');
}

describe('sept', () => {
  it('preempts only long requests, and never while a worker idles', () => {
    let preemptions = 0;
    play('sept', {
      load: 0.9,
      seen: ({ type, idle }) => {
        preemptions++;
        expect({ type, idle }).toEqual({ type: 1, idle: 0 });
      },
    });
    expect(preemptions).toBeGreaterThan(1000);
    // Far fewer than one for each short request: one freed worker serves all that wait.
    expect(preemptions).toBeLessThan(25_000);
  });

  it('keeps both types of High Bimodal below a slowdown of ten where DARC’s queues grow', () => {
    const simulation = play('sept', { load: 0.95 });
    for (const type of [0, 1]) {
      expect(simulation.histograms(type).slowdown.count).toBeGreaterThan(40_000);
      expect(p999(simulation, type)).toBeLessThan(10);
    }
  });

  it('still looks whether short requests wait after a long one was held up for once', () => {
    const longs = 'mixture: [{ probability: 0.9999, value: 100us }, { probability: 0.0001, value: 2ms }]';
    const workload = withTypes(
      'name: SHORT, ratio: 0.5, service: 1us',
      `name: LONG, ratio: 0.5, service: { ${longs} }`,
    );
    const simulation = play('sept', { workload, load: 0.9 });
    expect(p999(simulation, 0)).toBeLessThan(10);
    expect(p999(simulation, 1)).toBeLessThan(10);
  });

  it('on random types preempts none while a worker idles, none of the shortest, and each once per quantum', () => {
    const types = fc.uniqueArray(fc.integer({ min: 1, max: 400 }), { minLength: 2, maxLength: 5 });
    const quanta = fc.constantFrom(1, 5, 20);
    fc.assert(
      fc.property(types, quanta, fc.double({ min: 0.5, max: 0.98, noNaN: true }), (us, quantumUs, load) => {
        const workload = withTypes(...us.map((each, i) => `name: T${i}, ratio: ${1 / us.length}, service: ${each}us`));
        const shortestNs = Math.min(...us) * 1000;
        let preemptions = 0;
        play(`sept:quantum=${quantumUs}us:patience=1`, {
          workload,
          load,
          requests: 3000,
          left: () => expect.fail('a worker is idle while a request waits'),
          seen: ({ demandNs, before, idle }) => {
            expect(idle).toBe(0);
            // At the beginning it does not know which type is short.
            if (++preemptions > 100) expect(demandNs).toBeGreaterThan(shortestNs);
            expect(before + 1).toBeLessThanOrEqual(demandNs / (quantumUs * 1000));
          },
        });
      }),
      { numRuns: runs(15) },
    );
  });

  it('takes the stated SLO of a type for how long it may wait', () => {
    const preemptions = (slo: string) =>
      play('sept', {
        workload: withTypes(
          `name: SHORT, ratio: 0.5, service: 1us, slo: ${slo}`,
          'name: LONG, ratio: 0.5, service: 100us',
        ),
        load: 0.85,
        requests: 40_000,
      }).snapshot().preemptions;
    // A tenth of the SLO, which is ten sizes where none is stated, is what a wait is compared with.
    expect(preemptions('10us')).toBeGreaterThan(1000);
    expect(preemptions('1ms')).toBeLessThan(20);
  });

  it('spends at most 3 % of the workers’ time on preemptions, however much one costs', () => {
    const workload = withTypes('name: A, ratio: 1, service: { exponential: { mean: 10us } }');
    const simulation = play('sept:cost=5us', { workload, load: 0.8, requests: 50_000 });
    const { preemptions, overheadNs, atNs } = simulation.snapshot();
    expect(preemptions).toBeGreaterThan(200);
    expect(overheadNs).toBeLessThanOrEqual(0.03 * WORKERS * atNs);
  });

  it('preempts more rarely when its credit runs out, rather than no more', async () => {
    const workload = shippedWorkload('extreme-bimodal');
    // The credit is for 20 000 quanta, so short ones show sooner what happens when it runs out.
    const { histograms } = await run('sept:quantum=1us', workload, { load: 0.97, requests: 400_000 });
    // With the same patience to the end it is 865.
    expect(quantileOf(histograms[0]!.slowdown, 0.999)).toBeLessThan(10);
    expect(quantileOf(histograms[1]!.slowdown, 0.999)).toBeLessThan(10);
  });

  it('leaves workers to short requests that a preemption would come too late for', () => {
    let left = 0;
    const types = ['name: SHORT, ratio: 0.995, service: 0.5us', 'name: LONG, ratio: 0.005, service: 500us'];
    const simulation = play('sept:cost=5us', { workload: withTypes(...types), load: 0.7, left: () => left++ });
    expect(left).toBeGreaterThan(0);
    // A preemption takes ten times as long as such a request.
    expect(p999(simulation, 0)).toBeLessThan(10);
    expect(p999(simulation, 1)).toBeLessThan(10);
  });

  it('leaves workers to short requests once no request yields that is told to', () => {
    const simulation = play('sept', { load: 0.85, deaf: true });
    expect(simulation.snapshot().preemptions).toBe(0);
    // The first seconds teach it; c-FCFS has 102 and more at 0.8.
    expect(quantileOf(simulation.histograms(0).slowdown, 0.99)).toBeLessThan(10);
    expect(p999(simulation, 1)).toBeLessThan(10);
  });
});

it('sept allocates nothing, though V8 does not inline all of it', () => {
  // With a pressure that a function returned it was 4.7.
  expect(measureAllocation(parsePolicy('sept'))).toBeLessThan(0.1);
});

describe('sept that is told', () => {
  /** Starts requests of these types on one worker that came in turn, and returns their types in the order of starts. */
  function firstOf(text: string, arrivals: number[], stated?: TrueProfile) {
    const started: number[] = [];
    const world = { start: (_worker: number, request: number) => started.push(request) } as unknown as World;
    const types = [{ name: 'LONG' }, { name: 'SHORT' }];
    const { policy, parameters } = parsePolicy(text);
    const setup = { workers: 2, types, world, now: new Float64Array(1), random: Math.random };
    const scheduler = policy.create({ ...setup, ...(stated && { trueProfile: stated }) }, parameters);
    for (const [request, type] of arrivals.entries()) scheduler.arrive(request, type, 0);
    scheduler.dispatch();
    return started.map((request) => arrivals[request]);
  }
  const stated: TrueProfile = { meanNs: [100_000, 1_000], ratio: [0.5, 0.5] };

  it('starts the type of the smaller stated mean first, before any has completed', () => {
    expect(firstOf('sept', [0, 0, 1], stated)).toEqual([0, 0]);
    expect(firstOf('sept:declared', [0, 0, 1], stated)).toEqual([1, 0]);
  });

  it('leaves a worker to the short type from the beginning, where nothing is preempted', () => {
    expect(firstOf('sept-np', [0, 0], stated)).toEqual([0, 0]);
    expect(firstOf('sept-np:declared', [0, 0], stated)).toEqual([0]);
  });

  it('is refused where nothing is stated', () => {
    expect(() => firstOf('sept:declared', [0])).toThrow(
      'sept: oracle, declared: the means and ratios of this workload are not known',
    );
  });
});

describe('sept-np', () => {
  it.each([
    ['bimodal', 0.85],
    ['tpcc', 0.85],
  ])('is no worse than DARC told the truth on %s at %d', async (name, load) => {
    const worst = async (policy: string) => {
      const { histograms } = await run(policy, shippedWorkload(name), { load, requests: 300_000 });
      return Math.max(...histograms.map(({ slowdown }) => (slowdown.count > 0 ? quantileOf(slowdown, 0.999) : 1)));
    };
    expect(await worst('sept-np')).toBeLessThan(1.1 * (await worst('darc:oracle')));
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { play } from '../../src/check/play.js';
import { makeSmallTrace, type SmallTrace } from '../../src/check/small-trace.js';
import { parsePolicy, policies } from '../../src/scheduler/policy-registry.js';
import { createSimulation } from '../../src/sim/simulation.js';
import { batchOf } from '../support/batch-of.js';
import { runs } from '../support/runs.js';
import { run, shippedWorkload } from '../support/workloads.js';

const shapes = fc.record({
  types: fc.integer({ min: 1, max: 4 }),
  workers: fc.integer({ min: 1, max: 12 }),
  load: fc.double({ min: 0.1, max: 1.3, noNaN: true }),
  requests: fc.integer({ min: 1, max: 300 }),
  seed: fc.nat(),
  tickNs: fc.constantFrom(1, 100, 1000),
  vary: fc.boolean(),
});

/**
 * When each request completes if all present share the workers: step by step, every request's remaining demand in an
 * array.
 */
function sharedCompletions({ arrivalNs, serviceNs }: SmallTrace, workers: number): number[] {
  const leftNs = new Map<number, number>();
  const completions: number[] = [];
  let nowNs = 0;
  for (let next = 0; next < arrivalNs.length || leftNs.size > 0; ) {
    const slowdown = Math.max(1, leftNs.size / workers);
    const shortestNs = Math.min(...leftNs.values()) * slowdown;
    const stepNs = Math.min(shortestNs, (arrivalNs[next] ?? Number.POSITIVE_INFINITY) - nowNs);
    nowNs += stepNs;
    for (const [id, left] of leftNs) {
      // Demands are whole ns: what many divisions leave is a rounding error.
      if (left - stepNs / slowdown > 1e-5) leftNs.set(id, left - stepNs / slowdown);
      else {
        leftNs.delete(id);
        completions[id] = nowNs;
      }
    }
    while (arrivalNs[next]! <= nowNs + 1e-5) {
      leftNs.set(next, serviceNs[next]!);
      nowNs = Math.max(nowNs, arrivalNs[next]!);
      next++;
    }
  }
  return completions;
}

describe('ps', () => {
  it('completes each request when a step-by-step model does, at the next whole ns', { timeout: 60_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(shapes, async (shape) => {
        const trace = makeSmallTrace(shape);
        const { referee } = await play(parsePolicy('ps'), trace, shape);
        const expected = sharedCompletions(trace, shape.workers);
        for (const { id, atNs } of referee.departures) {
          expect(atNs).toBeGreaterThan(expected[id]! - 0.01);
          expect(atNs).toBeLessThan(expected[id]! + 1.01);
        }
        expect(referee.departures.length).toBe(trace.arrivalNs.length);
      }),
      { numRuns: runs(150) },
    );
  });

  it('keeps min(n, workers) workers busy while n requests are present', () => {
    const { policy, parameters } = parsePolicy('ps');
    const simulation = createSimulation({
      workers: 2,
      types: 1,
      createScheduler: (world, now, ideal) =>
        policy.create({ workers: 2, types: [{ name: 'A' }], world, now, random: () => 0, ...ideal }, parameters),
    });
    // One from 0, three from 100 on: the first has 900 of its 1000 ns left, which take 1350 at two thirds of the speed.
    const trace = { arrivalNs: [0, 100, 100], serviceNs: [1000, 5000, 5000], type: [0, 0, 0], flow: [0, 0, 0] };
    simulation.advance(batchOf(trace), 0, 3);
    const busyAt = (ns: number) => {
      simulation.advanceTo(ns);
      return simulation.snapshot().busyNs;
    };
    expect(busyAt(100)).toBe(100);
    expect(busyAt(600)).toBe(100 + 2 * 500);
    expect(simulation.snapshot().queued).toBe(3);
    expect(busyAt(1450)).toBe(100 + 2 * 1350);
    expect(simulation.snapshot().completed[0]).toBe(1);
    // From here on two workers serve two requests: each has 4100 ns left.
    expect(busyAt(5550)).toBe(11_000);
    expect(simulation.snapshot().completed[0]).toBe(3);
    expect(busyAt(9000)).toBe(11_000);
  });
});

describe('srpt', () => {
  it('has the least mean sojourn of all policies on one worker, on every trace', { timeout: 60_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(shapes, async (shape) => {
        const options = { ...shape, workers: 1 };
        const trace = makeSmallTrace(options);
        const meanNs = async (policy: string) => {
          const { record } = await play(parsePolicy(policy), trace, options);
          return record.histograms.reduce((sum, { sojournNs }) => sum + sojournNs.sum, 0) / trace.arrivalNs.length;
        };
        const least = await meanNs('srpt');
        // One worker cannot be divided among groups; `darc-static` says so.
        for (const { name } of policies.filter((policy) => !policy.name.startsWith('darc-static')))
          expect(await meanNs(name), name).toBeGreaterThanOrEqual(least);
      }),
      { numRuns: runs(15) },
    );
  });

  it('is a bound for the mean on a shipped workload, too', async () => {
    const workload = shippedWorkload('bimodal');
    const meanNs = async (policy: string) => {
      const { histograms } = await run(policy, workload, { requests: 50_000 });
      const count = histograms.reduce((sum, { sojournNs }) => sum + sojournNs.count, 0);
      return histograms.reduce((sum, { sojournNs }) => sum + sojournNs.sum, 0) / count;
    };
    const srpt = await meanNs('srpt');
    expect(await meanNs('las:cost=0ns')).toBeGreaterThan(srpt);
    expect(await meanNs('sjf-oracle')).toBeGreaterThan(srpt);
    expect(await meanNs('ps')).toBeGreaterThan(srpt);
  });
});

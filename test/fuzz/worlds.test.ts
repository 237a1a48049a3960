/** Random workload x policy x system, played under the referee. */

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { play } from '../../src/check/play.js';
import type { SmallTrace } from '../../src/check/small-trace.js';
import type { ParameterSpec, Policy } from '../../src/scheduler/policy.js';
import { describePolicy, parsePolicy, policies } from '../../src/scheduler/policy-registry.js';
import { CONSTANTS, NO_COSTS, type SystemCosts } from '../../src/sim/costs.js';
import { createRequestSource } from '../../src/workload/generate.js';
import { parseWorkload } from '../../src/workload/parse-workload.js';
import { RequestBatch } from '../../src/workload/request-source.js';
import type { Workload } from '../../src/workload/workload.js';
import { runs } from '../support/runs.js';

const duration = fc.oneof(
  fc.integer({ min: 1, max: 5000 }).map((ns) => `${ns}ns`),
  fc.integer({ min: 1, max: 300 }).map((us) => `${us}us`),
);
const shape = fc.double({ min: 0.3, max: 20, noNaN: true });
const simple = fc.oneof(
  duration,
  duration.map((mean) => ({ exponential: { mean } })),
  duration.map((max) => ({ uniform: { min: '0ns', max } })),
  fc
    .record({ sigma: fc.double({ min: 0.1, max: 2, noNaN: true }), median: duration })
    .map((lognormal) => ({ lognormal })),
  fc.record({ shape, mean: duration }).map((gamma) => ({ gamma })),
  fc.record({ shape, scale: duration }).map((weibull) => ({ weibull })),
  fc
    .record({ mean: duration, scv: fc.double({ min: 1.1, max: 50, noNaN: true }) })
    .map((p) => ({ hyperexponential: p })),
);
const service = fc.oneof(
  { weight: 5, arbitrary: simple },
  {
    weight: 1,
    arbitrary: fc.tuple(simple, simple).map(([one, other]) => ({
      mixture: [
        { probability: 0.75, value: one },
        { probability: 0.25, value: other },
      ],
    })),
  },
);
const arrivals = fc.oneof(
  fc.constantFrom<unknown>('poisson', 'constant', { mmpp2: { burstFactor: 5, meanCalm: '90us', meanBurst: '10us' } }),
  simple.map((renewal) => ({ renewal })),
);

/** Types with random shares that sum to 1; the last may be UNKNOWN. */
const types = fc
  .tuple(
    fc.array(fc.record({ weight: fc.integer({ min: 1, max: 100 }), service }), { minLength: 1, maxLength: 5 }),
    fc.boolean(),
  )
  .map(([list, unknown]) => {
    const total = list.reduce((sum, { weight }) => sum + weight, 0);
    return list.map(({ weight, service }, i) => ({
      name: unknown && i > 0 && i === list.length - 1 ? 'UNKNOWN' : `T${i}`,
      ratio: weight / total,
      service,
      deadline: `${10 + i}us`,
      slo: `${5 + i}us`,
    }));
  });
const workload = fc.record({ name: fc.constant('fuzz'), types, arrivals });

/** As typed, with some of its parameters given. */
function policyText(policy: Policy): fc.Arbitrary<string> {
  const given = policy.parameters.map((spec) => fc.option(value(spec), { nil: undefined, freq: 2 }));
  return fc.tuple(...given).map((values) => {
    const parts = values.flatMap((text, i) => (text === undefined ? [] : [`${policy.parameters[i]!.key}${text}`]));
    return [policy.name, ...parts].join(':');
  });
}

function value({ kind, min = 0, max, choices = [], default: usual }: ParameterSpec): fc.Arbitrary<string> {
  switch (kind) {
    case 'flag':
      return fc.constant('');
    case 'choice':
      return fc.constantFrom(...choices).map((choice) => `=${choice}`);
    case 'duration':
      return fc.integer({ min: Math.max(200, min), max: 20_000 }).map((ns) => `=${ns}ns`);
    case 'limit':
      return fc.oneof(
        fc.constant('=unbounded'),
        fc.integer({ min: Math.max(1, min), max: 20 }).map((n) => `=${n}`),
      );
    case 'integer':
      return fc.integer({ min: Math.ceil(min), max: Math.min(max ?? 50, Math.ceil(min) + 50) }).map((n) => `=${n}`);
    case 'number':
      return fc.double({ min, max: max ?? min + 5, noNaN: true }).map((x) => `=${x.toFixed(3)}`);
    case 'text':
      return fc.constant(usual === '' ? '=T0' : `=${usual}`);
  }
}

const costs: fc.Arbitrary<SystemCosts> = fc
  .array(fc.constantFrom(0, 0, 30, 200, 1500), { minLength: CONSTANTS.length, maxLength: CONSTANTS.length })
  .map((ns) => ({ ...NO_COSTS, ...Object.fromEntries(CONSTANTS.map(({ field }, i) => [field, ns[i]])) }));

const worlds = fc.record({
  workload,
  policy: fc.constantFrom(...policies).chain(policyText),
  costs: fc.option(costs, { nil: undefined }),
  workers: fc.integer({ min: 2, max: 40 }),
  load: fc.double({ min: 0.05, max: 1.3, noNaN: true }),
  requests: fc.integer({ min: 1, max: 400 }),
  seed: fc.nat(),
});

/** What the referee cannot judge where a scheduler is told later than things happen. */
const TOLD_LATE = ['time', 'service = demand', 'quantum'];

it('no policy breaks a promise in any world', { timeout: 3_600_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(worlds, async ({ workload: described, policy, costs, workers, load, requests, seed }) => {
      const read = parseWorkload(JSON.stringify(described), 'fuzz.yaml');
      const chosen = parsePolicy(policy);
      expect(parsePolicy(describePolicy(chosen)).parameters).toEqual(chosen.parameters);
      if (!accepts(chosen.policy, policy, read, workers)) return;
      const trace = await traceOf(read, { load, workers, requests, seed });
      const charged = costs && !chosen.policy.sharing ? { costs } : {};
      const { referee, record } = await play(chosen, trace, {
        workers,
        types: read.types.length,
        unknown: read.types.length > read.classified,
        typeInfo: (type) => read.types[type]!,
        ...charged,
      });
      const judged = referee.violations.filter(
        ({ property }) => !('costs' in charged) || !TOLD_LATE.includes(property),
      );
      expect(judged).toEqual([]);
      const sum = (counts: Float64Array) => counts.reduce((a, b) => a + b, 0);
      expect(sum(record.arrived)).toBe(trace.arrivalNs.length);
      expect(sum(record.completed) + sum(record.dropped)).toBe(trace.arrivalNs.length);
      expect(record.inFlight).toBe(0);
    }),
    { numRuns: runs(100) },
  );
});

/** A policy may refuse a machine or workload, with an InputError, before anything runs. */
function accepts(policy: Policy, text: string, { types, classified }: Workload, workers: number): boolean {
  const nothing = () => {};
  try {
    policy.create(
      {
        workers,
        types: types.slice(0, classified),
        world: { start: nothing, preempt: nothing, drop: nothing, stole: nothing, reserved: nothing },
        now: new Float64Array(1),
        random: () => 0,
        trueProfile: { meanNs: types.map(() => 1000), ratio: types.map(() => 1 / types.length) },
        demandNs: new Float64Array(1),
        completionNs: new Float64Array(1),
      },
      parsePolicy(text).parameters,
    );
    return true;
  } catch (error) {
    expect((error as Error).name).toBe('InputError');
    return false;
  }
}

async function traceOf(
  read: Workload,
  options: { load: number; workers: number; requests: number; seed: number },
): Promise<SmallTrace> {
  const source = createRequestSource(read, { ...options, flows: true });
  const trace: SmallTrace = { arrivalNs: [], serviceNs: [], type: [], flow: [] };
  const batch = new RequestBatch();
  for (;;) {
    await source.fill(batch);
    if (batch.length === 0) return trace;
    for (const key of ['arrivalNs', 'serviceNs', 'type', 'flow'] as const) {
      for (let i = 0; i < batch.length; i++) trace[key].push(batch[key][i]!);
    }
  }
}

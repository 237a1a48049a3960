import { describe, expect, test } from 'vitest';
import { DEFAULTS } from '../../../src/experiment/plan/run-settings.js';
import { type RunHooks, runSimulation } from '../../../src/experiment/run/run-simulation.js';
import {
  allAgree,
  FULL,
  QUICK,
  type Runner,
  specOf,
  validate,
} from '../../../src/experiment/validate/validate-simulator.js';
import { validationCases } from '../../../src/experiment/validate/validation-cases.js';
import { formatValidation } from '../../../src/report/text/validation-table.js';
import type { Result } from '../../../src/results/result.js';
import type { ValidationCheck } from '../../../src/results/validation.js';
import type { Policy } from '../../../src/scheduler/policy.js';
import { parsePolicy } from '../../../src/scheduler/policy-registry.js';
import { DISTRIBUTIONS } from '../../../src/workload/distributions/distribution-registry.js';
import { substream } from '../../../src/workload/random.js';
import type { RequestBatch, RequestSource } from '../../../src/workload/request-source.js';
import { seedOr } from '../../support/runs.js';

/** Runs in this thread, one after the other. */
function inline(hooks: RunHooks = {}): Runner {
  return async (specs, replications) => {
    const all: Result[][] = [];
    for (const spec of specs) {
      const results: Result[] = [];
      for (let replication = 0; replication < replications; replication++) {
        results.push(await runSimulation({ ...spec, replication }, hooks));
      }
      all.push(results);
    }
    return all;
  };
}

describe('psp validate finds an error of 2 %%', { timeout: 240_000 }, () => {
  /**
   * What `psp validate` does by default (its plan, its seed, the confidence for as many checks) with another simulator,
   * except that of all its cases only one is played: the others count as interrupted.
   */
  const misses = async (only: string, hooks: RunHooks): Promise<string[]> => {
    const run: Runner = async (specs, replications) => {
      const one = specs.findIndex(
        ({ workload }) => workload.kind === 'generated' && workload.workload.source.fileName === only,
      );
      const [results] = await inline(hooks)([specs[one]!], replications);
      return specs.map((_, i) => (i === one ? results! : []));
    };
    const checks = await validate(validationCases(), FULL, DEFAULTS.seed, run, hooks);
    const found = checks.filter(({ verdict }) => verdict !== 'ok').map((each) => `${each.case}: ${each.what}`);
    // The exit code is 1 exactly then.
    expect(allAgree(checks)).toBe(found.length === 0);
    return found;
  };
  const withSource = (change: (batch: RequestBatch, i: number) => void): RunHooks => ({
    adjust: (options) => ({ ...options, source: changed(options.source, change) }),
  });

  test('none when nothing is broken', async () => {
    expect(await misses('M/G/1, priorities, fixed-priority', {})).toEqual([]);
  });

  test('in the service times', async () => {
    const found = await misses(
      'M/M/1, load 0.8',
      withSource((batch, i) => {
        batch.serviceNs[i] = Math.round(batch.serviceNs[i]! * 1.02);
      }),
    );
    expect(found).toContain('M/M/1, load 0.8: mean wait');
  });

  test('in the arrivals', async () => {
    const found = await misses(
      'M/M/1, load 0.8',
      withSource((batch, i) => {
        batch.arrivalNs[i] = Math.floor(batch.arrivalNs[i]! / 1.02);
      }),
    );
    expect(found).toContain('M/M/1, load 0.8: mean wait');
  });

  test('in the order of priorities: one request in fifty goes to another queue', async () => {
    const found = await misses('M/G/1, priorities, fixed-priority', {
      adjust: (options) => ({
        ...options,
        policy: { ...options.policy, policy: confused(options.policy.policy, options.types.length) },
      }),
    });
    expect(found).toContain('M/G/1, priorities, fixed-priority: mean wait of A');
  });
});

test('there is a case for every distribution that a workload can have', () => {
  const named = validationCases().map(({ name }) => name.replace(/^M\/D\/1, .*/, 'M/G/1, constant'));
  expect(DISTRIBUTIONS.filter(({ name }) => !named.includes(`M/G/1, ${name}`)).map(({ name }) => name)).toEqual([]);
});

test('time sharing comes nearer to processor sharing the shorter its quantum, for every size', async () => {
  const errors = async (quantum: string) => {
    const each = validationCases().find(({ name }) => name === `M/M/1, time sharing, quantum ${quantum}`)!;
    const result = await runSimulation(specOf(each, '1'));
    // On the same requests, so that what differs is the quantum.
    const shared = await runSimulation({ ...specOf(each, '1'), policy: parsePolicy('ps') });
    return each.quantities.map(({ of }) => Math.abs(of(result) - of(shared)));
  };
  const [long, short] = [await errors('1us'), await errors('0.2us')];
  for (const [i, error] of short.entries()) expect(error).toBeLessThan(long[i]! / 3);
});

function changed(source: RequestSource, change: (batch: RequestBatch, i: number) => void): RequestSource {
  return {
    fill(batch) {
      const filled = source.fill(batch);
      if (filled !== undefined) throw new Error('expected a generated workload');
      for (let i = 0; i < batch.length; i++) change(batch, i);
    },
  };
}

/** The policy, but every fiftieth request or so is told as if it were of the opposite type. */
function confused(policy: Policy, types: number): Policy {
  const random = substream(seedOr(1), 'confusion');
  return {
    ...policy,
    create: (setup, parameters) => {
      const scheduler = policy.create(setup, parameters);
      const arrive = scheduler.arrive.bind(scheduler);
      scheduler.arrive = (request, type, flow) => arrive(request, random() < 0.02 ? types - 1 - type : type, flow);
      return scheduler;
    },
  };
}

describe('a verdict', () => {
  const [whole] = validationCases();
  const first = { ...whole!, quantities: whole!.quantities.slice(0, 1) };
  const { theory } = first.quantities[0]!;
  const withWaits =
    (shares: readonly number[]): Runner =>
    async () => [
      shares.map((share) => {
        const waits = { sojournNs: { mean: share * theory + 10_000 }, serviceNs: { mean: 10_000 } };
        return { types: [waits] } as unknown as Result;
      }),
    ];
  const verdict = async (waits: readonly number[]): Promise<ValidationCheck['verdict']> => {
    const [check] = await validate([first], { ...QUICK, replications: 4, widest: 0.1 }, '1', withWaits(waits));
    return check!.verdict;
  };

  test('is ok when the interval holds the truth and is narrow', async () => {
    expect(theory).toBeCloseTo(40_000);
    expect(await verdict([0.999, 1.001, 1.0005, 0.997])).toBe('ok');
  });

  test('is a miss when the interval does not hold it, whatever its width', async () => {
    expect(await verdict([1.03, 1.031, 1.0305, 1.029])).toBe('miss');
    expect(await verdict([Number.NaN, 1, 1, 1])).toBe('miss');
  });

  test('allows for what a system that is only near the theory’s may be off', async () => {
    const near = { ...first, quantities: [{ ...first.quantities[0]!, slack: 0.04 * theory }] };
    const waits = withWaits([1.03, 1.031, 1.0305, 1.029]);
    const [check] = await validate([near], { ...QUICK, replications: 4, widest: 0.1 }, '1', waits);
    expect(check!.verdict).toBe('ok');
  });

  test('is imprecise when the interval holds everything', async () => {
    expect(await verdict([0.7, 1.3, 0.9, 1.1])).toBe('imprecise');
  });

  test('an interrupted case has none', async () => {
    const checks = await validate([first], { ...QUICK, replications: 4 }, '1', withWaits([1]));
    expect(checks.map((check) => check.case)).toEqual(['Little’s law, in every system above']);
  });
});

test('the table shows what agrees and what does not', () => {
  const check: ValidationCheck = {
    case: 'M/M/1',
    what: 'mean wait',
    unit: 'ns',
    theory: 15_000,
    slack: 0,
    simulated: 14_900,
    halfWidth: 150,
    verdict: 'ok',
  };
  const bad: ValidationCheck = {
    ...check,
    what: 'loss',
    unit: 'ratio',
    theory: 0.1,
    simulated: 0.2,
    halfWidth: 0.01,
    verdict: 'miss',
  };
  expect(formatValidation([check, bad])).toMatchInlineSnapshot(`
    "              theory   simulated          off by
    M/M/1
      mean wait     15us      14.9us ±1 %    -0.67 %   ok
      loss           0.1         0.2 ±10 %     100 %   miss

    1 of 2 do not agree with theory, or have an interval that is too wide to decide.
    "
  `);
  expect(formatValidation([check])).toContain('All 1 agree with theory.');
});

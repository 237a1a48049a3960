import { describe, expect, it } from 'vitest';
import { play } from '../../src/check/play.js';
import { makeSmallTrace } from '../../src/check/small-trace.js';
import { defaultParameters } from '../../src/scheduler/policy.js';
import { NO_COSTS } from '../../src/sim/costs.js';
import { brokenPolicies } from './broken-policies.js';

/** The properties the referee knows; each must have a broken policy that it catches. */
const PROPERTIES = [
  'conservation',
  'one at a time',
  'runs once',
  'global FIFO',
  'FIFO within a type',
  'work conservation',
  'earliest deadline',
  'shortest job',
  'quantum',
  'preemption',
  'reserved cores',
  'every group is served',
  'every worker is used',
  'shorter groups first',
  'reservation used',
  'least demand',
  'least remaining',
  'least attained',
  'shares',
  'shorter of two',
  'at most k',
  'fewest requests',
  'taking turns',
  'dispatcher',
  'parked',
];

describe('the referee catches', () => {
  it.each(brokenPolicies)('a policy that $what ($property)', async ({ policy, property, costs }) => {
    const trace = makeSmallTrace({ types: 2, workers: 4, load: 0.9, requests: 300, seed: 7, tickNs: 1, vary: false });
    // A quantum shorter than the longer of the two demands (1 and 3 us).
    const parameters = { ...defaultParameters(policy), quantumNs: 1500 };
    const { referee } = await play({ policy, parameters }, trace, {
      workers: 4,
      types: 2,
      ...(costs && { costs: { ...NO_COSTS, ...costs } }),
      typeInfo: (type) => ({ deadlineNs: 3000 + 1000 * type }),
    });
    const caught = referee.violations.map((violation) => violation.property);
    expect(caught).toContain(property);
  });

  it('each property it knows', () => {
    const covered = new Set(brokenPolicies.map(({ property }) => property));
    expect(PROPERTIES.filter((property) => !covered.has(property))).toEqual([]);
  });
});

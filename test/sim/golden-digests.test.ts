import { describe, expect, it } from 'vitest';
import { policies } from '../../src/scheduler/policy-registry.js';
import { run, shippedWorkload, workloadNames } from '../support/workloads.js';

/**
 * Every policy on every shipped workload, pinned by its digest. A digest that changes means that some request ran at
 * another time or on another worker: intended (say so in the commit, and update with
 * `npx vitest run -u test/sim/golden-digests.test.ts`) or a bug.
 */
describe('golden digests', () => {
  it.each(policies.map((policy) => policy.name))('%s', async (name) => {
    const digests: Record<string, string> = {};
    for (const workload of workloadNames) {
      digests[workload] = (await run(name, shippedWorkload(workload), { requests: 20_000 })).digest;
    }
    expect(digests).toMatchSnapshot();
  });

  it('the seed changes the digest, and nothing else does', async () => {
    const digest = async (seed: number) =>
      (await run('darc', shippedWorkload('tpcc'), { requests: 5_000, seed })).digest;
    expect(await digest(1)).toBe(await digest(1));
    expect(await digest(2)).not.toBe(await digest(1));
  });

  it('policies that make the same decisions have the same digest', async () => {
    const workload = shippedWorkload('exponential');
    const digest = async (policy: string) => (await run(policy, workload, { requests: 20_000, load: 0.9 })).digest;
    // With a single type, one group holds all workers: DARC is c-FCFS.
    expect(await digest('darc')).toBe(await digest('c-fcfs'));
    expect(await digest('sjf')).toBe(await digest('c-fcfs'));
    expect(await digest('ts')).not.toBe(await digest('c-fcfs'));
  });
});

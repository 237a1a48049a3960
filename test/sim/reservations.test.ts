import { expect, it } from 'vitest';
import { parsePolicy } from '../../src/scheduler/policy-registry.js';
import { simulate } from '../../src/sim/simulate.js';
import { createRequestSource } from '../../src/workload/generate.js';
import { shippedWorkload } from '../support/workloads.js';

it('reservations are listed up to a number, and counted beyond it', async () => {
  const { policy, parameters } = parsePolicy('darc');
  const requests = 10_007;
  const record = await simulate({
    policy: {
      // A policy that cannot make up its mind.
      policy: {
        ...policy,
        create: (setup, given) => {
          const scheduler = policy.create(setup, given);
          const arrive = scheduler.arrive.bind(scheduler);
          scheduler.arrive = (request, type, flow) => {
            arrive(request, type, flow);
            setup.world.reserved();
          };
          return scheduler;
        },
      },
      parameters,
    },
    workers: 14,
    types: [{ name: 'SHORT' }, { name: 'LONG' }],
    hasUnknown: false,
    source: createRequestSource(shippedWorkload('bimodal'), { load: 0.1, workers: 14, seed: 1, requests }),
    random: () => 0,
    warmup: { requests: 0 },
  });
  expect(record.reservations).toHaveLength(10_000);
  // One from the start, and one for each arrival.
  expect(record.reservationsLeftOut).toBe(1 + requests - 10_000);
});

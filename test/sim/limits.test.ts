import { expect, it } from 'vitest';
import { policies } from '../../src/scheduler/policy-registry.js';
import { FIRST_HANDLES } from '../../src/scheduler/queues.js';
import { parseWorkload } from '../../src/workload/parse-workload.js';
import { run, shippedWorkload } from '../support/workloads.js';

it('a run whose times exceed 2^53 ns is refused instead of wrong or endless', async () => {
  const days = parseWorkload('name: days\ntypes: [{ name: A, ratio: 1, service: 2400h }]\n', 'days.yaml');
  const runs = run('c-fcfs', days, { load: 1000, workers: 1, requests: 2 });
  await expect(runs).rejects.toThrow('expected a run that ends within 104 days (2^53 ns), found one that lasts longer');
});

const BIMODAL = shippedWorkload('bimodal');
it.each(policies.map(({ name }) => name))('keeps the requests when %s must make room for more', async (name) => {
  const requests = FIRST_HANDLES + 600;
  const { arrived, completed, dropped } = await run(name, BIMODAL, { load: 2000, workers: 2, requests });
  expect(completed.map((count, type) => count + dropped[type]!)).toEqual(arrived);
});

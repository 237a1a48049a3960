import { expect, it } from 'vitest';
import { parseWorkload } from '../../src/workload/parse-workload.js';
import { run } from '../support/workloads.js';

it('a run whose times exceed 2^53 ns is refused instead of wrong or endless', async () => {
  const days = parseWorkload('name: days\ntypes: [{ name: A, ratio: 1, service: 2400h }]\n', 'days.yaml');
  const runs = run('c-fcfs', days, { load: 1000, workers: 1, requests: 2 });
  await expect(runs).rejects.toThrow('expected a run that ends within 104 days (2^53 ns), found one that lasts longer');
});

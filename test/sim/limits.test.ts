import { expect, it } from 'vitest';
import { run, shippedWorkload } from '../support/workloads.js';

it('a run whose times exceed 2^53 ns is refused instead of wrong or endless', async () => {
  const runs = run('ts:cost=2000h', shippedWorkload('bimodal'), { requests: 2000 });
  await expect(runs).rejects.toThrow('expected a run that ends within 104 days (2^53 ns), found one that lasts longer');
});

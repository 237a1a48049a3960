import { expect, it } from 'vitest';
import { planRuns } from '../../../src/experiment/plan/plan.js';
import { runSimulation } from '../../../src/experiment/run/run-simulation.js';

it('a run that goes on after the last exact time is refused, not endless', async () => {
  const settings = { workload: 'bimodal', policies: ['ts:quantum=1us:cost=1h'], requests: 100_000 };
  const { specs } = await planRuns(settings);
  await expect(runSimulation(specs[0]!)).rejects.toThrow(
    'expected a run that ends within 104 days (2^53 ns), found one that lasts longer',
  );
});

import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { planRuns } from '../../../src/experiment/plan/plan.js';
import { createOwnThread, suitsOwnThread } from '../../../src/experiment/run/own-thread.js';
import { RunControl } from '../../../src/experiment/run/run-control.js';
import { seekWarmUp } from '../../../src/experiment/run/run-simulation.js';

/** Under `darc` at this load, the search for the warm-up lasts for 1.6 million requests. */
async function specOf(policy: string, warmup?: number) {
  const { specs } = await planRuns({
    workload: 'bimodal',
    policies: [policy],
    load: 0.97,
    requests: 20e6,
    ...(warmup !== undefined && { warmup }),
  });
  return specs[0]!;
}

describe('a run in the thread of the command', () => {
  it('hears within it that it must end', async () => {
    const control = new RunControl(1);
    const run = createOwnThread().run('measure', await specOf('darc', 0.1), control, 0);
    while (control.done() === 0) await sleep(1);
    control.stop();
    expect((await run).record.interrupted).toBe(true);
  });

  it('lets others have their turn while it seeks the end of its warm-up', async () => {
    let turns = 0;
    await seekWarmUp(await specOf('darc'), {
      pause: async () => {
        turns++;
      },
    });
    expect(turns).toBeGreaterThan(1);
  });

  it('is not for a policy that may have any number of events per request', async () => {
    expect(suitsOwnThread(await specOf('c-fcfs', 0.1))).toBe(true);
    expect(suitsOwnThread(await specOf('ts', 0.1))).toBe(false);
  });
});

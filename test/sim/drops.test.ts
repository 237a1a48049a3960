import { describe, expect, it } from 'vitest';
import { run, shippedWorkload } from '../support/workloads.js';

const BIMODAL = shippedWorkload('bimodal');
const sum = (counts: Float64Array) => counts.reduce((all, count) => all + count, 0);

describe('drops that are measured', () => {
  const dropping = (warmup: number) => run('c-fcfs:queue=4', BIMODAL, { load: 0.9, requests: 20_000, warmup });

  it('are those after the warm-up, and the run is the same', async () => {
    const [none, half, all] = await Promise.all([dropping(0), dropping(0.5), dropping(1)]);
    expect(sum(none.dropped)).toBeGreaterThan(100);
    expect([half.dropped, all.dropped]).toEqual([none.dropped, none.dropped]);
    expect(none.droppedMeasured).toEqual(none.dropped);
    expect(sum(half.droppedMeasured)).toBeGreaterThan(0);
    expect(sum(half.droppedMeasured)).toBeLessThan(sum(none.dropped));
    expect(sum(all.droppedMeasured)).toBe(0);
  });
});

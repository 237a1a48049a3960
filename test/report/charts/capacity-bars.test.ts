import { expect, test } from 'vitest';
import { capacityBars } from '../../../src/report/charts/capacity-bars.js';
import type { Capacity, Probe } from '../../../src/results/capacity-schema.js';

function needed(holds: number | null, fails: number | null): Capacity {
  const probe = (workers: number) => ({ workers, offeredRps: 1e6, load: 0.5 }) as Probe;
  const probes = [holds, fails].flatMap((workers) => (workers === null ? [] : [probe(workers)]));
  const found = (workers: number | null) => (workers === null ? null : probe(workers));
  const entry = { policy: 'c-fcfs', policyParameters: {}, holds: found(holds), fails: found(fails), probes };
  return { find: 'workers', title: 'T', slos: ['p99 slowdown <= 10'], entries: [entry] } as unknown as Capacity;
}

test.each([
  // 18 were shown to fail, 20 to hold: 19 are needed, and may do.
  ['undecided in between', 20, 18, { value: 19, mayBe: 20, label: '19 … 20' }],
  ['decided', 20, 19, { value: 20, mayBe: 20, label: '20' }],
  ['as few as keep up', 3, null, { value: 3, mayBe: 3, label: '3' }],
  ['not found', null, 64, { value: null, label: 'none' }],
])('the workers needed are drawn with what is not known of them: %s', (_what, holds, fails, row) => {
  const bars = capacityBars(needed(holds, fails));
  expect(bars.rows).toEqual([{ name: 'c-fcfs', ...row }]);
  expect(bars.caption).toContain('p99 slowdown <= 10');
});

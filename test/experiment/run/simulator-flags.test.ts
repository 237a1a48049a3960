import { expect, it } from 'vitest';
import { wantsInlining } from '../../../src/experiment/run/simulator-flags.js';
import { NO_COSTS } from '../../../src/sim/costs.js';

it('the compiler works hard for long runs of machines that cost nothing, and for no others', () => {
  const system = { name: 'here', costs: NO_COSTS };
  expect(wantsInlining({ end: { requests: 1e6 } })).toBe(false);
  expect(wantsInlining({ end: { requests: 12e6 } })).toBe(true);
  // However many those are.
  expect(wantsInlining({ end: { durationNs: 5e9 } })).toBe(true);
  expect(wantsInlining({ system, end: { requests: 12e6 } })).toBe(false);
});

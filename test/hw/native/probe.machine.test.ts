import { describe, expect, it } from 'vitest';
import { cannotProbe, probeDispatcher, probeRingHop } from '../../../src/hw/native/probe.js';
import { parsePolicy } from '../../../src/scheduler/policy-registry.js';
import { missingNative } from '../support.js';

const reason = missingNative() ?? cannotProbe();
if (reason !== undefined) console.warn(`SKIPPED: parts measured alone: ${reason}`);

describe.skipIf(reason !== undefined)('a part measured alone', { timeout: 60_000 }, () => {
  it('an entry takes longer from core to core than a store, and less than a system call and a wake-up', () => {
    const hops = probeRingHop();
    expect(hops).toHaveLength(200);
    for (const ns of hops) expect(ns).toBeGreaterThan(1);
    // The median, because a thread that loses its core makes its batch arbitrarily long.
    expect([...hops].sort((a, b) => a - b)[100]).toBeLessThan(20_000);
  });

  it('a dispatcher takes its time for every request', async () => {
    const times = await probeDispatcher(parsePolicy('darc'), 14);
    expect(times).toHaveLength(20);
    for (const ns of times) expect(ns).toBeGreaterThan(5);
    // The median, because a thread that loses its core makes its slice arbitrarily slow.
    expect([...times].sort((a, b) => a - b)[10]).toBeLessThan(1e6);
  });
});

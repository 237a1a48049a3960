import { expect, test } from 'vitest';
import { playedNs } from '../../src/workload/played.js';

test('a demand is played as the nearest whole number of nanoseconds, halves up, and at least one', () => {
  const around = (ns: number) => [ns - 0.5, ns - 0.25, ns, ns + 0.25, ns + 0.5];
  for (const power of [0, 1, 8, 20, 31, 32, 50, 51, 52, 53]) {
    for (const ns of [2 ** power - 1, 2 ** power, 2 ** power + 1].flatMap(around))
      expect(playedNs(ns)).toBe(Math.max(1, Math.round(ns)));
  }
  for (const ns of [0, 0.1, 0.49999999999999994, 0.5, 1.4999999999999998]) expect(playedNs(ns)).toBe(1);
  expect(playedNs(Number.POSITIVE_INFINITY)).toBe(Number.POSITIVE_INFINITY);
});

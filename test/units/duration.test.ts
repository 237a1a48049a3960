import fc from 'fast-check';
import { expect, it } from 'vitest';
import { exactDuration, parseDuration } from '../../src/units/duration.js';

it('an exact duration is read as the number it was written from', () => {
  fc.assert(
    fc.property(fc.oneof(fc.nat(), fc.nat({ max: 2 ** 52 })), (ns) => {
      expect(parseDuration(exactDuration(ns))).toBe(ns);
    }),
  );
  expect([5000, 500, 1_234_567, 2e9, 0].map(exactDuration)).toEqual(['5us', '500ns', '1.234567ms', '2s', '0ns']);
});

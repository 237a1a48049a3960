import fc from 'fast-check';
import { expect, it } from 'vitest';
import { exactDuration, parseDuration } from '../../src/units/duration.js';
import { parseRate } from '../../src/units/rate.js';

it('an exact duration is read as the number it was written from', () => {
  fc.assert(
    fc.property(fc.oneof(fc.nat(), fc.nat({ max: 2 ** 52 })), (ns) => {
      expect(parseDuration(exactDuration(ns))).toBe(ns);
    }),
  );
  expect([5000, 500, 1_234_567, 2e9, 0].map(exactDuration)).toEqual(['5us', '500ns', '1.234567ms', '2s', '0ns']);
});

it.each(['1000000h', '2502h', '1e300s', '1e309s'])('%s is longer than time is exact', (text) => {
  expect(() => parseDuration(text)).toThrow(`expected a duration of at most 104 days (2^53 ns), found '${text}'`);
});

it('no property that every object inherits is a unit', () => {
  expect(() => parseDuration('5constructor')).toThrow("unknown unit 'constructor' in '5constructor'");
});

it.each(['1e-9', '1e13', '0', '1e309', 'fast'])('a rate of %s is refused', (text) => {
  expect(() => parseRate(text)).toThrow(
    `expected a rate from 1e-6 to 1e12 requests per second, such as 250krps or 1.5M, found '${text}'`,
  );
});

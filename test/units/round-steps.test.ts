import { expect, it } from 'vitest';
import { roundDown, roundUp } from '../../src/units/round-steps.js';

it.each([
  [0.0011, 0.001, 0.002],
  [1, 1, 1],
  [0.1 + 0.2, 0.2, 0.5],
  [4.999, 2, 5],
  [5, 5, 5],
  [7, 5, 10],
  [999, 500, 1000],
  [1e6, 1e6, 1e6],
])('%d is between %d and %d', (x, down, up) => {
  expect(roundDown(x)).toBeCloseTo(down, 12);
  expect(roundUp(x)).toBeCloseTo(up, 12);
});

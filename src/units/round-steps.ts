/** Round numbers: 1, 2 and 5 times the powers of ten. */

const DIGITS = [1, 2, 5, 10];
/** A number that misses a round one by rounding errors only is that number. */
const EPSILON = 1e-6;

/** The smallest round number that is at least `x`, which is above 0. */
export function roundUp(x: number): number {
  const power = powerBelow(x);
  return DIGITS.find((digit) => digit * power >= x * (1 - EPSILON))! * power;
}

/** The largest round number that is at most `x`, which is above 0. */
export function roundDown(x: number): number {
  const power = powerBelow(x);
  return DIGITS.findLast((digit) => digit * power <= x * (1 + EPSILON))! * power;
}

function powerBelow(x: number): number {
  return 10 ** Math.floor(Math.log10(x) + 1e-9);
}

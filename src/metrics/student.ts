/** From here on t is within 0.01 % of the normal distribution's; more degrees are treated as this many. */
const MOST_DEGREES = 10_000;

/**
 * Quantile of Student's t distribution: |T| stays below it with this probability. `studentT(7)` is 2.3646.
 *
 * @param degrees degrees of freedom, a whole number of at least 1
 * @param confidence above 0, below 1
 * @throws RangeError
 */
export function studentT(degrees: number, confidence = 0.95): number {
  if (!Number.isInteger(degrees) || degrees < 1) {
    throw new RangeError(`expected a whole number of degrees of freedom, from 1, found ${degrees}`);
  }
  if (!(confidence > 0 && confidence < 1)) {
    throw new RangeError(`expected a confidence between 0 and 1, found ${confidence}`);
  }
  const summed = Math.min(degrees, MOST_DEGREES);
  // The angle atan(t / sqrt(degrees)) lies between 0 and pi / 2, and the probability grows with it: halve until it is
  // found.
  let low = 0;
  let high = Math.PI / 2;
  for (let i = 0; i < 55; i++) {
    const angle = (low + high) / 2;
    if (within(angle, summed) < confidence) low = angle;
    else high = angle;
  }
  return Math.sqrt(summed) * Math.tan((low + high) / 2);
}

/**
 * P(|T| < t) at angle = atan(t / sqrt(degrees)). Abramowitz and Stegun, Handbook of Mathematical Functions, 26.7.3
 * (odd) and 26.7.4 (even).
 */
function within(angle: number, degrees: number): number {
  const cosine = Math.cos(angle);
  const odd = degrees % 2 === 1;
  let term = odd ? cosine : 1;
  let sum = degrees === 1 ? 0 : term;
  for (let k = odd ? 3 : 2; k <= degrees - 2; k += 2) {
    term *= (cosine * cosine * (k - 1)) / k;
    sum += term;
  }
  return odd ? (2 / Math.PI) * (angle + Math.sin(angle) * sum) : Math.sin(angle) * sum;
}

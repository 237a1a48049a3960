/** The gamma function's relatives. */

import { gammaln } from 'simple-statistics';

/** By recurrence and the asymptotic series (M. Abramowitz, I. Stegun, 6.3.5 and 6.3.18). */
export function digamma(given: number): number {
  let x = given;
  let sum = 0;
  for (; x < 6; x++) sum -= 1 / x;
  const f = 1 / (x * x);
  return sum + Math.log(x) - 0.5 / x - f * (1 / 12 - f * (1 / 120 - f * (1 / 252 - f / 240)));
}

/** Abramowitz and Stegun, 6.4.6 and 6.4.12. */
export function trigamma(given: number): number {
  let x = given;
  let sum = 0;
  for (; x < 6; x++) sum += 1 / (x * x);
  const f = 1 / (x * x);
  return sum + 1 / x + f / 2 + (f / x) * (1 / 6 - f * (1 / 30 - f * (1 / 42 - f / 30)));
}

/** The lower incomplete gamma function over the whole one: series and continued fraction (Numerical Recipes, 6.2). */
export function regularisedGamma(a: number, x: number): number {
  if (!(x > 0)) return 0;
  const front = Math.exp(-x + a * Math.log(x) - gammaln(a));
  if (x < a + 1) {
    let term = 1 / a;
    let sum = term;
    for (let n = a + 1; term > sum * 1e-15; n++) {
      term *= x / n;
      sum += term;
    }
    return Math.min(1, sum * front);
  }
  let b = x + 1 - a;
  let c = 1e300;
  let d = 1 / b;
  let h = d;
  for (let i = 1; i < 10_000; i++) {
    const an = -i * (i - a);
    b += 2;
    d = 1 / (an * d + b);
    c = b + an / c;
    h *= d * c;
    if (Math.abs(d * c - 1) < 1e-14) break;
  }
  return 1 - front * h;
}

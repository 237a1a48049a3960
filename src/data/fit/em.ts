/**
 * Mixtures by expectation and maximisation: A. Dempster, N. Laird, D. Rubin, "Maximum likelihood from incomplete data
 * via the EM algorithm", JRSS B 39, 1977. Each step weighs every value with the probability that it came from the first
 * part, and then fits both parts to the weighted values.
 */

const MOST_STEPS = 500;
/** Steps end when the likelihood of a value grows by less. */
const ENOUGH = 1e-8;
/** A smaller part is a few outliers. */
const LEAST_SHARE = 0.002;

/** Two exponential distributions; the first has the smaller mean. Undefined when one is enough. */
export function hyperexponentialStart(sorted: Float64Array): { p: number; mean1: number; mean2: number } | undefined {
  const n = sorted.length;
  const mean = sorted.reduce((a, b) => a + b, 0) / n;
  const second = sorted.reduce((a, b) => a + b * b, 0) / n;
  // A mixture of exponentials varies more than one exponential.
  if (second <= 2 * mean * mean * 1.02) return undefined;
  let [p, mean1, mean2] = [0.8, mean * 0.4, mean * 3.4];
  let before = Number.NEGATIVE_INFINITY;
  for (let step = 0; step < MOST_STEPS; step++) {
    let [weight, sum1, sum2, likelihood] = [0, 0, 0, 0];
    for (const x of sorted) {
      const a = (p / mean1) * Math.exp(-x / mean1);
      const b = ((1 - p) / mean2) * Math.exp(-x / mean2);
      const r = a + b > 0 ? a / (a + b) : 0;
      weight += r;
      sum1 += r * x;
      sum2 += (1 - r) * x;
      likelihood += Math.log(a + b);
    }
    p = weight / n;
    mean1 = sum1 / weight;
    mean2 = sum2 / (n - weight);
    if (likelihood - before < ENOUGH * n && step > 10) break;
    before = likelihood;
  }
  if (mean1 > mean2) [p, mean1, mean2] = [1 - p, mean2, mean1];
  return p > LEAST_SHARE && p < 1 - LEAST_SHARE && mean2 > 1.05 * mean1 ? { p, mean1, mean2 } : undefined;
}

export interface TwoNormals {
  readonly p: number;
  readonly mu1: number;
  readonly sigma1: number;
  readonly mu2: number;
  readonly sigma2: number;
}

/** Two normal distributions of the logarithms; the first has the smaller median. */
export function lognormalMixtureStart(sorted: Float64Array): TwoNormals | undefined {
  const ys = sorted.map(Math.log);
  const n = ys.length;
  const [low, high] = [ys[Math.floor(n * 0.2)]!, ys[Math.floor(n * 0.9)]!];
  if (!(high > low)) return undefined;
  // No part may become a single value: its likelihood would have no bound.
  const narrowest = (high - low) / 200;
  let [p, mu1, sigma1, mu2, sigma2] = [0.5, low, (high - low) / 2, high, (high - low) / 2];
  let before = Number.NEGATIVE_INFINITY;
  for (let step = 0; step < MOST_STEPS; step++) {
    let [w, s1, s2, q1, q2, likelihood] = [0, 0, 0, 0, 0, 0];
    for (const y of ys) {
      const a = (p / sigma1) * Math.exp(-0.5 * ((y - mu1) / sigma1) ** 2);
      const b = ((1 - p) / sigma2) * Math.exp(-0.5 * ((y - mu2) / sigma2) ** 2);
      const r = a + b > 0 ? a / (a + b) : Number(Math.abs(y - mu1) < Math.abs(y - mu2));
      w += r;
      s1 += r * y;
      s2 += (1 - r) * y;
      q1 += r * y * y;
      q2 += (1 - r) * y * y;
      likelihood += Math.log(Math.max(1e-300, a + b));
    }
    if (!(w > LEAST_SHARE * n && w < (1 - LEAST_SHARE) * n)) return undefined;
    p = w / n;
    mu1 = s1 / w;
    mu2 = s2 / (n - w);
    sigma1 = Math.max(narrowest, Math.sqrt(Math.max(0, q1 / w - mu1 * mu1)));
    sigma2 = Math.max(narrowest, Math.sqrt(Math.max(0, q2 / (n - w) - mu2 * mu2)));
    if (likelihood - before < ENOUGH * n && step > 10) break;
    before = likelihood;
  }
  return mu1 <= mu2
    ? { p, mu1, sigma1, mu2, sigma2 }
    : { p: 1 - p, mu1: mu2, sigma1: sigma2, mu2: mu1, sigma2: sigma1 };
}

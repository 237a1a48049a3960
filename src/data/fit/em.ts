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

/** One of several normal distributions of the logarithms. */
export interface NormalPart {
  readonly share: number;
  readonly mu: number;
  readonly sigma: number;
}

/** Values that the search for a start looks at; all of them are looked at in the end. */
const COARSE = 2000;
const STEPS_OF_A_TRY = 100;

/**
 * Several normal distributions of the logarithms, ascending by their medians. It begins with two, and splits the part
 * whose split makes the values most likely, until there are enough (S. Richardson, P. Green, "On Bayesian analysis of
 * mixtures with an unknown number of components", 1997, split moves).
 *
 * @param count of parts, 2 at least
 * @returns undefined when fewer are enough
 */
export function lognormalMixtureStart(sorted: Float64Array, count: number): NormalPart[] | undefined {
  const all = sorted.map(Math.log);
  const few = all.length <= COARSE ? all : meansOfGroups(all, COARSE);
  const [low, high] = [few[Math.floor(few.length * 0.2)]!, few[Math.floor(few.length * 0.9)]!];
  if (!(high > low)) return undefined;
  // No part may become a single value: its likelihood would have no bound.
  const narrowest = (high - low) / 200;
  const sigma = (high - low) / 2;
  const two = [low, high].map((mu) => ({ share: 0.5, mu, sigma }));
  let found = improved(few, two, narrowest, MOST_STEPS);
  for (let size = 3; size <= count && found; size++) {
    const [best] = splitsOf(found.parts)
      .flatMap((parts) => improved(few, parts, narrowest, STEPS_OF_A_TRY) ?? [])
      .sort((a, b) => b.likelihood - a.likelihood);
    found = best && improved(few, best.parts, narrowest, MOST_STEPS);
  }
  if (found && few !== all) found = improved(all, found.parts, narrowest, STEPS_OF_A_TRY);
  return found && [...found.parts].sort((a, b) => a.mu - b.mu);
}

/** Each part, in turn, as two of its halves. */
function splitsOf(parts: readonly NormalPart[]): NormalPart[][] {
  return parts.map(({ share, mu, sigma }, i) => {
    const halves = [-1, 1].map((side) => ({ share: share / 2, mu: mu + side * sigma, sigma: sigma * 0.6 }));
    return [...parts.slice(0, i), ...halves, ...parts.slice(i + 1)];
  });
}

function meansOfGroups(ys: Float64Array, count: number): Float64Array {
  return Float64Array.from({ length: count }, (_, i) => {
    const [from, to] = [Math.floor((i * ys.length) / count), Math.floor(((i + 1) * ys.length) / count)];
    return ys.subarray(from, to).reduce((a, b) => a + b, 0) / (to - from);
  });
}

/** Undefined when a part becomes a few outliers. */
function improved(
  ys: Float64Array,
  start: readonly NormalPart[],
  narrowest: number,
  steps: number,
): { parts: readonly NormalPart[]; likelihood: number } | undefined {
  const n = ys.length;
  const k = start.length;
  let parts = start;
  let before = Number.NEGATIVE_INFINITY;
  const densities = new Float64Array(k);
  for (let step = 0; step < steps; step++) {
    const [weights, sums, squares] = [new Float64Array(k), new Float64Array(k), new Float64Array(k)];
    let likelihood = 0;
    for (const y of ys) {
      let total = 0;
      for (let j = 0; j < k; j++) {
        const { share, mu, sigma } = parts[j]!;
        densities[j] = (share / sigma) * Math.exp(-0.5 * ((y - mu) / sigma) ** 2);
        total += densities[j]!;
      }
      likelihood += Math.log(Math.max(1e-300, total));
      if (total === 0) densities[nearest(parts, y)] = total = 1;
      for (let j = 0; j < k; j++) {
        const r = densities[j]! / total;
        weights[j]! += r;
        sums[j]! += r * y;
        squares[j]! += r * y * y;
      }
    }
    if (weights.some((weight) => !(weight > LEAST_SHARE * n))) return undefined;
    parts = parts.map((_, j) => {
      const mu = sums[j]! / weights[j]!;
      const variance = Math.max(0, squares[j]! / weights[j]! - mu * mu);
      return { share: weights[j]! / n, mu, sigma: Math.max(narrowest, Math.sqrt(variance)) };
    });
    const isOver = likelihood - before < ENOUGH * n && step > 10;
    before = likelihood;
    if (isOver) break;
  }
  return { parts, likelihood: before };
}

function nearest(parts: readonly NormalPart[], y: number): number {
  const distances = parts.map(({ mu }) => Math.abs(y - mu));
  return distances.indexOf(Math.min(...distances));
}

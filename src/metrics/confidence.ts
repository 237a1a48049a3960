/**
 * Confidence intervals at 95 % for quantiles and means: from the spread between independent replications, or within one
 * run.
 */

import { sampleStandardDeviation } from 'simple-statistics';
import type { Interval } from '../results/result.js';
import type { Known, KnownValues } from './histogram.js';
import { studentT } from './student.js';

export const CONFIDENCE = 0.95;
/** The normal distribution is within this many standard deviations with the probability CONFIDENCE. */
export const NORMAL = 1.959964;
/** From this variance on the binomial distribution is taken as normal. */
const NEARLY_NORMAL = 100;

/**
 * Interval from the same quantity in independent replications: Student's t on the logarithm, around the point estimate.
 * Quantities of waiting are skewed and above 0, and their errors are factors; so the interval is symmetric as a factor.
 * It holds the bounds that the estimate itself is known within. Its own bounds are rounded to six digits, because
 * logarithms may differ in the last bit from engine to engine, and results must not.
 *
 * @param estimate the point estimate from all replications together, above 0
 * @param values the quantity in each replication, at least two, above 0
 */
export function replicationInterval(estimate: Known, values: readonly number[]): Interval {
  const known: Interval = [estimate.low, estimate.high];
  // Rounding errors give equal values a spread.
  if (values.every((value) => value === values[0])) return known;
  const logs = values.map(Math.log);
  const half = studentT(logs.length - 1, CONFIDENCE) * (sampleStandardDeviation(logs) / Math.sqrt(logs.length));
  const factor = Math.exp(half);
  return hull(known, [rounded(estimate.value / factor), rounded(estimate.value * factor)]);
}

/**
 * Order-statistic interval of the q-quantile from independent values: the r-th smallest value exceeds the quantile when
 * fewer than r values lie below it, and how many do is binomial. Free of any assumption on the distribution. Values of
 * one run are *not* independent (requests wait together), so for those it is too narrow: it ignores autocorrelation.
 * A bound is null when there are too few values for it.
 *
 * H. A. David and H. N. Nagaraja, Order Statistics, 3rd edition, section 7.1.
 */
export function quantileInterval(values: KnownValues, q: number): Interval {
  const { count } = values;
  const below = lowerRank(count, q);
  // The upper bound is the lower bound seen from the other end.
  const above = lowerRank(count, 1 - q);
  return [
    below > 0 ? values.ranked([below])[0]!.low : null,
    above > 0 ? values.ranked([count + 1 - above])[0]!.high : null,
  ];
}

/**
 * The largest rank r with P(fewer than r of `count` values lie below the q-quantile) at most (1 - CONFIDENCE) / 2; 0
 * when there is none.
 */
function lowerRank(count: number, q: number): number {
  const tail = (1 - CONFIDENCE) / 2;
  const variance = count * q * (1 - q);
  if (variance > NEARLY_NORMAL) return Math.floor(count * q - NORMAL * Math.sqrt(variance) + 0.5);
  if (q <= 0.5) {
    // P(B = 0), P(B = 1), … until their sum is more than the tail.
    let probability = (1 - q) ** count;
    let sum = 0;
    for (let k = 0; k <= count; k++) {
      sum += probability;
      if (sum > tail) return k;
      probability *= ((count - k) / (k + 1)) * (q / (1 - q));
    }
    return count;
  }
  // Most values lie below: count those above, from the most there may be. P(above > m) is summed up as 1 - P(above <=
  // m).
  let probability = q ** count;
  let sum = 0;
  for (let above = 0; above <= count; above++) {
    sum += probability;
    // r = count - above: fewer than r below means more than `above` above.
    if (1 - sum <= tail) return count - above;
    probability *= ((count - above) / (above + 1)) * ((1 - q) / q);
  }
  return 0;
}

/**
 * Interval of the mean of independent values, by the central limit theorem. Of one run's values it ignores
 * autocorrelation, as {@link quantileInterval} does.
 */
export function meanInterval({ count, mean, groups }: KnownValues): Interval {
  if (count < 2) return [null, null];
  const squares = groups.reduce((sum, group) => {
    const off = (group.low + group.high) / 2 - mean;
    return sum + group.count * off * off;
  }, 0);
  const half = (NORMAL * Math.sqrt(squares / (count - 1))) / Math.sqrt(count);
  return [mean - half, mean + half];
}

/** The smallest interval that holds both. */
export function hull([a, b]: Interval, [c, d]: Interval): Interval {
  return [a === null || c === null ? null : Math.min(a, c), b === null || d === null ? null : Math.max(b, d)];
}

/**
 * How far the truth may be from the estimate, relative to the estimate: 0.05 is ±5 %, the larger of both sides.
 * Infinity where a bound is missing.
 */
export function relativeError(estimate: number, [low, high]: Interval): number {
  if (low === null || high === null) return Number.POSITIVE_INFINITY;
  return Math.max(estimate - low, high - estimate, 0) / estimate;
}

function rounded(x: number): number {
  return Number(x.toPrecision(6));
}

/** Histograms in the form they are reported in. */

import {
  type DistributionSummary,
  type Interval,
  PERCENTILES,
  type Percentile,
  type ResultSlice,
  type Statistic,
} from '../results/result.js';
import { hull, meanInterval, quantileInterval, replicationInterval } from './confidence.js';
import { type Known, KnownValues, mergeAll, type Recorded } from './histogram.js';
import type { TypeHistograms } from './recorder.js';

/** What kind of values a distribution has. Only a machine can measure values below `least`. */
interface Quantity {
  readonly least: number;
  readonly round: (value: number) => number;
}

/** Time in the system over service demand. */
export const SLOWDOWN: Quantity = { least: 1, round: (x) => x };
/** Whole ns: the floor of a bucket's middle is a whole number in that bucket. */
export const NANOSECONDS: Quantity = { least: 0, round: Math.floor };

/** @param types what was recorded in the slice */
export function resultSliceOf(
  fromNs: number,
  toNs: number,
  types: readonly (Pick<TypeHistograms, 'slowdown' | 'sojournNs'> & { readonly name: string })[],
): ResultSlice {
  return {
    fromNs,
    toNs,
    overall: {
      slowdown: summarize(mergeAll(types.map(({ slowdown }) => slowdown)), SLOWDOWN),
      sojournNs: summarize(mergeAll(types.map(({ sojournNs }) => sojournNs)), NANOSECONDS),
    },
    types: types.map(({ name, slowdown, sojournNs }) => ({
      name,
      slowdown: summarize(slowdown, SLOWDOWN),
      sojournNs: summarize(sojournNs, NANOSECONDS),
    })),
  };
}

/**
 * With fewer values beyond it, the percentile of a replication varies widely, and is too low on average.
 */
const ENOUGH_BEYOND = 10;

/**
 * The reported form of a histogram.
 *
 * Percentiles and mean are those of all values together. Their intervals come from the spread between replications when
 * there are several, else from the order statistics of the one run. When a replication holds too few values for a
 * percentile, the interval covers both ways of looking at it.
 *
 * @param runs the same distribution in each of the replications that were merged into the histogram
 */
export function summarize(
  histogram: Recorded,
  { least, round }: Quantity,
  runs: readonly DistributionSummary[] = [],
): DistributionSummary {
  const values = new KnownValues(histogram);
  const { count, mean, min, max } = values;
  const replications = Math.max(1, runs.length);
  if (count === 0) {
    return { ...record(() => null), min: null, max: null, count, ci95: record(() => null), replications };
  }
  const estimates = { mean: { low: mean, value: mean, high: mean } } as Record<Statistic, Known>;
  values.quantiles(NAMES.map((name) => PERCENTILES[name])).forEach((known, i) => {
    estimates[NAMES[i]!] = { ...known, value: round(known.value) };
  });
  const replicated = runs.filter((run) => run.count > 0);
  const interval = (name: Statistic): Interval => {
    const within = () => (name === 'mean' ? meanInterval(values) : quantileInterval(values, PERCENTILES[name]));
    if (replicated.length < 2) return within();
    const between = replicationInterval(
      estimates[name],
      replicated.map((run) => run[name]!),
    );
    return replicated.every((run) => isWellSampled(run.count, name)) ? between : hull(between, within());
  };
  const floor = Math.min(least, min);
  const above = ([low, high]: Interval): Interval => [low === null ? null : Math.max(low, floor), high];
  return {
    ...record((name) => estimates[name].value),
    min,
    max,
    count,
    ci95: record((name) => above(interval(name))),
    replications,
  };
}

/** Do enough of the `count` values lie beyond the percentile? */
function isWellSampled(count: number, name: Statistic): boolean {
  return name === 'mean' || count * Math.min(PERCENTILES[name], 1 - PERCENTILES[name]) >= ENOUGH_BEYOND - 1e-6;
}

const NAMES = Object.keys(PERCENTILES) as Percentile[];

function record<T>(of: (name: Statistic) => T): Record<Statistic, T> {
  return Object.fromEntries([...NAMES, 'mean' as const].map((name) => [name, of(name)])) as Record<Statistic, T>;
}

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
import { FilledBuckets, type Histogram } from './histogram.js';
import type { TypeHistograms } from './recorder.js';

/** @param types what was recorded in the slice */
export function resultSliceOf(
  fromNs: number,
  toNs: number,
  types: readonly (Pick<TypeHistograms, 'slowdown' | 'sojournNs'> & { readonly name: string })[],
): ResultSlice {
  return {
    fromNs,
    toNs,
    types: types.map(({ name, slowdown, sojournNs }) => ({
      name,
      slowdown: summarize(slowdown),
      sojournNs: summarize(sojournNs, Math.floor),
    })),
  };
}

/** With fewer values beyond it in a replication, the percentile of that replication says little, and too little on average. */
const ENOUGH_BEYOND = 10;

/**
 * The reported form of a histogram.
 *
 * Percentiles and mean are those of all values together. Their intervals come from the spread between replications when there are several, else from the order statistics of the
 * one run. When a replication holds too few values for a percentile, the interval covers both ways of looking at it.
 *
 * @param round applied to the percentiles
 * @param runs the same distribution in each of the replications that were merged into the histogram
 */
export function summarize(
  histogram: Histogram,
  round: (x: number) => number = asIs,
  runs: readonly DistributionSummary[] = [],
): DistributionSummary {
  const filled = new FilledBuckets(histogram);
  const { count } = filled;
  const values = filled.quantiles(NAMES.map((name) => PERCENTILES[name]));
  const known = <T>(x: T) => (count > 0 ? x : null);
  const estimates = { mean: filled.mean } as Record<Statistic, number>;
  NAMES.forEach((name, i) => {
    estimates[name] = round(values[i]!);
  });
  const interval = (name: Statistic): Interval => {
    const within = () => (name === 'mean' ? meanInterval(filled) : quantileInterval(filled, PERCENTILES[name]));
    const replicated = runs.filter((run) => run.count > 0);
    if (replicated.length < 2) return within();
    const between = replicationInterval(
      estimates[name],
      replicated.map((run) => run[name]!),
    );
    return replicated.every((run) => isWellSampled(run.count, name)) ? between : hull(between, within());
  };
  return {
    ...record((name) => known(estimates[name])),
    count,
    ci95: record((name) => (count > 0 ? interval(name) : null)),
    replications: Math.max(1, runs.length),
  };
}

/** Do enough of so many values lie beyond the percentile? */
function isWellSampled(count: number, name: Statistic): boolean {
  return name === 'mean' || count * Math.min(PERCENTILES[name], 1 - PERCENTILES[name]) >= ENOUGH_BEYOND - 1e-6;
}

const NAMES = Object.keys(PERCENTILES) as Percentile[];

function record<T>(of: (name: Statistic) => T): Record<Statistic, T> {
  return Object.fromEntries([...NAMES, 'mean' as const].map((name) => [name, of(name)])) as Record<Statistic, T>;
}

export function asIs(x: number): number {
  return x;
}

/**
 * Intervals of a trace, which cannot be repeated: its time is cut into batches, and the spread of a statistic between
 * them stands for that between replications (A. Law, "Simulation modeling and analysis", batch means).
 */

import { hull, replicationInterval } from '../../metrics/confidence.js';
import {
  type DistributionSummary,
  type Interval,
  PERCENTILES,
  type Percentile,
  type Result,
  type Statistic,
} from '../../results/result.js';
import type { OpenWorkload } from '../plan/open-generated.js';
import type { RunSpec } from '../plan/run-spec.js';

/** More have too few requests for a p99.9, and fewer make Student's t large. */
const BATCHES = 16;
/** Values beyond a percentile that a batch needs, or it says nothing of it. */
const ENOUGH_BEYOND = 10;

/** The run, reported in batches, too. */
export function inBatches(spec: RunSpec, { end, offeredRps }: OpenWorkload): RunSpec {
  const lengthNs = 'requests' in end ? (end.requests * 1e9) / offeredRps : end.durationNs;
  const measured = lengthNs * (1 - (typeof spec.warmup === 'number' ? spec.warmup : 0));
  return Number.isFinite(measured) ? { ...spec, sliceNs: Math.max(1, Math.ceil(measured / BATCHES)) } : spec;
}

/** The result with intervals that count how its requests wait together. */
export function withBatchMeans(result: Result): Result {
  const { slices } = result;
  if (!slices || slices.length < 4) return result;
  return {
    ...result,
    overall: widenedBoth(
      result.overall,
      slices.flatMap(({ overall }) => overall ?? []),
    ),
    types: result.types.map((type, k) => ({
      ...type,
      ...widenedBoth(
        type,
        slices.map((slice) => slice.types[k]!),
      ),
    })),
  };
}

type Both = Result['overall'];

function widenedBoth(whole: Both, parts: readonly Both[]): Both {
  const of = (key: keyof Both) =>
    widened(
      whole[key],
      parts.map((part) => part[key]),
    );
  return { slowdown: of('slowdown'), sojournNs: of('sojournNs') };
}

function widened(whole: DistributionSummary, parts: readonly DistributionSummary[]): DistributionSummary {
  const interval = (statistic: Statistic): Interval | null => {
    const within = whole.ci95[statistic];
    const value = whole[statistic];
    const beyond = statistic === 'mean' ? 1 : 1 - PERCENTILES[statistic as Percentile];
    const values = parts
      .filter(({ count }) => statistic === 'mean' || count * beyond >= ENOUGH_BEYOND)
      .flatMap((part) => part[statistic] ?? []);
    if (within === null || value === null || values.length < 4) return within;
    return hull(within, replicationInterval({ low: value, value, high: value }, values));
  };
  const names = Object.keys(whole.ci95) as Statistic[];
  return { ...whole, ci95: Object.fromEntries(names.map((name) => [name, interval(name)])) as typeof whole.ci95 };
}

import type { Result } from '../../results/result.js';
import type { MissingValue } from '../charts/chart.js';

/** What of a result says whether it failed. */
export type Judged = Pick<Result, 'unstable' | 'achievedRps' | 'offeredRps' | 'droppedMeasured' | 'overall'>;

/** A point that achieved less of what was offered is lost: as the figures of Perséphone have it. */
const LEAST_ACHIEVED = 0.999;
/** So many standard deviations of a Poisson process are no chance. */
const CHANCE = 3;

/**
 * Why the latencies of a result are no values: its queues grew for as long as it ran, or it did not do what was asked for. Undefined when they are.
 *
 * Both are judged by what was measured: a policy that drops while it starts up, before it knows the workload, carries the load all the same.
 * How many requests come in a window is chance itself: of n, give or take the root of n.
 */
export function failureOf(result: Judged): MissingValue | undefined {
  if (result.unstable) return 'unstable';
  const { achievedRps, offeredRps, droppedMeasured, overall } = result;
  if (droppedMeasured > (overall.slowdown.count + droppedMeasured) * (1 - LEAST_ACHIEVED)) return 'lost';
  const chance = CHANCE / Math.sqrt(Math.max(1, overall.slowdown.count));
  return achievedRps < (offeredRps ?? 0) * (LEAST_ACHIEVED - chance) ? 'lost' : undefined;
}

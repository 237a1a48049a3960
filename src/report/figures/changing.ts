import type { ReservationEntry, Result } from '../../results/result.js';
import { formatDuration } from '../../units/duration.js';
import { slicesOf } from '../plot/plot-chart.js';
import { formatGroups, reservationChanges } from '../text/reserved-workers.js';
import type { Claim, Figure } from './claims.js';

/**
 * The workload `changing` (seed systems, section 3): which type is the short one in each phase, and what DARC reserves
 * of 14 workers by its own arithmetic when it knows the means and the shares.
 */
const PHASES = [
  { short: 'LONG', right: 'LONG 1 | SHORT 13' },
  { short: 'SHORT', right: 'SHORT 1 | LONG 13' },
  { short: 'SHORT', right: 'SHORT 2 | LONG 12' },
  { short: undefined, right: 'SHORT 14 | LONG 0' },
] as const;
const PHASE_NS = 5e9;
/** The paper: DARC adapts in less than a second, a fifth of a phase. */
const WITHIN_SHARE = 0.2;

/** The times of a run, ns. */
interface Times {
  readonly phaseNs: number;
  /** When the second phase begins, and each after it. */
  readonly changes: readonly number[];
  readonly withinNs: number;
}

/** Figure 8: what DARC does when the workload changes. */
export const figure8: Figure = {
  ...changing(PHASE_NS),
  inTime: (share) => changing(Math.round(PHASE_NS * share)),
};

/** The figure of runs whose phases are this long. */
function changing(phaseNs: number): Figure {
  const times = {
    phaseNs,
    changes: [1, 2, 3].map((phase) => phase * phaseNs),
    withinNs: phaseNs * WITHIN_SHARE,
  };
  return {
    name: '8',
    claims: (results) => [adapts(results, times), recovers(results, times)],
  };
}

function adapts(results: readonly Result[], { changes, phaseNs, withinNs }: Times): Claim {
  const claim = `after each change DARC has the new workload's reservation within ${within(withinNs)}, and keeps it`;
  const runs = runsOf(results, 'darc');
  if (runs.length === 0) return { claim, found: 'missing', agrees: false };
  const phases = changes.map((fromNs, i) => {
    const { right } = PHASES[i + 1]!;
    const settled = runs.map((run) => settledOn(run, fromNs, phaseNs));
    const isRight = settled.every((entry) => entry && formatGroups(entry.groups) === right);
    const afterNs = settled.map((entry) => (entry ? entry.atNs - fromNs : Number.POSITIVE_INFINITY));
    const found = [...new Set(settled.map((entry) => (entry ? formatGroups(entry.groups) : 'what it was')))];
    return {
      found: isRight ? `${right} after ${showRange(afterNs)}` : `${found.join(' or ')}, where ${right} is right`,
      agrees: isRight && Math.max(...afterNs) <= withinNs,
    };
  });
  return {
    claim,
    found: `${phases.map(({ found }) => found).join('; ')} (${countRuns(runs)})`,
    agrees: phases.every(({ agrees }) => agrees),
  };
}

/** The last change of the reservation in the phase that begins then. */
function settledOn(run: Result, fromNs: number, phaseNs: number): ReservationEntry | undefined {
  return reservationChanges(run)
    .filter(({ atNs }) => atNs >= fromNs && atNs < fromNs + phaseNs)
    .at(-1);
}

function recovers(results: readonly Result[], { phaseNs, withinNs }: Times): Claim {
  const phases = PHASES.flatMap(({ short }, phase) => {
    if (!short) return [];
    const settled = (result: Result) =>
      slicesOf(result, short, { metric: 'sojournNs', statistic: 'p99_9' })
        .filter(({ x }) => x > phase * phaseNs + withinNs && x < (phase + 1) * phaseNs)
        .map(({ y }) => y!);
    // Without slices the largest is -Infinity and the smallest Infinity.
    const worst = runsOf(results, 'darc').map((run) => Math.max(...settled(run)));
    const best = runsOf(results, 'c-fcfs').map((run) => Math.min(...settled(run)));
    return [{ worst, best }];
  });
  const isThere = phases.every(({ worst, best }) => [...worst, ...best].every(Number.isFinite) && worst.length > 0);
  return {
    claim:
      `${within(withinNs)} after each change short requests have recovered: their p99.9 stays below that with ` +
      'c-FCFS',
    found: isThere
      ? `${phases
          .map(({ worst, best }) => `at most ${showRange(worst)} with DARC, at least ${showRange(best)} without`)
          .join('; ')} (${countRuns(runsOf(results, 'darc'))})`
      : 'missing',
    agrees: isThere && phases.every(({ worst, best }) => Math.max(...worst) < Math.min(...best)),
  };
}

/** The time that the paper names, or that share of a shorter phase. */
function within(ns: number): string {
  return ns === PHASE_NS * WITHIN_SHARE ? 'a second' : formatDuration(ns);
}

/** `14us`, or over several runs `13.8us to 14.1us`. */
function showRange(ns: readonly number[]): string {
  const ends = [Math.min(...ns), Math.max(...ns)].map(formatDuration);
  return [...new Set(ends)].join(' to ');
}

function countRuns(runs: readonly Result[]): string {
  return runs.length === 1 ? 'one run: no interval' : `range of ${runs.length} runs`;
}

/** One run per seed. */
function runsOf(results: readonly Result[], policy: string): Result[] {
  return results.filter((result) => result.policy === policy);
}

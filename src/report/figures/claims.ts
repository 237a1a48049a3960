/** Claims of the paper, and how results are checked against them. */

import { failureOf } from '../../results/outcome-schema.js';
import type { DistributionSummary, Result } from '../../results/result.js';
import { threeDigits } from '../../units/duration.js';
import { distributionOf } from '../charts/charted-results.js';
import { formatReservation } from '../text/reserved-workers.js';

export interface Claim {
  /** What the paper says. */
  readonly claim: string;
  /** What was found, with its interval. */
  readonly found: string;
  /** Absent for a finding that is not in the paper. */
  readonly agrees?: boolean;
}

/** A figure of Perséphone (Demoulin et al., SOSP 2021); experiments/plots says how it is drawn. */
export interface Figure {
  /** The name on the command line: `5a`. */
  readonly name: string;
  readonly claims: (results: readonly Result[]) => Claim[];
  /** Of a workload that changes: the same figure when all its times are multiplied by a share. */
  readonly inTime?: (share: number) => Figure;
}

/** The results of each series by ascending load. */
export type Groups = ReadonlyMap<string, readonly Result[]>;

export function groupsOf(results: readonly Result[], seriesOf: (result: Result) => string): Groups {
  const groups = new Map<string, Result[]>();
  for (const result of [...results].sort((a, b) => loadOf(a) - loadOf(b))) {
    const series = seriesOf(result);
    groups.set(series, [...(groups.get(series) ?? []), result]);
  }
  return groups;
}

/** The load as it was asked for, without the digits that the rounding of rates leaves. */
export function loadOf({ load }: Result): number {
  return Number((load ?? Number.NaN).toPrecision(9));
}

/** The highest simulated load up to which something holds, and its 95 % interval. 0: it holds at no load. */
export interface Sustained {
  readonly load: number;
  readonly low: number;
  readonly high: number;
}

/**
 * Up to which load the p99.9 slowdown of all requests stays at or below a target.
 *
 * @param results of one series, by ascending load
 */
export function sustained(results: readonly Result[], target: number): Sustained {
  const upTo = (bound: (tail: DistributionSummary) => number | null) =>
    lastLoad(results, (result) => {
      const tail = distributionOf(result, { metric: 'slowdown', statistic: 'p99_9' });
      return tail !== undefined && (bound(tail) ?? Number.POSITIVE_INFINITY) <= target;
    });
  return {
    load: upTo(({ p99_9 }) => p99_9),
    low: upTo(({ ci95 }) => ci95.p99_9![1]),
    high: upTo(({ ci95 }) => ci95.p99_9![0] ?? 0),
  };
}

/**
 * The highest load up to which every outcome is ok, and the next load tried, whose outcome is not. Between the two
 * nothing is known.
 */
export interface Carried {
  /** 0: not even the lowest load. */
  readonly load: number;
  /** Infinity: no load that was tried fails. */
  readonly fails: number;
}

/** @param results of one series, by ascending load */
export function carried(results: readonly Result[]): Carried {
  const load = lastLoad(results, () => true);
  const next = results.find((result) => loadOf(result) > load);
  return { load, fails: next ? loadOf(next) : Number.POSITIVE_INFINITY };
}

export function showCarried({ load, fails }: Carried): string {
  if (!Number.isFinite(fails)) return `carries ${load}, the highest tried`;
  return load > 0 ? `carries ${load}, fails at ${fails}` : `fails at ${fails}`;
}

function lastLoad(results: readonly Result[], holds: (result: Result) => boolean): number {
  const end = results.findIndex((result) => failureOf(result) !== undefined || !holds(result));
  const last = end < 0 ? results.at(-1) : results[end - 1];
  return last ? loadOf(last) : 0;
}

export function showSustained({ load, low, high }: Sustained): string {
  if (high === 0) return 'at no load';
  return low === high ? `${load}` : `${load} [${low}, ${high}]`;
}

/** `12.3 [11.9, 12.8]`; the outcome when it is not ok. */
export function showTail(result: Result): string {
  const failure = failureOf(result);
  if (failure) return failure;
  const { p99_9, ci95 } = result.overall.slowdown;
  if (p99_9 === null) return 'nothing measured';
  const [low, high] = ci95.p99_9!;
  return (
    `${threeDigits(p99_9)} [${low === null ? '?' : threeDigits(low)}, ` +
    `${high === null ? 'unbounded' : threeDigits(high)}]`
  );
}

/** The interval of the p99.9 slowdown; infinite when the outcome is not ok. */
export function tailBounds(result: Result): readonly [number, number] {
  const { p99_9, ci95 } = result.overall.slowdown;
  if (failureOf(result) || p99_9 === null) return [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  const [low, high] = ci95.p99_9!;
  return [low ?? 0, high ?? Number.POSITIVE_INFINITY];
}

/** Is each tail shorter than the next, with intervals that do not meet? */
function tailsAscend(results: readonly Result[]): boolean {
  return results.every((result, i) => i === 0 || tailBounds(results[i - 1]!)[1] < tailBounds(result)[0]);
}

/**
 * At one load: the tail of each series shorter than that of the next.
 *
 * @param names of the series, in the order claimed, with how to call them
 */
export function orderClaim(
  groups: Groups,
  names: readonly (readonly [series: string, name: string])[],
  load: number,
): Claim {
  const found = names.map(([series]) => groups.get(series)?.find((result) => loadOf(result) === load));
  return {
    claim: `p99.9 slowdown at a load of ${load}: ${names.map(([, name]) => name).join(' < ')}`,
    found: names.map(([, name], i) => `${name} ${found[i] ? showTail(found[i]) : 'missing'}`).join(', '),
    agrees: found.every((result) => result !== undefined) && tailsAscend(found as Result[]),
  };
}

/**
 * Which reservation DARC ends its run with, at each load that it carries. It learns from windows of completions, so
 * near a rounding threshold the reservation is a matter of chance. The claim holds when the expected one is found at
 * most of the loads.
 *
 * @param results of DARC, by ascending load
 * @param expected as `SHORT 1 | LONG 13`
 */
export function reservationClaim(results: readonly Result[], expected: string): Claim {
  const { load } = carried(results);
  const found = results
    .filter((result) => loadOf(result) <= load)
    .map((result) => formatReservation(result) || 'nothing');
  return {
    claim: `DARC reserves ${expected}`,
    found: found.length > 0 ? `${showShares(found)} loads that it carries` : 'DARC carries no load',
    agrees: isMost(found, expected),
  };
}

/** `2 in 5, 3 in 3 of 8`: the most frequent first. */
export function showShares(found: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const each of found) counts.set(each, (counts.get(each) ?? 0) + 1);
  const sorted = [...counts].sort(([, a], [, b]) => b - a);
  return `${sorted.map(([each, count]) => `${each} in ${count}`).join(', ')} of ${found.length}`;
}

export function isMost(found: readonly string[], expected: string): boolean {
  return found.filter((each) => each === expected).length * 2 > found.length;
}

/** Claims of the paper, and how results are held against them. */
import type { Distribution, Result } from '../../metrics/result.js';
import { threeDigits } from '../../units/duration.js';
import { distributionOf } from '../charts/results.js';
import { failureOf } from '../outcome.js';
import { formatReservation } from '../reservation.js';
import { tally } from './tally.js';

export interface Claim {
  /** What the paper says. */
  readonly claim: string;
  /** What was found, with its interval. */
  readonly found: string;
  readonly agrees: boolean;
}

/** The load as it was asked for: rates are rounded. */
export function loadOf({ load }: Result): number {
  return Number(load.toPrecision(9));
}

/** The highest load of those simulated up to which something holds, and between which loads that lies with 95 % confidence. 0: at none. */
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
  const upTo = (bound: (tail: Distribution) => number | null) =>
    lastLoad(results, (result) => {
      const tail = distributionOf(result, { measure: 'slowdown', statistic: 'p99_9' });
      return tail !== undefined && (bound(tail) ?? Number.POSITIVE_INFINITY) <= target;
    });
  return {
    load: upTo(({ p99_9 }) => p99_9),
    low: upTo(({ ci95 }) => ci95.p99_9![1]),
    high: upTo(({ ci95 }) => ci95.p99_9![0] ?? 0),
  };
}

/** Up to which load nothing is lost and the queues do not grow. 0: at none. */
export function carried(results: readonly Result[]): number {
  return lastLoad(results, () => true);
}

/** The lowest load that is lost or unstable; undefined when there is none. */
export function failsAt(results: readonly Result[]): number | undefined {
  const first = results.find((result) => failureOf(result) !== undefined);
  return first && loadOf(first);
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

/** `12.3 [11.9, 12.8]`; why there is none, when there is none. */
export function showTail(result: Result): string {
  const failure = failureOf(result);
  if (failure) return failure;
  const { p99_9, ci95 } = result.overall.slowdown;
  if (p99_9 === null) return 'nothing measured';
  const [low, high] = ci95.p99_9!;
  return `${threeDigits(p99_9)} [${low === null ? '?' : threeDigits(low)}, ${high === null ? 'unbounded' : threeDigits(high)}]`;
}

/** The interval of the p99.9 slowdown; what failed is beyond all bounds. */
export function tailBounds(result: Result): readonly [number, number] {
  const { p99_9, ci95 } = result.overall.slowdown;
  if (failureOf(result) || p99_9 === null) return [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  const [low, high] = ci95.p99_9!;
  return [low ?? 0, high ?? Number.POSITIVE_INFINITY];
}

/** Is the tail of each shorter than that of the next, with intervals that do not meet? */
export function tailsAscend(results: readonly Result[]): boolean {
  return results.every((result, i) => i === 0 || tailBounds(results[i - 1]!)[1] < tailBounds(result)[0]);
}

/**
 * At one load: the tail of each series shorter than that of the next.
 *
 * @param names of the palette, in the order claimed, with how to call them
 */
export function orderClaim(
  groups: ReadonlyMap<string, readonly Result[]>,
  names: readonly (readonly [color: string, name: string])[],
  load: number,
): Claim {
  const found = names.map(([color]) => groups.get(color)?.find((result) => loadOf(result) === load));
  return {
    claim: `p99.9 slowdown at a load of ${load}: ${names.map(([, name]) => name).join(' < ')}`,
    found: names.map(([, name], i) => `${name} ${found[i] ? showTail(found[i]) : 'missing'}`).join(', '),
    agrees: found.every((result) => result !== undefined) && tailsAscend(found as Result[]),
  };
}

/**
 * DARC's reservation, at the loads that it carries: the one claimed at the highest of them and, when not all are the same, at how many.
 *
 * @param expected as `SHORT 1 | LONG 13`
 */
export function reservationClaim(results: readonly Result[], expected: string): Claim {
  const load = carried(results);
  const alive = results.filter((result) => loadOf(result) <= load && result.reservations.length > 0);
  const found = tally(alive.map(formatReservation));
  const at = alive.find((result) => loadOf(result) === load);
  return {
    claim: `DARC reserves ${expected}`,
    found: at
      ? `${formatReservation(at)} at a load of ${load}; over all loads ${found.map(([each, times]) => `${each}: ${times} of ${alive.length}`).join(', ')}`
      : 'DARC carries no load',
    agrees: at !== undefined && formatReservation(at) === expected,
  };
}

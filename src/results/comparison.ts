/**
 * The schema psp.compare/1: two results of the same policy on the same requests, side by side. docs/compare.md
 * describes it.
 */

import type { Judged } from './outcome-schema.js';
import type { Interval, Percentile, Result } from './result.js';

/** The percentiles that are compared. */
export const COMPARED = ['p50', 'p90', 'p99', 'p99_9'] as const satisfies readonly Percentile[];
/**
 * How the sojourn of each request differs between two runs, ns (first less second). Negative: the first was quicker.
 */
export interface PairedDifference {
  /** Requests measured in both. */
  readonly count: number;
  readonly p1Ns: number;
  readonly medianNs: number;
  readonly p99Ns: number;
}

/** One percentile of the slowdown on both sides. */
export interface ComparedValue {
  readonly a: number;
  readonly b: number;
  readonly aCi95: Interval;
  readonly bCi95: Interval;
  /** a / b - 1 */
  readonly relative: number;
  /** Do the intervals have a value in common? */
  readonly overlap: boolean;
  /**
   * Where each may be, by what the two runs do not have in common; absent when they met different requests, or too few.
   */
  readonly paired?: { readonly a: Interval; readonly b: Interval };
  /**
   * Within the tolerance (p99.9: within twice of it), or no further apart than the confidence allows: the intervals
   * overlap, or one value is where the other may be by the paired ones. Null: further apart, and an interval has no
   * bound on the side that counts, so that nobody knows. Absent without a tolerance.
   */
  readonly agrees?: boolean | null;
}

export interface ComparedType {
  /** `undefined` in code, left out in JSON: all types. */
  readonly name?: string;
  /** Null when either side measured no request, or its outcome is not ok. */
  readonly slowdown: Readonly<Record<(typeof COMPARED)[number], ComparedValue | null>>;
  /** Kolmogorov–Smirnov distance of the sojourns; absent without samples of both. */
  readonly ks?: number;
  /** Each request with itself, a - b; absent without samples of both or when they met different requests. */
  readonly paired?: PairedDifference;
}

export interface ComparedRun {
  readonly policy: string;
  readonly policyParameters: Result['policyParameters'];
  /** Of a policy from a file. */
  readonly policyDefaults?: Result['policyParameters'];
  readonly workload: string;
  readonly workers: number;
  readonly load: number | null;
  readonly requests: readonly [a: number, b: number];
  /** Unless both are ok, only these are compared. */
  readonly outcomes: readonly [a: Judged, b: Judged];
  readonly types: readonly ComparedType[];
}

export interface Verdicts {
  readonly agree: number;
  readonly disagree: number;
  readonly undecided: number;
}

/** Schema `psp.compare/1`. */
export interface Comparison {
  readonly schema: 'psp.compare/1';
  readonly a: Pick<Result, 'world' | 'system'>;
  readonly b: Pick<Result, 'world' | 'system'>;
  readonly tolerance: number | null;
  /** At least one value agrees, and none disagrees. Null without a tolerance. */
  readonly agrees: boolean | null;
  /**
   * How many values agree, do not, and cannot be decided; outcomes that are not ok count as one value. Null without a
   * tolerance.
   */
  readonly verdicts: Verdicts | null;
  readonly runs: readonly ComparedRun[];
}

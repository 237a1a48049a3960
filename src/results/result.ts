/**
 * The schema psp.result/1 as plain data: what both worlds produce and every report reads. docs/result-format.md
 * describes it.
 */

import type { Judged } from './outcome-schema.js';

/** Lower and upper bound; null where the data bound nothing on that side. */
export type Interval = readonly [low: number | null, high: number | null];

/** The percentiles every distribution is reported by. */
export const PERCENTILES = { p50: 0.5, p90: 0.9, p95: 0.95, p99: 0.99, p99_9: 0.999, p99_99: 0.9999 } as const;
export type Percentile = keyof typeof PERCENTILES;

/** What a distribution is reported by. */
export type Statistic = Percentile | 'mean';

/** The statistics by the names that people type: `mean`, `p50`, `p99.9`. */
export const STATISTIC_NAMED: Readonly<Record<string, Statistic>> = {
  mean: 'mean',
  ...Object.fromEntries(Object.keys(PERCENTILES).map((name) => [name.replace('_', '.'), name as Percentile])),
};

/**
 * A distribution in a result: percentiles and mean (null when nothing was recorded) and the number of values behind
 * them.
 */
export type DistributionSummary = Readonly<Record<Statistic, number | null>> & {
  /** The smallest and the largest value, exactly; null when nothing was recorded. */
  readonly min: number | null;
  readonly max: number | null;
  readonly count: number;
  /** 95 % confidence intervals; null when nothing was recorded. */
  readonly ci95: Readonly<Record<Statistic, Interval | null>>;
  /** Independent runs behind it. With 1 the intervals take its values as independent of each other. */
  readonly replications: number;
};

/** The result of one run of one policy: schema `psp.result/1`, documented in docs/result-format.md. */
export interface Result extends Judged {
  readonly schema: 'psp.result/1';
  readonly world: 'sim' | 'hw';
  readonly policy: string;
  readonly policyParameters: Readonly<Record<string, number | string | boolean | null>>;
  /** What each parameter is unless it is given; absent for psp's own policies. */
  readonly policyDefaults?: Readonly<Record<string, number | string | boolean | null>>;
  /** The system whose costs were charged; absent without one, as is the next. */
  readonly system?: string;
  /** Share of the window in which the system's dispatcher was busy. */
  readonly dispatcherUtilisation?: number;
  /** Share of the window in which the system's dispatcher ran requests itself; absent where it runs none. */
  readonly dispatcherServed?: number;
  /** Share of worker time that workers were parked; absent where none park. */
  readonly parked?: number;
  readonly workload: string;
  readonly workers: number;
  /** Null where the requests of a trace all arrive at once: they have no rate. So is the next. */
  readonly load: number | null;
  readonly offeredRps: number | null;
  readonly achievedRps: number;
  readonly seed: string;
  readonly warmup: number;
  /** Requests that arrived in the warm-up. */
  readonly warmupRequests: number;
  readonly warmupRule: WarmupRule;
  /** Is the outcome `unstable`? Kept for readers of psp.result/1 from before there was an outcome. */
  readonly unstable: boolean;
  /** Independent runs that were pooled into this result. */
  readonly replications: number;
  /** How many of several replications are unstable. */
  readonly grew?: number;
  /** With --precision. */
  readonly precision?: ReachedPrecision;
  readonly requests: number;
  readonly completed: number;
  readonly dropped: number;
  /** Of these, after the warm-up: what start-up dropped says nothing of the load. */
  readonly droppedMeasured: number;
  readonly dropReasons: Readonly<Record<string, number>>;
  readonly inFlight: number;
  /** Was the run ended before all requests had arrived and been served? */
  readonly interrupted: boolean;
  readonly durationNs: number;
  readonly digest: string;
  readonly utilisation: number;
  readonly overhead: number;
  readonly preemptions: number;
  readonly steals: number;
  readonly reservations: readonly ReservationEntry[];
  /** Reservations announced beyond those listed, which are at most 10000. */
  readonly reservationsLeftOut: number;
  readonly overall: { readonly slowdown: DistributionSummary; readonly sojournNs: DistributionSummary };
  readonly types: readonly TypeResult[];
  /** The measuring window cut into equal slices, when asked for; those of the first replication. */
  readonly slices?: readonly ResultSlice[];
  readonly manifest: Manifest;
}

/** How well a statistic of the slowdown was to be known, and how well it is. */
export interface ReachedPrecision {
  readonly statistic: Statistic;
  /** The type it is about; absent: each. */
  readonly type?: string;
  /** Half-width of the 95 % interval over the value. */
  readonly wanted: number;
  /** The largest there is; null: no bound, or the outcome is not ok. */
  readonly reached: number | null;
}

/**
 * How the end of the warm-up came about: as asked for; where the run had settled; or where others had, while this one
 * had not.
 */
export type WarmupRule = 'given' | 'found' | 'unsettled';

/** A result lists no more reservations than this: an unstable policy must not fill the memory with them. */
export const RESERVATIONS_KEPT = 10_000;

export interface ReservationEntry {
  readonly atNs: number;
  readonly groups: readonly { readonly types: readonly string[]; readonly workers: readonly number[] }[];
}

export interface TypeResult {
  readonly name: string;
  readonly arrived: number;
  readonly completed: number;
  readonly dropped: number;
  /** Of these, after the warm-up. */
  readonly droppedMeasured: number;
  readonly slowdown: DistributionSummary;
  readonly sojournNs: DistributionSummary;
  readonly serviceNs: DistributionSummary;
}

/** What completed in a part of the measuring window. */
export interface ResultSlice {
  readonly fromNs: number;
  readonly toNs: number;
  /** Absent in results of psp 0.1. */
  readonly overall?: Result['overall'];
  /** In the order of those of the result. */
  readonly types: readonly Pick<TypeResult, 'name' | 'slowdown' | 'sojournNs'>[];
}

/**
 * Where a result came from. `startedAt` and `wallSeconds` are the only fields of a result that may differ between equal
 * runs.
 */
export interface Manifest {
  readonly version: string;
  readonly commit: string | null;
  readonly node: string;
  readonly cpu: string;
  readonly configHash: string;
  /** The SHA-256 of the policy's code, and its file if it is not one of psp's own. */
  readonly policyCode?: { readonly sha256: string; readonly file?: string };
  /** What the system cost, ns by constant; absent without a system. */
  readonly costs?: Readonly<Record<string, number>>;
  /** What a reader should know of how the workload was played; absent when there is nothing. */
  readonly notes?: readonly string[];
  readonly startedAt: string;
  readonly wallSeconds: number;
}

import { hull, type Interval, meanInterval, quantileInterval, replicationInterval } from './confidence.js';
import { FilledBuckets, Histogram } from './histogram.js';
import type { TypeMeasurements } from './recorder.js';

/** The percentiles every distribution is reported by. */
export const PERCENTILES = { p50: 0.5, p90: 0.9, p99: 0.99, p99_9: 0.999, p99_99: 0.9999 } as const;
export type Percentile = keyof typeof PERCENTILES;

/** What a distribution is reported by. */
export type Statistic = Percentile | 'mean';

/** The statistics by the names that people type: `mean`, `p50`, `p99.9`. */
export const STATISTIC_NAMED: Readonly<Record<string, Statistic>> = {
  mean: 'mean',
  ...Object.fromEntries(Object.keys(PERCENTILES).map((name) => [name.replace('_', '.'), name as Percentile])),
};

/** A distribution in a result: percentiles and mean (null when nothing was recorded) and the number of values behind them. */
export type Distribution = Readonly<Record<Statistic, number | null>> & {
  readonly count: number;
  /** 95 % confidence intervals; null when nothing was recorded. */
  readonly ci95: Readonly<Record<Statistic, Interval | null>>;
  /** Independent runs behind it. With 1 the intervals take its values as independent of each other. */
  readonly replications: number;
};

/** The result of one run of one policy: schema `psp.result/1`, documented in docs/result-format.md. */
export interface Result {
  readonly schema: 'psp.result/1';
  readonly world: 'sim' | 'hw';
  readonly policy: string;
  readonly policyParameters: Readonly<Record<string, number | string | boolean | null>>;
  /** The system whose costs were charged; absent without one, as is the next. */
  readonly system?: string;
  /** Share of the window in which the system's dispatcher was busy. */
  readonly dispatcherUtilisation?: number;
  readonly workload: string;
  readonly workers: number;
  readonly load: number;
  readonly offeredRps: number;
  readonly achievedRps: number;
  readonly seed: string;
  readonly warmup: number;
  /** Requests that arrived in the warm-up. */
  readonly warmupRequests: number;
  readonly warmupRule: WarmupRule;
  /** Its queues grew for as long as it lasted: latencies say how long that was, and nothing else. */
  readonly unstable: boolean;
  /** Independent runs that were pooled into this result. */
  readonly replications: number;
  /** In how many of several replications the queues grew. */
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
  /** Reservations announced beyond those listed. */
  readonly reservationsLeftOut: number;
  readonly overall: { readonly slowdown: Distribution; readonly sojournNs: Distribution };
  readonly types: readonly TypeResult[];
  /** The measuring window cut into equal slices, when asked for; those of the first replication. */
  readonly slices?: readonly Slice[];
  readonly manifest: Manifest;
  /** With --samples: every request. */
  readonly samples?: EncodedSamples;
}

/** How well a statistic of the slowdown was to be known, and how well it is. */
export interface ReachedPrecision {
  readonly statistic: Statistic;
  /** The type it is about; absent: each. */
  readonly type?: string;
  /** Half-width of the 95 % interval over the value. */
  readonly wanted: number;
  /** The largest there is; null: no bound, or the run is unstable. */
  readonly reached: number | null;
}

/** {@link RequestSamples} in JSON: columns as base64 of little-endian numbers. */
export interface EncodedSamples {
  readonly traceDigest: string;
  /** uint16 */
  readonly type: string;
  /** float64 */
  readonly serviceNs: string;
  /** float64 */
  readonly sojournNs: string;
}

/** How the end of the warm-up came about: as asked for; where the run had settled; or where others had, while this one had not. */
export type WarmupRule = 'given' | 'found' | 'unsettled';

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
  readonly slowdown: Distribution;
  readonly sojournNs: Distribution;
  readonly serviceNs: Distribution;
}

/** What completed in a part of the measuring window. */
export interface Slice {
  readonly fromNs: number;
  readonly toNs: number;
  /** In the order of those of the result. */
  readonly types: readonly Pick<TypeResult, 'name' | 'slowdown' | 'sojournNs'>[];
}

/** Where a result came from. `startedAt` and `wallSeconds` are the only fields of a result that may differ between equal runs. */
export interface Manifest {
  readonly version: string;
  readonly commit: string | null;
  readonly node: string;
  readonly cpu: string;
  readonly configHash: string;
  /** What the system cost, ns by constant; absent without a system. */
  readonly costs?: Readonly<Record<string, number>>;
  readonly startedAt: string;
  readonly wallSeconds: number;
}

/** What a world knows when a run is over. */
export interface RunRecord {
  readonly typeNames: readonly string[];
  /** Per type, over the whole run. */
  readonly arrived: Float64Array;
  readonly completed: Float64Array;
  readonly dropped: Float64Array;
  /** Of these, after the warm-up. */
  readonly droppedMeasured: Float64Array;
  readonly dropReasons: Readonly<Record<string, number>>;
  readonly inFlight: number;
  readonly interrupted: boolean;
  /** Requests that arrived before the warm-up ended. */
  readonly skipped: number;
  /** Did the queues grow through all of the window? */
  readonly growing: boolean;
  /** Of several replications: in how many they did. */
  readonly grew?: number;
  readonly digest: string;
  readonly preemptions: number;
  readonly steals: number;
  readonly reservations: readonly ReservationEntry[];
  readonly reservationsLeftOut: number;
  /** Recorded after the warm-up, per type. */
  readonly measurements: readonly TypeMeasurements[];
  readonly slices?: readonly Slice[];
  /** From the end of the warm-up to the last arrival. */
  readonly window: {
    readonly fromNs: number;
    readonly toNs: number;
    /** Requests completed in it. */
    readonly completed: number;
    /** Worker time spent running requests in it, ns over all workers. */
    readonly busyNs: number;
    /** Worker time lost to preemptions and steals in it, ns over all workers. */
    readonly overheadNs: number;
    /** Time the dispatcher of a system was busy in it, ns; 0 without a system. */
    readonly dispatcherNs: number;
  };
}

export type RunIdentity = Pick<
  Result,
  | 'world'
  | 'policy'
  | 'policyParameters'
  | 'system'
  | 'workload'
  | 'workers'
  | 'load'
  | 'offeredRps'
  | 'seed'
  | 'warmup'
  | 'warmupRule'
>;

/**
 * Lays out a result. Rates and utilisation are those of the measuring window, from the end of the warm-up to the last arrival.
 *
 * @param runs the results of the replications, when `record` holds several of them pooled
 */
export function createResult(
  identity: RunIdentity,
  record: RunRecord,
  manifest: Manifest,
  runs: readonly Result[] = [],
): Result {
  const { window, measurements } = record;
  const windowNs = window.toNs - window.fromNs;
  const perWorkerTime = (ns: number) => (windowNs > 0 ? ns / (windowNs * identity.workers) : 0);
  return {
    schema: 'psp.result/1',
    world: identity.world,
    policy: identity.policy,
    policyParameters: identity.policyParameters,
    ...(identity.system !== undefined && {
      system: identity.system,
      dispatcherUtilisation: windowNs > 0 ? window.dispatcherNs / windowNs : 0,
    }),
    workload: identity.workload,
    workers: identity.workers,
    load: identity.load,
    offeredRps: identity.offeredRps,
    achievedRps: windowNs > 0 ? (window.completed * 1e9) / windowNs : 0,
    seed: identity.seed,
    warmup: identity.warmup,
    warmupRequests: record.skipped,
    warmupRule: identity.warmupRule,
    // At a load of 1 nothing but drops keeps the queues from growing, whether the run was long enough to show it or not.
    unstable: record.growing || (identity.world === 'sim' && identity.load >= 1 && total(record.droppedMeasured) === 0),
    replications: Math.max(1, runs.length),
    ...(record.grew !== undefined && { grew: record.grew }),
    requests: total(record.arrived),
    completed: total(record.completed),
    dropped: total(record.dropped),
    droppedMeasured: total(record.droppedMeasured),
    dropReasons: record.dropReasons,
    inFlight: record.inFlight,
    interrupted: record.interrupted,
    durationNs: window.toNs,
    digest: record.digest,
    utilisation: perWorkerTime(window.busyNs),
    overhead: perWorkerTime(window.overheadNs),
    preemptions: record.preemptions,
    steals: record.steals,
    reservations: record.reservations,
    reservationsLeftOut: record.reservationsLeftOut,
    overall: {
      slowdown: summarize(
        mergeAll(measurements.map((type) => type.slowdown)),
        asIs,
        runs.map((run) => run.overall.slowdown),
      ),
      sojournNs: summarize(
        mergeAll(measurements.map((type) => type.sojournNs)),
        Math.floor,
        runs.map((run) => run.overall.sojournNs),
      ),
    },
    types: record.typeNames.map((name, type) => {
      const { slowdown, sojournNs, serviceNs } = measurements[type]!;
      const ofRuns = (key: 'slowdown' | 'sojournNs' | 'serviceNs') => runs.map((run) => run.types[type]![key]);
      return {
        name,
        arrived: record.arrived[type]!,
        completed: record.completed[type]!,
        dropped: record.dropped[type]!,
        droppedMeasured: record.droppedMeasured[type]!,
        slowdown: summarize(slowdown, asIs, ofRuns('slowdown')),
        // Values are whole nanoseconds. The floor of a bucket's middle is one of the integers in it, and the only one while buckets are that small.
        sojournNs: summarize(sojournNs, Math.floor, ofRuns('sojournNs')),
        serviceNs: summarize(serviceNs, Math.floor, ofRuns('serviceNs')),
      };
    }),
    ...(record.slices && { slices: record.slices }),
    manifest,
  };
}

/** @param types what was recorded in the slice */
export function sliceOf(
  fromNs: number,
  toNs: number,
  types: readonly (Pick<TypeMeasurements, 'slowdown' | 'sojournNs'> & { readonly name: string })[],
): Slice {
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
  runs: readonly Distribution[] = [],
): Distribution {
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

function asIs(x: number): number {
  return x;
}

function mergeAll(histograms: readonly Histogram[]): Histogram {
  const all = new Histogram();
  for (const histogram of histograms) all.merge(histogram);
  return all;
}

function total(counts: Float64Array): number {
  return counts.reduce((sum, count) => sum + count, 0);
}

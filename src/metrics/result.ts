import { Histogram } from './histogram.js';
import type { TypeMeasurements } from './recorder.js';

/** The percentiles every distribution is reported by. */
export const PERCENTILES = { p50: 0.5, p90: 0.9, p99: 0.99, p99_9: 0.999, p99_99: 0.9999 } as const;
export type Percentile = keyof typeof PERCENTILES;

/** A distribution in a result: percentiles and mean (null when nothing was recorded) and the number of values behind them. */
export type Distribution = Readonly<Record<Percentile | 'mean', number | null>> & { readonly count: number };

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
  readonly requests: number;
  readonly completed: number;
  readonly dropped: number;
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
  readonly overall: { readonly slowdown: Distribution; readonly sojournNs: Distribution };
  readonly types: readonly TypeResult[];
  readonly manifest: Manifest;
}

export interface ReservationEntry {
  readonly atNs: number;
  readonly groups: readonly { readonly types: readonly string[]; readonly workers: readonly number[] }[];
}

export interface TypeResult {
  readonly name: string;
  readonly arrived: number;
  readonly completed: number;
  readonly dropped: number;
  readonly slowdown: Distribution;
  readonly sojournNs: Distribution;
  readonly serviceNs: Distribution;
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
  readonly dropReasons: Readonly<Record<string, number>>;
  readonly inFlight: number;
  readonly interrupted: boolean;
  readonly digest: string;
  readonly preemptions: number;
  readonly steals: number;
  readonly reservations: readonly ReservationEntry[];
  /** Recorded after the warm-up, per type. */
  readonly measurements: readonly TypeMeasurements[];
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
    readonly dispatcherNs?: number;
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
>;

/** Lays out a result. Rates and utilisation are those of the measuring window, from the end of the warm-up to the last arrival. */
export function createResult(identity: RunIdentity, record: RunRecord, manifest: Manifest): Result {
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
      dispatcherUtilisation: windowNs > 0 ? (window.dispatcherNs ?? 0) / windowNs : 0,
    }),
    workload: identity.workload,
    workers: identity.workers,
    load: identity.load,
    offeredRps: identity.offeredRps,
    achievedRps: windowNs > 0 ? (window.completed * 1e9) / windowNs : 0,
    seed: identity.seed,
    warmup: identity.warmup,
    requests: total(record.arrived),
    completed: total(record.completed),
    dropped: total(record.dropped),
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
    overall: {
      slowdown: summarize(mergeAll(measurements.map((type) => type.slowdown))),
      sojournNs: summarize(mergeAll(measurements.map((type) => type.sojournNs)), Math.floor),
    },
    types: record.typeNames.map((name, type) => ({
      name,
      arrived: record.arrived[type]!,
      completed: record.completed[type]!,
      dropped: record.dropped[type]!,
      slowdown: summarize(measurements[type]!.slowdown),
      // Values are whole nanoseconds. The floor of a bucket's middle is one of the integers in it, and the only one while buckets are that small.
      sojournNs: summarize(measurements[type]!.sojournNs, Math.floor),
      serviceNs: summarize(measurements[type]!.serviceNs, Math.floor),
    })),
    manifest,
  };
}

/** The reported form of a histogram; `round` is applied to the percentiles. */
export function summarize(histogram: Histogram, round: (x: number) => number = (x) => x): Distribution {
  const { count } = histogram;
  const names = Object.keys(PERCENTILES) as Percentile[];
  const values = histogram.quantiles(names.map((name) => PERCENTILES[name]));
  const known = (x: number) => (count > 0 ? x : null);
  return {
    ...(Object.fromEntries(names.map((name, i) => [name, known(round(values[i]!))])) as Record<
      Percentile,
      number | null
    >),
    mean: known(histogram.mean),
    count,
  };
}

function mergeAll(histograms: readonly Histogram[]): Histogram {
  const all = new Histogram();
  for (const histogram of histograms) all.merge(histogram);
  return all;
}

function total(counts: Float64Array): number {
  return counts.reduce((sum, count) => sum + count, 0);
}

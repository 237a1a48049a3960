/** What programs pass to psp and get from it, besides results. */

import type { Point } from '../results/point.js';
import type { Statistic } from '../results/result.js';
import type { Parameters, Policy } from '../scheduler/policy.js';
import type { Workload } from '../workload/workload.js';

/**
 * A policy: as it is typed (`darc`, `ts:quantum=10us`, `./keep.ts:keep=2`), or an object that `definePolicy` made,
 * alone or with values for its parameters.
 *
 * A text runs in threads, on all cores. An object cannot leave the thread that made it: it runs there, one run at a
 * time, and the thread does nothing else meanwhile.
 */
export type PolicyChoice = string | Policy | PolicyWithParameters;

/** A policy object with values for some of its parameters. */
export interface PolicyWithParameters {
  readonly policy: Policy;
  /** By field name: a parameter `quantum` of kind `duration` is `quantumNs`, in ns. */
  readonly parameters: Parameters;
}

/** What a run is of: everything that its result depends on. Only the workload has no default. */
export interface RunArguments {
  /** The name of one that comes with psp, a `.yaml`, `.csv` or `.csv.gz` file, or what `parseWorkload` returns. */
  readonly workload: string | Workload;
  /** Default: `d-fcfs`, `c-fcfs`, `ts`, `darc`. */
  readonly policies?: readonly PolicyChoice[];
  /** Names of modelled systems, or `.yaml` files. With policies only one, whose costs they then have. */
  readonly systems?: readonly string[];
  /** Cores that serve requests, 1 to 65536. Default: 14. */
  readonly workers?: number;
  /** Offered work as a share of what the workers can do, above 0. Default: 0.8. Excludes the next two. */
  readonly load?: number;
  /** Requests per second instead, above 0. */
  readonly rateRps?: number;
  /** What the rate of a trace is multiplied by, above 0. Traces only. */
  readonly rateScale?: number;
  /** Where the run ends, at least 1. Default: 2 million, one cycle of the phases, or the whole trace. */
  readonly requests?: number;
  /** Simulated time after which it ends instead, ns, above 0. */
  readonly durationNs?: number;
  /** Seed of all random numbers. Default: `1`. */
  readonly seed?: string | number;
  /** Share of the run that is not measured, 0 to below 1. Default: until settled; 0.1 with phases or traces. */
  readonly warmup?: number;
  /** Independent repetitions that are pooled, 1 to 10000. Default: 1. */
  readonly replications?: number;
  /** Repeat until a statistic of the slowdown is known this well. */
  readonly precision?: WantedPrecision;
  /** Most replications with a precision. Default: 64. */
  readonly maxReplications?: number;
  /** Also report slices of this length, ns. */
  readonly sliceNs?: number;
}

/** How well a statistic of the slowdown is to be known. */
export interface WantedPrecision {
  /** Half-width of the 95 % interval over the value, above 0 to 1. */
  readonly relative: number;
  readonly statistic: Statistic;
  /** Of this type only; default: of every type. */
  readonly type?: string;
}

/** How a program watches and stops what takes long. */
export interface WatchArguments {
  /** When aborted, everything ends soon, and the promise is rejected with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Told about five times a second how much is done, 0 to 1. */
  readonly onProgress?: (done: number) => void;
}

export type SimulateArguments = RunArguments & WatchArguments;

type OneOrMore<T> = T | readonly T[];

/** As for one run, but each value may be a list: every combination is a point. */
export type SweepArguments = Omit<
  { readonly [K in keyof RunArguments]: OneOrMore<NonNullable<RunArguments[K]>> },
  'workload' | 'policies' | 'systems'
> &
  WatchArguments & {
    /** Names or files. */
    readonly workload: OneOrMore<string>;
    /** As they are typed: points are kept by the code of their policies, which an object does not show. */
    readonly policies?: readonly string[];
    readonly systems?: readonly string[];
    /** Folder of the results, made if missing. Points that it has already are not run again. */
    readonly out: string;
    /** Told in a sentence what a reader of the results should know. */
    readonly onNote?: (message: string) => void;
  };

/** What a sweep has done. */
export interface SweepResult {
  /** All points that were asked for and are there, in the order of the combinations. */
  readonly points: readonly Point[];
  /** How many of them were run now. */
  readonly ran: number;
  /** How many were there already. */
  readonly present: number;
  /** The points that could not be run, as commands. */
  readonly failures: readonly { readonly command: string; readonly message: string }[];
}

/** What to search, by which objectives. Load and replications follow from the search. */
export type CapacityArguments = Omit<
  RunArguments,
  'workload' | 'policies' | 'load' | 'rateScale' | 'replications' | 'precision'
> &
  Pick<WatchArguments, 'signal'> & {
    /** Name or file; not a trace. */
    readonly workload: string;
    /** As they are typed. */
    readonly policies?: readonly string[];
    /** At least one, such as `p99.9 slowdown <= 10 for every type`. */
    readonly slos: readonly string[];
    /** The highest load (default), or the fewest workers at a rate: then `rateRps` is needed. */
    readonly find?: 'load' | 'workers';
    /** Told what is tried next. */
    readonly onProbe?: (contender: string, workers: number, load: number) => void;
  };

/** How results are compared. */
export interface CompareArguments {
  /** Relative difference that is allowed, above 0, such as 0.1; without it nothing is judged. */
  readonly tolerance?: number;
  /** Compare results of different requests, too. */
  readonly unpaired?: boolean;
}

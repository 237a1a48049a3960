import type { TypedPolicy } from '../../scheduler/policy-registry.js';
import type { Workload } from '../../workload/workload.js';
import type { Precision } from '../run/replicate.js';

/** What a person asked for. Everything that is not given has a default. */
export interface Settings {
  /** Name of a workload that comes with psp, or a file. */
  readonly workload: string;
  readonly policies?: readonly string[];
  /** Names of systems that come with psp, or files. With policies at most one, which then gives the costs. */
  readonly systems?: readonly string[];
  readonly workers?: number;
  /** At most one of these three. */
  readonly load?: number;
  readonly rateRps?: number;
  /** Traces only. */
  readonly rateScale?: number;
  /** At most one of these two. */
  readonly requests?: number;
  readonly durationNs?: number;
  /** Share of the requests of every type that policies are told no type of; default: what the workload says. */
  readonly unclassified?: number;
  readonly seed?: string;
  readonly warmup?: number;
  readonly replications?: number;
  readonly precision?: Precision;
  readonly maxReplications?: number;
  /** Also report the measuring window in slices of this length. */
  readonly sliceNs?: number;
  /** File to record the one run into. */
  readonly record?: string;
}

/** The same, where a program asks: a workload or a policy may be an object that it has made. */
export interface AskedSettings extends Omit<Settings, 'workload' | 'policies'> {
  readonly workload: string | Workload;
  readonly policies?: readonly (string | TypedPolicy)[];
}

export const DEFAULTS = {
  /** The four of Perséphone's comparison. */
  policies: ['d-fcfs', 'c-fcfs', 'ts', 'darc'],
  /** The workers of Perséphone's testbed. */
  workers: 14,
  load: 0.8,
  requests: 2_000_000,
  seed: '1',
  /** For a run that is not known to be stationary. */
  warmup: 0.1,
  replications: 1,
  /** Fewer give wide intervals: Student's t is 2.4 with 8 replications, and 4.3 with 3. */
  replicationsForPrecision: 8,
  maxReplications: 64,
} as const;

/**
 * The settings with every default that does not depend on the workload. Load, end and warm-up do: readRunInput and
 * planRuns set them.
 */
export function withDefaults<S extends Partial<AskedSettings>>(settings: S) {
  const { workers = DEFAULTS.workers, seed = DEFAULTS.seed } = settings;
  const policies = policiesOrDefault(settings);
  return { ...settings, workers, seed, ...(policies && { policies }) };
}

/** The policies that are compared; undefined where each system has its own. */
export function policiesOrDefault<P>({
  policies,
  systems,
}: {
  readonly policies?: readonly P[];
  readonly systems?: readonly string[];
}): readonly (P | string)[] | undefined {
  return policies ?? (systems ? undefined : DEFAULTS.policies);
}

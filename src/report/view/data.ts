/**
 * What a report page knows: the points of a sweep, reduced to what it shows. Written by report-data.ts, embedded in the
 * page as JSON.
 */

import type { FailedPoint } from '../../results/point.js';
import type { Result } from '../../results/result.js';
import type { Charted } from '../charts/charted-results.js';

export interface ReportData {
  /** The name of the folder. */
  readonly title: string;
  /** Of psp, each once: `psp 0.1.0, commit …`. */
  readonly versions: readonly string[];
  readonly runs: readonly ShownRun[];
  readonly failed: readonly FailedRun[];
}

/** A point that could not be run. */
export type FailedRun = Pick<FailedPoint, 'key' | 'command' | 'error'>;

/** A point of the sweep. */
export interface ShownRun
  extends Charted,
    Pick<Result, 'workload' | 'workers' | 'offeredRps' | 'replications' | 'reservationsLeftOut'> {
  readonly key: string;
  readonly command: string;
  /** System and policy as they are typed. */
  readonly label: string;
  /** Null for a trace whose requests all come at once. */
  readonly load: number | null;
  /** What was typed, by the name of the option: all but workload, policy and system. */
  readonly options: Readonly<Record<string, string>>;
  /** The numeric parameters of its policy that have other values in other points. */
  readonly parameters: Readonly<Record<string, Parameter>>;
  /** Of one replication, each change; empty for a policy that reserves nothing. */
  readonly reservations: readonly Reserved[];
  /** Changes beyond those listed. */
  readonly changesLeftOut: number;
  /** Simulated time of one replication. */
  readonly endNs: number;
}

export interface Parameter {
  readonly value: number;
  readonly unit: 'number' | 'duration';
  /** The label without it. */
  readonly without: string;
}

/** How the workers were divided, from a moment on. */
export interface Reserved {
  readonly atNs: number;
  /** Shortest requests first. */
  readonly groups: readonly { readonly name: string; readonly workers: number }[];
}

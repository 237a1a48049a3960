/** The result of a search for capacity. */

import type { MissingValue } from './outcome-schema.js';
import type { Manifest, Result, Statistic } from './result.js';

/** What was found: schema `psp.capacity/1`, documented in docs/capacity.md. */
export interface Capacity {
  readonly schema: 'psp.capacity/1';
  readonly find: 'load' | 'workers';
  readonly workload: string;
  /** The workload's name for people. */
  readonly title: string;
  readonly slos: readonly string[];
  readonly seed: string;
  /** One per policy or system, in the order they were asked for. */
  readonly entries: readonly CapacityEntry[];
  readonly manifest: Pick<Manifest, 'version' | 'commit' | 'node' | 'cpu'>;
}

export interface CapacityEntry {
  readonly policy: string;
  readonly policyParameters: Result['policyParameters'];
  readonly policyDefaults?: NonNullable<Result['policyDefaults']>;
  readonly system?: string;
  /** The most that was shown to meet all objectives; null when nothing was. */
  readonly holds: Probe | null;
  /** The least above it that was shown to miss an objective; null when nothing below the workers' limit was. */
  readonly fails: Probe | null;
  /** All that was tried, in order. */
  readonly probes: readonly Probe[];
}

/** One configuration that was tried. */
export interface Probe {
  readonly load: number;
  readonly offeredRps: number;
  readonly workers: number;
  readonly replications: number;
  /** By the objective that it meets worst. */
  readonly judgement: Judgement;
  /** The command that runs it. */
  readonly command: string;
}

/** The objective is met, is missed, or the intervals are too wide to say. */
export type SloVerdict = 'holds' | 'fails' | 'undecided';

/** A result judged by an objective, for the type that meets it worst. */
export interface Judgement {
  readonly verdict: SloVerdict;
  /** As typed, and what was read from it. */
  readonly slo: string;
  readonly statistic: Statistic;
  readonly quantity: 'slowdown' | 'sojournNs';
  readonly bound: number;
  /** The type; null for all requests together. */
  readonly type: string | null;
  /** The statistic and its 95 % interval; null where it is not known. */
  readonly value: number | null;
  readonly low: number | null;
  readonly high: number | null;
  /** Why it fails, if the value is not the reason. */
  readonly reason?: MissingValue | 'dropped';
}

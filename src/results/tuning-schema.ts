/** The result of a search for the best parameters of a policy. */

import type { Judgement } from './capacity-schema.js';
import type { Interval, Manifest } from './result.js';

/** What was found: schema `psp.tuning/1`, documented in docs/tuning.md. */
export interface Tuning {
  readonly schema: 'psp.tuning/1';
  readonly workload: string;
  /** The workload's name for people. */
  readonly title: string;
  readonly system?: string;
  readonly workers: number;
  readonly load: number;
  readonly offeredRps: number;
  readonly seed: string;
  readonly slos: readonly string[];
  /** As typed, with its ranges. */
  readonly policy: string;
  readonly ranges: readonly TunedRange[];
  /** All that raced, in the order in which they entered. */
  readonly candidates: readonly Candidate[];
  /** Runs that decided the race. */
  readonly runs: number;
  /** The winner, on seeds it was not chosen with; null when no candidate carried the load in every run. */
  readonly best: Confirmed | null;
  /** The policy without the tuned parameters, on the same seeds. */
  readonly default: Confirmed;
  /**
   * The default's worst objective divided by the best's, with its 95 % interval: above 1 the best is better. Null when
   * there is no best, the default is the best, or one of them has no value.
   */
  readonly gain: { readonly ratio: number; readonly interval: Interval } | null;
  readonly sensitivity: readonly Sensitivity[];
  readonly manifest: Pick<Manifest, 'version' | 'commit' | 'node' | 'cpu'>;
}

/** Values that were searched: from one to another on a scale, or some. As they are typed. */
export type TunedRange = { readonly key: string } & (
  | { readonly from: string; readonly to: string; readonly scale: 'linear' | 'log' }
  | { readonly choices: readonly string[] }
);

/** What became of a candidate. */
export type Fate =
  /** Won. */
  | 'best'
  /** Was neither shown to be worse than the best nor better. */
  | 'left'
  /** Was significantly worse. */
  | 'worse'
  /** Had the same results as one before it. */
  | 'same'
  /** Could not carry the load, or could not be run. */
  | 'failed';

export interface Candidate {
  readonly policy: string;
  /** Of the tuned parameters, by key, as they are typed. */
  readonly values: Readonly<Record<string, string>>;
  readonly runs: number;
  /** Geometric mean over its runs of the worst objective's value divided by its bound; null when one failed. */
  readonly score: number | null;
  readonly fate: Fate;
}

export interface Confirmed {
  readonly policy: string;
  readonly values: Readonly<Record<string, string>>;
  readonly replications: number;
  /** By the objective with the least room. */
  readonly judgement: Judgement;
  /** The command that runs it. */
  readonly command: string;
}

/** One parameter at several values, with all others as the best has them. */
export interface Sensitivity {
  readonly key: string;
  /** The largest value of the worst objective divided by the smallest; null where a value failed. */
  readonly effect: number | null;
  /** By ascending value. */
  readonly values: readonly (Confirmed & { readonly value: string })[];
}

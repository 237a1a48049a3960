/** A point of a sweep: one policy under one configuration, and its result. */

import { sha256 } from '../../policy-files/bundle-policy.js';
import type { FailedPoint } from '../../results/point.js';
import { packageVersion } from '../package-info.js';
import { canonicalJson, contenderName, type SentSpec, sentHash } from '../plan/run-spec.js';
import type { Replications } from '../run/replicate.js';

/** A point to run. It is plain data, so that it can go to another thread or machine. */
export interface PlannedPoint {
  readonly key: string;
  readonly spec: SentSpec;
  readonly replications: Replications;
  /** The command that runs this point alone. */
  readonly command: string;
}

export function failedPoint({ key, command, spec }: PlannedPoint, error: string): FailedPoint {
  const { policy, system, workers, seed } = spec;
  const label = contenderName(policy, system);
  return { schema: 'psp.failure/1', key, command, label, workers, seed, version: packageVersion(), error };
}

/** Digits of a key: enough that two points never have the same key. */
const KEY_DIGITS = 32;

/** The hash of everything that determines the result, and of the version of psp. */
export function pointKey(spec: SentSpec, replications: Replications): string {
  const identity = { version: packageVersion(), config: sentHash(spec), replications };
  return sha256(canonicalJson(identity)).slice(0, KEY_DIGITS);
}

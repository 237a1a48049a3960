/** A point of a sweep: one policy under one configuration, and its result. */

import { sha256 } from '../../policy-files/bundle-policy.js';
import type { FailedPoint } from '../../results/point.js';
import { packageVersion } from '../package-info.js';
import { canonicalJson, contenderName, type RunSpec, type SentSpec, sendSpec, sentHash } from '../plan/run-spec.js';
import type { Replications } from '../run/replicate.js';

/** A point to run. It is plain data, so that it can go to another thread or machine. */
export interface PlannedPoint {
  readonly key: string;
  readonly spec: SentSpec;
  readonly replications: Replications;
  /** The command that runs this point alone. */
  readonly command: string;
  /** Of a point that runs on this machine, or on those of a testbed, instead of in the simulator. */
  readonly real?: RealPart;
}

/** How a point runs for real. */
export interface RealPart {
  /** How much to stretch time; `auto` from the number of cores. */
  readonly dilate: number | 'auto';
  /** About how long all runs of the point take, s of real time. It is not part of the key. */
  readonly seconds: number;
  /** The digest of the testbed that it runs on; absent: on this machine. */
  readonly hosts?: string;
}

export function failedPoint({ key, command, spec }: PlannedPoint, error: string): FailedPoint {
  const { policy, system, workers, seed } = spec;
  const label = contenderName(policy, system);
  return { schema: 'psp.failure/1', key, command, label, workers, seed, version: packageVersion(), error };
}

export function simulatedPoint(spec: RunSpec, replications: Replications, command: string): PlannedPoint {
  const sent = sendSpec(spec);
  return { key: pointKey(sent, replications), spec: sent, replications, command };
}

/** Digits of a key: enough that two points never have the same key. */
const KEY_DIGITS = 32;

/** The hash of everything that determines the result, and of the version of psp. */
export function pointKey(
  spec: SentSpec,
  replications: Replications,
  real?: Pick<RealPart, 'dilate' | 'hosts'>,
): string {
  const identity = {
    version: packageVersion(),
    config: sentHash(spec),
    replications,
    ...(real && { world: 'hw', dilate: real.dilate, ...(real.hosts !== undefined && { hosts: real.hosts }) }),
  };
  return sha256(canonicalJson(identity)).slice(0, KEY_DIGITS);
}

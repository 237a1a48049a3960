/** Holds a policy to all that psp's own are held to. */

import type { CheckCase } from '../../check/check-case.js';
import { describeCase, formatCase } from '../../check/check-case.js';
import { type CaseBreach, type Findings, findViolation, judgeCase } from '../../check/find-violation.js';
import { policyFault } from '../../policy-files/policy-faults.js';
import { defaultParameters, type Policy } from '../../scheduler/policy.js';
import type { ChosenPolicy } from '../../scheduler/policy-registry.js';
import { InputError } from '../../units/errors.js';
import { measureAllocation } from './measure-allocation.js';
import { playInSimulator, playOnRings } from './play-on-rings.js';

export interface CheckOptions {
  /** Of the random cases; default: 1. */
  readonly seed?: string | number;
  /** How many random cases; default: 100. */
  readonly runs?: number;
  /** Check this case only. */
  readonly only?: CheckCase;
  /** Told the number of cases done. */
  readonly onProgress?: (done: number) => void;
  /** Told of each case before it is played; without one when other things are measured. */
  readonly onCase?: (given?: CheckCase) => void;
}

/** What came out of a check. Plain data. */
export interface CheckReport {
  readonly policy: string;
  /** Does it keep every promise? */
  readonly ok: boolean;
  /** Random cases played, the requests in them, and cases that the policy refused. */
  readonly cases: number;
  readonly requests: number;
  readonly refused: number;
  /** Bytes allocated per request in steady state; absent when it was not measured. */
  readonly bytesPerRequest?: number;
  /** Requests served over the dispatcher's rings; absent for a policy that runs in the simulator only. */
  readonly ringRequests?: number;
  /** The first promise that does not hold. */
  readonly violation?: {
    readonly property: string;
    /** A sentence. */
    readonly story: string;
    /** The simplest case found that shows it, in words and for `psp check --case`. */
    readonly workload?: string;
    readonly case?: string;
  };
}

/** What allocates less per request allocates nothing per request: a list that doubles, once, is no leak. */
const MOST_BYTES = 0.5;

/**
 * Holds a policy to what its metadata promise and to what every policy must keep: conservation, one request per worker,
 * order, work conservation, no allocation, determinism, and the same decisions over the dispatcher's rings.
 *
 * @param given a policy with its default parameters, or one with parameters
 * @throws InputError when the policy refuses every case
 */
export async function checkPolicy(given: Policy | ChosenPolicy, options: CheckOptions = {}): Promise<CheckReport> {
  const chosen = 'policy' in given ? given : { policy: given, parameters: defaultParameters(given) };
  const { name: policy } = chosen.policy;
  if (options.only) options.onCase?.(options.only);
  const { cases, requests, refused, violation } = options.only
    ? await judgeOnly(chosen, options.only)
    : await findViolation(chosen, options);
  const report = { policy, cases, requests, refused };
  if (violation) return { ...report, ok: false, violation: told(violation, violation.simplest) };
  if (options.only) return { ...report, ok: true };
  options.onCase?.();
  const bytesPerRequest = attempt(() => measureAllocation(chosen));
  if (typeof bytesPerRequest !== 'number') return { ...report, ok: false, violation: bytesPerRequest };
  if (bytesPerRequest > MOST_BYTES) {
    const bytes = bytesPerRequest < 10 ? bytesPerRequest.toFixed(1) : bytesPerRequest.toFixed(0);
    const story = `it allocates ${bytes} bytes per request in steady state, and a dispatcher would stop to free them`;
    return { ...report, bytesPerRequest, ok: false, violation: { property: 'no allocation', story } };
  }
  const rings = attempt(() => ringBreach(chosen));
  if (typeof rings === 'object') return { ...report, bytesPerRequest, ok: false, violation: rings };
  return { ...report, bytesPerRequest, ...(rings > 0 && { ringRequests: rings }), ok: true };
}

async function judgeOnly(chosen: ChosenPolicy, only: CheckCase): Promise<Findings> {
  const outcome = await judgeCase(chosen, only);
  if (outcome instanceof InputError) throw outcome;
  const violation = outcome && { ...outcome, simplest: only, first: only };
  return { cases: 1, requests: only.requests, refused: 0, ...(violation && { violation }) };
}

/** An error of the policy names its own line. */
function told({ property, story, cause }: CaseBreach, simplest?: CheckCase) {
  const fault = cause === undefined ? undefined : policyFault(cause);
  return {
    property,
    story: fault ? `the policy threw at ${fault.message}` : story,
    ...(simplest && { workload: describeCase(simplest), case: formatCase(simplest) }),
  };
}

function attempt<T>(run: () => T): T | { property: string; story: string } {
  try {
    return run();
  } catch (error) {
    if (error instanceof InputError) throw error;
    return told({ property: 'throws nothing', story: `the policy threw ${String(error)}`, cause: error });
  }
}

const RING_WORKERS = 14;
const RING_REQUESTS = 2000;
/** The workload of the rings has requests a thousand times as long as those that policies are made for. */
const STRETCH = 1000;
const MOST_INT32 = 2 ** 31 - 1;

/** Returns the number of requests that were served, or what was wrong; 0 for a policy that no machine can run. */
function ringBreach(chosen: ChosenPolicy): number | { property: string; story: string } {
  const { policy, parameters } = chosen;
  if (policy.clairvoyant || policy.sharing || parameters.oracle === true) return 0;
  const stretched = Object.entries(parameters).map(([field, value]) =>
    field.endsWith('Ns') && typeof value === 'number' ? [field, Math.min(value * STRETCH, MOST_INT32)] : [field, value],
  );
  const slow = { ...chosen, parameters: Object.fromEntries(stretched) };
  const run = { workers: RING_WORKERS, requests: RING_REQUESTS };
  const { digest, counts, native } = playOnRings(slow, run);
  if (native.inFlight() > 0) {
    const story = `${native.inFlight()} of ${RING_REQUESTS} requests were never finished over the dispatcher's rings`;
    return { property: 'live on the rings', story };
  }
  const simulated = playInSimulator(slow, run);
  // Where two requests of one worker may begin at one moment, the two worlds may order their ends otherwise.
  const isComparable = !(policy.queues === 'dealt' && policy.preemptive);
  if (!isComparable || digest === simulated.digest) return RING_REQUESTS;
  const story =
    `over the dispatcher's rings it decided otherwise than in the simulator: ${counts.completed} completions and ` +
    `${counts.preempted} preemptions there, ${simulated.completed} and ${simulated.preemptions} here`;
  return { property: 'the same over the rings', story };
}

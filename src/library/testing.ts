/**
 * Holds a policy to its promises, in any test runner: what `psp check` does, and the referee that it uses.
 *
 * @module psp/testing
 */

import { parseCase } from '../check/check-case.js';
import { createReferee, type Referee, type RefereeOptions } from '../check/referee.js';
import { type CheckReport, checkPolicy as holdToAll } from '../experiment/check/check-policy.js';
import { allowPolicyFiles } from '../policy-files/open-policies.js';
import { type ChosenPolicy, parsePolicy } from '../scheduler/policy-registry.js';
import type { SchedulerSetup } from '../scheduler/scheduler.js';
import { InputError } from '../units/errors.js';
import { checkArguments, FUNCTION, isPolicyChoice, policyOfChoice, RUN_RULES, TEXT } from './check-arguments.js';
import type { PolicyChoice } from './options.js';

export type { Breach } from '../check/books.js';
export type { Demand, Departure, Referee, RefereeOptions } from '../check/referee.js';
export type { CheckReport } from '../experiment/check/check-policy.js';
export { InputError } from '../units/errors.js';
export type { PolicyChoice, PolicyWithParameters } from './options.js';

/** How long to look for a broken promise. */
export interface CheckArguments {
  /** Of the random cases. Default: 1. */
  readonly seed?: string | number;
  /** How many random cases, 1 to 10000. Default: 100. */
  readonly runs?: number;
  /** Play only this case, such as `seed=7:types=2:workers=4:load=0.9:requests=12`: that of an earlier violation. */
  readonly case?: string;
  /** Told the number of cases done. */
  readonly onProgress?: (done: number) => void;
}

const RULES = { seed: RUN_RULES.seed, runs: RUN_RULES.replications, case: TEXT, onProgress: FUNCTION };

/**
 * Plays random small workloads under a referee, and looks for the simplest one that shows a broken promise. Then it
 * measures what the policy allocates, and plays it over the dispatcher's rings.
 *
 * @param policy as it is typed, or an object of `definePolicy`
 * @returns the violation, if there is one, and how much was played
 * @throws InputError when an argument is wrong, or the policy refuses every case
 */
async function checkChoice(policy: PolicyChoice, options: CheckArguments = {}): Promise<CheckReport> {
  const { case: text, ...rest } = checkArguments(options, RULES, []) as CheckArguments;
  return holdToAll(chosenOf(policy), { ...rest, ...(text !== undefined && { only: parseCase(text) }) });
}

/**
 * The same, for a test: fails with what the policy did, and the case that shows it again.
 *
 * @throws Error when a promise is broken
 */
export async function assertPolicy(policy: PolicyChoice, options: CheckArguments = {}): Promise<void> {
  const { policy: name, violation } = await checkChoice(policy, options);
  if (!violation) return;
  const { property, story, workload, case: simplest } = violation;
  const where = workload === undefined ? '' : `\n${workload}: case '${simplest}'`;
  throw new Error(`${name} breaks a promise (${property}): ${story}${where}`);
}

/**
 * Makes a scheduler that passes everything on to that of the policy and notes every broken promise in `violations`.
 *
 * @param setup of the scheduler, as a world has it
 * @throws InputError when the policy refuses the setup
 */
export function referee(policy: PolicyChoice, setup: SchedulerSetup, options: RefereeOptions): Referee {
  return createReferee(chosenOf(policy), setup, options);
}

export { checkChoice as checkPolicy };

function chosenOf(policy: PolicyChoice): ChosenPolicy {
  if (!isPolicyChoice(policy)) throw new InputError('policy: expected a text, or what definePolicy returns');
  allowPolicyFiles();
  const chosen = policyOfChoice(policy, 'policy');
  return typeof chosen === 'string' ? parsePolicy(chosen) : chosen;
}

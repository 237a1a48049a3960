/**
 * Holds a policy to its promises, in any test runner: the referee and the properties that psp's own policies are held
 * to, and `psp check` uses.
 *
 * @module psp/testing
 */

import { describeCase, formatCase, parseCase } from '../check/check-case.js';
import { type CaseBreach, type Findings, findViolation, judgeCase } from '../check/find-violation.js';
import { createReferee, type Referee, type RefereeOptions } from '../check/referee.js';
import { allowPolicyFiles } from '../policy-files/open-policies.js';
import { type ChosenPolicy, parsePolicy } from '../scheduler/policy-registry.js';
import type { SchedulerSetup } from '../scheduler/scheduler.js';
import { InputError } from '../units/errors.js';
import { checkArguments, FUNCTION, isPolicyChoice, policyOfChoice, RUN_RULES } from './check-arguments.js';
import type { PolicyChoice } from './options.js';

export type { Breach } from '../check/books.js';
export type { CheckCase } from '../check/check-case.js';
export type { CaseBreach, Findings, Violation } from '../check/find-violation.js';
export type { Demand, Departure, Referee, RefereeOptions } from '../check/referee.js';
export { InputError } from '../units/errors.js';
export type { PolicyChoice, PolicyWithParameters } from './options.js';

/** How long to look for a broken promise. */
export interface CheckArguments {
  /** Of the random cases. Default: 1. */
  readonly seed?: string | number;
  /** How many random cases, 1 to 10000. Default: 100. */
  readonly runs?: number;
  /** Told the number of cases done. */
  readonly onProgress?: (done: number) => void;
}

const RULES = { seed: RUN_RULES.seed, runs: RUN_RULES.replications, onProgress: FUNCTION };

/**
 * Plays random small workloads under a referee, and looks for the simplest one that shows a broken promise.
 *
 * @param policy as it is typed, or an object of `definePolicy`
 * @returns the violation, if there is one, and how much was played
 * @throws InputError when an argument is wrong, or the policy refuses every case
 */
export function checkPolicy(policy: PolicyChoice, options: CheckArguments = {}): Promise<Findings> {
  return findViolation(chosenOf(policy), checkArguments(options, RULES, []) as CheckArguments);
}

/**
 * The same, for a test: fails with what the policy did, and the case that shows it again with {@link checkCase}.
 *
 * @throws Error when a promise is broken
 */
export async function assertPolicy(policy: PolicyChoice, options: CheckArguments = {}): Promise<void> {
  const { violation } = await checkPolicy(policy, options);
  if (!violation) return;
  const { property, story, simplest, cause } = violation;
  throw new Error(
    `${chosenOf(policy).policy.name} breaks '${property}': ${story}\n` +
      `${describeCase(simplest)}: case '${formatCase(simplest)}'`,
    { cause },
  );
}

/**
 * Plays one case again.
 *
 * @param text of a case, such as `seed=7:types=2:workers=4:load=0.9:requests=12`
 * @returns what is wrong, or undefined when all promises hold
 * @throws InputError when the text is no case, or the policy refuses it
 */
export async function checkCase(policy: PolicyChoice, text: string): Promise<CaseBreach | undefined> {
  const outcome = await judgeCase(chosenOf(policy), parseCase(text));
  if (outcome instanceof InputError) throw outcome;
  return outcome;
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

function chosenOf(policy: PolicyChoice): ChosenPolicy {
  if (!isPolicyChoice(policy)) throw new InputError('policy: expected a text, or what definePolicy returns');
  allowPolicyFiles();
  const chosen = policyOfChoice(policy, 'policy');
  return typeof chosen === 'string' ? parsePolicy(chosen) : chosen;
}

/** Runs the code of the page's editor, in a worker that can be ended. */

import { checkMetadata } from '../policy-files/check-metadata.js';
import type { Policy } from '../scheduler/policy.js';
import * as parts from '../scheduler/policy-parts.js';
import { InputError } from '../units/errors.js';
import { MINE } from './lab-state.js';

/** What the code is called in a stack, so that {@link lineIn} finds it. */
const ADDRESS = 'mine.ts';
/** Lines that `Function` writes before the code. */
const LINES_BEFORE = 2;

let last: { readonly code: string; readonly policy: Policy } | undefined;

/**
 * The policy that the code makes, the same for the same code.
 *
 * @param code JavaScript that finds the parts of `psp/policy` in `psp` and leaves its policy in `made.policy`
 * @throws InputError when it makes none, or one that contradicts itself; whatever the code throws
 */
export function policyOfCode(code: string): Policy {
  if (last?.code === code) return last.policy;
  const made: { policy?: unknown } = {};
  new Function('psp', 'made', `${code}\n//# sourceURL=${ADDRESS}`)(parts, made);
  const { policy } = made;
  if (typeof policy !== 'object' || policy === null) {
    throw new InputError(`${MINE}: expected a policy as default export, made with definePolicy; found none`);
  }
  checkMetadata(policy as Policy, () => MINE);
  last = { code, policy: policy as Policy };
  return last.policy;
}

/** The line of the editor, from 1, that an error came from; undefined when it came from elsewhere. */
export function lineIn(stack: string | undefined): number | undefined {
  const line = /mine\.ts:(\d+)/.exec(stack ?? '')?.[1];
  return line === undefined ? undefined : Number(line) - LINES_BEFORE;
}

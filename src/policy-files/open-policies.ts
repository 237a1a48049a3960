/** Lets policies be named by their files, wherever psp reads the name of a policy. */

import { openPolicyFilesWith, type PolicyFile } from '../scheduler/policy-registry.js';
import { bundlePolicy } from './bundle-policy.js';
import { loadPolicies } from './load-policies.js';

const opened = new Map<string, PolicyFile>();

/**
 * Reads the policies of a file, once per process: all its runs are of the same code.
 *
 * @throws InputError
 */
export function openPolicyFile(file: string): PolicyFile {
  const at = `${process.cwd()}\n${file}`;
  const known = opened.get(at);
  if (known) return known;
  const code = bundlePolicy(file);
  const found = { code, policies: loadPolicies(code) };
  opened.set(at, found);
  return found;
}

/** From now on, {@link parsePolicy} reads files. */
export function allowPolicyFiles(): void {
  openPolicyFilesWith(openPolicyFile);
}

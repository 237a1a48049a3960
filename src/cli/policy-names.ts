/** The policies that a configuration or an experiment has made known by name, for the command line beside it. */

import { splitList } from '../units/lists.js';

let known: ReadonlyMap<string, string> = new Map();

/** @param names how each policy is found from the working directory, by its name */
export function knowPolicies(names: ReadonlyMap<string, string>): void {
  known = names;
}

/** A policy as it is typed, with the file in place of a name that a configuration has made known. */
export function withKnownFile(policy: string): string {
  if (known.size === 0) return policy;
  const [name = '', ...rest] = splitList(policy, ':');
  return [known.get(name) ?? name, ...rest].join(':');
}

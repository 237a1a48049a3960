/** Checks what a program passes: plain JavaScript has no compiler that did. Nothing here needs Node. */

import { MOST_LOAD, MOST_REPLICATIONS, MOST_WORKERS } from '../experiment/plan/limits.js';
import type { AskedSettings } from '../experiment/plan/run-settings.js';
import { checkMetadata } from '../policy-files/check-metadata.js';
import { STATISTIC_NAMED } from '../results/result.js';
import { parametersFromPlain } from '../scheduler/policy.js';
import { describePolicy, parsePolicy, policies, type TypedPolicy } from '../scheduler/policy-registry.js';
import { InputError } from '../units/errors.js';
import { unknownName } from '../units/nearest.js';
import type { PolicyChoice } from './options.js';

/** What a field has to be. */
export interface FieldRule {
  /** In words. */
  readonly expected: string;
  fits(value: unknown): boolean;
}

export type FieldRules = Readonly<Record<string, FieldRule>>;

const numberThat = (expected: string, fits: (x: number) => boolean): FieldRule => ({
  expected,
  fits: (x) => typeof x === 'number' && Number.isFinite(x) && fits(x),
});
const wholeTo = (most: number) =>
  numberThat(`a whole number from 1 to ${most}`, (x) => Number.isInteger(x) && x >= 1 && x <= most);
const isText = (x: unknown) => typeof x === 'string' && x !== '';
const isObject = (x: unknown): x is Readonly<Record<string, unknown>> =>
  typeof x === 'object' && x !== null && !Array.isArray(x);
const isList = (x: unknown, fits: (item: unknown) => boolean) => Array.isArray(x) && x.length > 0 && x.every(fits);
const isPolicyObject = (x: unknown) => isObject(x) && ('create' in x || ('policy' in x && isObject(x.policy)));

/** A text, or an object that may be a policy. */
export const isPolicyChoice = (x: unknown) => isText(x) || isPolicyObject(x);

const LENGTH = numberThat('a number of ns, at least 1', (x) => x >= 1 && x <= Number.MAX_SAFE_INTEGER);
const STATISTICS: readonly string[] = Object.values(STATISTIC_NAMED);

export const TEXT: FieldRule = { expected: 'a text', fits: isText };
export const FUNCTION: FieldRule = { expected: 'a function', fits: (x) => typeof x === 'function' };
export const FLAG: FieldRule = { expected: 'true or false', fits: (x) => typeof x === 'boolean' };
export const TEXTS: FieldRule = { expected: "a list of texts, such as ['darc']", fits: (x) => isList(x, isText) };

/** Of what a run is of. */
export const RUN_RULES = {
  workload: {
    expected: 'the name of a workload, a file, or what parseWorkload returns',
    fits: (x) => isText(x) || (isObject(x) && isObject(x.source) && Array.isArray(x.phases)),
  },
  policies: {
    expected: "a list of policies, such as ['darc', './keep.ts'], or of what definePolicy returns",
    fits: (x) => isList(x, isPolicyChoice),
  },
  systems: TEXTS,
  workers: wholeTo(MOST_WORKERS),
  load: numberThat('a number above 0, such as 0.8', (x) => x > 0 && x <= MOST_LOAD),
  rateRps: numberThat('a number of requests per second above 0', (x) => x > 0 && x <= 1e12),
  rateScale: numberThat('a number above 0, such as 1.5', (x) => x > 0 && x <= MOST_LOAD),
  requests: wholeTo(Number.MAX_SAFE_INTEGER),
  durationNs: LENGTH,
  seed: { expected: 'a text or a whole number', fits: (x) => isText(x) || Number.isSafeInteger(x) },
  warmup: numberThat('a number from 0 to below 1', (x) => x >= 0 && x < 1),
  replications: wholeTo(MOST_REPLICATIONS),
  precision: {
    expected: `{ relative, statistic }: a share above 0 to 1, and one of ${STATISTICS.join(', ')}`,
    fits: (x) =>
      isObject(x) &&
      typeof x.relative === 'number' &&
      x.relative > 0 &&
      x.relative <= 1 &&
      STATISTICS.includes(x.statistic as string) &&
      (x.type === undefined || isText(x.type)),
  },
  maxReplications: wholeTo(MOST_REPLICATIONS),
  sliceNs: LENGTH,
} satisfies FieldRules;

export const WATCH_RULES = {
  signal: {
    expected: 'an AbortSignal',
    fits: (x) => isObject(x) && typeof x.aborted === 'boolean' && typeof x.addEventListener === 'function',
  },
  onProgress: FUNCTION,
} satisfies FieldRules;

/** At most one field of each. */
const GROUPS = [
  ['load', 'rateRps', 'rateScale'],
  ['requests', 'durationNs'],
] as const;

/**
 * The fields that were given, without those that are undefined.
 *
 * @param rules of all fields there are
 * @param needed fields without a default
 * @throws InputError that names the field, what was found and what was expected
 */
export function checkArguments(given: unknown, rules: FieldRules, needed: readonly string[]): Record<string, unknown> {
  if (!isObject(given)) throw new InputError(`expected an object with ${needed.join(' and ')}, found ${shown(given)}`);
  const fields = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  for (const [name, value] of Object.entries(fields)) {
    if (!Object.hasOwn(rules, name)) throw new InputError(unknownName('field', name, Object.keys(rules)));
    const { expected, fits } = rules[name]!;
    if (!fits(value)) throw new InputError(`${name}: expected ${expected}, found ${shown(value)}`);
  }
  for (const name of needed) {
    if (!(name in fields)) throw new InputError(`${name}: expected ${rules[name]!.expected}, found nothing`);
  }
  for (const group of GROUPS) {
    const [first, second] = group.filter((name) => name in fields);
    if (second) throw new InputError(`expected only one of ${first} and ${second}, found both`);
  }
  return fields;
}

/** The same rules, where each value may be a list. */
export function rulesOfLists(rules: FieldRules): FieldRules {
  return Object.fromEntries(
    Object.entries(rules).map(([name, { expected, fits }]) => [
      name,
      { expected: `${expected}, or a list of such`, fits: (x: unknown) => fits(x) || isList(x, fits) },
    ]),
  );
}

/** What was checked, as settings: whole ns, seeds as text, policies as what they are. */
export function settingsOf({ seed, policies: chosen, ...fields }: Record<string, unknown>): AskedSettings {
  const whole = Object.entries(fields).map(([name, value]) => [
    name,
    name.endsWith('Ns') ? Math.round(value as number) : value,
  ]);
  return {
    ...(Object.fromEntries(whole) as unknown as AskedSettings),
    ...(seed !== undefined && { seed: String(seed) }),
    ...(chosen !== undefined && {
      policies: (chosen as PolicyChoice[]).map((each, i) => policyOfChoice(each, `policies[${i}]`)),
    }),
  };
}

/**
 * @param where what to begin a complaint with
 * @throws InputError when an object contradicts itself, or has a parameter that it does not know
 */
export function policyOfChoice(choice: PolicyChoice, where: string): string | TypedPolicy {
  if (typeof choice === 'string') return choice;
  const { policy, parameters: given = {} } = 'policy' in choice ? choice : { policy: choice };
  const isOwn = policies.includes(policy);
  if (!isOwn) checkMetadata(policy, () => where);
  const chosen = { policy, parameters: parametersFromPlain(policy, given) };
  const text = describePolicy(chosen);
  return isOwn ? parsePolicy(text) : { text, ...chosen };
}

/** Has it a policy that only this thread can run? */
export function hasObjects({ policies: chosen = [] }: AskedSettings): boolean {
  return chosen.some((each) => typeof each !== 'string' && !each.code && !policies.includes(each.policy));
}

function shown(value: unknown): string {
  if (typeof value === 'string') return `'${value}'`;
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'number' || value === undefined || value === null) return String(value);
  try {
    const text = JSON.stringify(value) ?? typeof value;
    return text.length > 60 ? `${text.slice(0, 60)}…` : text;
  } catch {
    return 'an object';
  }
}

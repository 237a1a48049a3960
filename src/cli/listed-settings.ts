/** Settings with several values: `a,b`, and for numbers `from:to:step`. */

import { splitList } from '../units/lists.js';
import { asInput, commaHint, parseText, RANGE, SEED_RANGE, SETTINGS, type Setting, withHint } from './settings.js';

/** Settings that only a single run has. */
const OF_ONE_RUN: readonly string[] = ['record', 'timeline', 'from', 'for', 'json'];

/** The settings that may have several values. A sweep takes every combination. */
export const LISTED: readonly Setting[] = SETTINGS.filter(({ key }) => !OF_ONE_RUN.includes(key));

/** More values are a mistake, such as a step that lost its zeros. */
const MOST_VALUES = 10_000;

/**
 * Reads the values of one setting.
 *
 * @param where what to begin a complaint with: `--load`
 * @throws InputError
 */
export function parseList(setting: Setting, text: string, where: string): unknown[] {
  return asInput(where, () => parseTexts(setting, text));
}

/** @throws Error that says what was expected and what was found */
export function parseTexts(setting: Setting, text: string): unknown[] {
  if (text.trim() === '') return [parseText(setting, text)];
  if (setting.field === 'policies') {
    return withHint(commaHint(setting, text), () =>
      splitPolicies(text).flatMap((policy) => parseText(setting, policy) as unknown[]),
    );
  }
  // The other settings that may be given several times split their text themselves.
  if (setting.many) return parseText(setting, text) as unknown[];
  return withHint(commaHint(setting, text), () =>
    splitList(text, ',').flatMap((word) => parseRange(setting, word) ?? [parseText(setting, word)]),
  );
}

/** The values of `from:to:step`; undefined when the word is not a range. */
function parseRange(setting: Setting, word: string): unknown[] | undefined {
  if (setting.ranges === 'seeds') return SEED_RANGE.test(word) ? seedRange(word) : undefined;
  const bounds = setting.ranges && RANGE.exec(word)?.slice(1);
  return bounds && numberRange(bounds.map((bound) => parseText(setting, bound)) as number[], word);
}

/**
 * The policies of a list in which each parameter may have several values: `ts:quantum=5us,10us`,
 * `darc-static:reserved=0:4:2`. Names begin with a letter, further values with a digit.
 */
function splitPolicies(text: string): string[] {
  return splitBeforeWords(text, ',').flatMap((each) => {
    const [name = '', ...settings] = splitBeforeWords(each, ':');
    const parameters = settings.map((setting): [string, unknown] => {
      const at = setting.indexOf('=');
      return at < 0 ? [setting, undefined] : [setting.slice(0, at), setting.slice(at + 1)];
    });
    return policiesOf(name, parameters);
  });
}

/** Splits at the separators that no number follows. */
function splitBeforeWords(text: string, separator: string): string[] {
  const parts: string[] = [];
  for (const part of splitList(text, separator)) {
    // A path may begin with a dot, as ./keep.ts does.
    if (/^\.?\d/.test(part) && parts.length > 0) parts.push(`${parts.pop()}${separator}${part}`);
    else parts.push(part);
  }
  return parts;
}

/**
 * A policy, as it is typed, for every combination of its parameters.
 *
 * @param parameters each with a value or several, as a list, as `a,b` or as `from:to:step`; undefined for one that is
 * only named
 * @throws Error when a range is wrong
 */
export function policiesOf(name: string, parameters: readonly (readonly [key: string, value: unknown])[]): string[] {
  let policies = [name];
  for (const [key, value] of parameters) {
    const values =
      value === undefined ? [undefined] : [value].flat().flatMap((one) => parameterValues(key, String(one)));
    policies = policies.flatMap((policy) =>
      values.map((one) => (one === undefined ? `${policy}:${key}` : `${policy}:${key}=${one}`)),
    );
  }
  return policies;
}

function parameterValues(key: string, text: string): unknown[] {
  return splitList(text, ',').flatMap((word): unknown[] => {
    const bounds = RANGE.exec(word)?.slice(1).map(Number);
    if (bounds?.every(Number.isFinite)) return numberRange(bounds, word);
    if (splitList(word, ':').length === 1) return [word];
    throw new Error(`${key}: expected a value, values as a,b or numbers as from:to:step, found '${word}'`);
  });
}

function numberRange([from, to, step]: readonly number[], word: string): number[] {
  const count = checkRange((to! - from!) / step!, step! > 0, word);
  // Rounding leaves digits behind that nobody wrote.
  return Array.from({ length: Math.floor(count + 1e-9) + 1 }, (_, i) => Number((from! + i * step!).toPrecision(12)));
}

/** Seeds may have more digits than a number. */
function seedRange(word: string): string[] {
  const [from, to, step] = word.split(':').map(BigInt) as [bigint, bigint, bigint | undefined];
  const count = step ? Number(((to - from) * 1000n) / step) / 1000 : Number.NaN;
  checkRange(count, true, word);
  return Array.from({ length: Math.floor(count) + 1 }, (_, i) => String(from + BigInt(i) * step!));
}

function checkRange(steps: number, isAscending: boolean, word: string): number {
  if (!(isAscending && steps >= 0)) {
    throw new Error(`expected from:to:step with from at most to and a step above 0, found '${word}'`);
  }
  if (steps > MOST_VALUES) throw new Error(`expected at most ${MOST_VALUES} values, found '${word}'`);
  return steps;
}

/** Settings with several values: `a,b`, and for numbers `from:to:step`. */
import type { Lists } from '../experiment/sweep/plan-sweep.js';
import { parseSetting, SETTINGS, type Setting } from './settings.js';

/** What only a single run has. */
const OF_ONE_RUN: readonly string[] = ['record', 'timeline', 'from', 'for', 'json'];

/** The settings of which a sweep takes every combination. */
export const LISTED: readonly Setting[] = SETTINGS.filter(({ key }) => !OF_ONE_RUN.includes(key));

const RANGE = /^([^:]+):([^:]+):([^:]+)$/;

/** More are a mistake, such as a step that lost its zeros. */
const MOST_VALUES = 10_000;

/**
 * Reads the values of one setting.
 *
 * @param where what to begin a complaint with: `--load`
 * @throws InputError
 */
export function parseList(setting: Setting, text: string, where: string): unknown[] {
  return parseSetting({ ...setting, parse: parserOf(setting) }, text, where) as unknown[];
}

function parserOf(setting: Setting): (text: string) => unknown {
  if (setting.field === 'policies') {
    return (text) => splitPolicies(text).flatMap((policy) => setting.parse(policy) as unknown[]);
  }
  // The others that may be given several times split their text themselves.
  return setting.many ? setting.parse : (text) => parseValues(text, setting.parse);
}

/** A policy, of which each parameter may have several values: `ts:quantum=5us,10us`, `darc-static:reserved=0:4:2`. Names begin with a letter, values of lists with a digit. */
function splitPolicies(text: string): string[] {
  return text.split(/,(?!\s*[\d.])/).flatMap((each) => {
    const [name = '', ...settings] = each.split(/:(?!\s*[\d.])/).map((part) => part.trim());
    const parameters = settings.map((setting): [string, unknown] => {
      const at = setting.indexOf('=');
      return at < 0 ? [setting, undefined] : [setting.slice(0, at), setting.slice(at + 1)];
    });
    return policiesOf(name, parameters);
  });
}

/**
 * A policy, as it is typed, for every combination of its parameters.
 *
 * @param parameters each with a value or several, as a list, as `a,b` or as `from:to:step`; undefined for one that is only named
 * @throws Error when a range is none
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
  const values = parseValues(text, numberOrWord);
  const wrong = values.find((value) => String(value).includes(':'));
  if (wrong === undefined) return values;
  throw new Error(`${key}: expected a value, values as a,b or numbers as from:to:step, found '${wrong}'`);
}

function numberOrWord(word: string): number | string {
  return /^[\d.]/.test(word) && Number.isFinite(Number(word)) ? Number(word) : word;
}

/**
 * Reads `a,b` and, where the values are numbers, `from:to:step`.
 *
 * @param parse reads one value
 * @throws Error that says what was expected and what was found
 */
export function parseValues(text: string, parse: (word: string) => unknown): unknown[] {
  return text.split(',').flatMap((each) => {
    const word = each.trim();
    const bounds = RANGE.exec(word)
      ?.slice(1)
      .map((bound) => parse(bound.trim()));
    return bounds?.every((bound) => typeof bound === 'number') ? range(bounds as number[], word) : [parse(word)];
  });
}

function range([from, to, step]: readonly number[], word: string): number[] {
  const steps = (to! - from!) / step!;
  if (!(step! > 0 && steps >= 0)) {
    throw new Error(`expected from:to:step with from at most to and a step above 0, found '${word}'`);
  }
  if (steps > MOST_VALUES) throw new Error(`expected at most ${MOST_VALUES} values, found '${word}'`);
  // The digits that rounding leaves behind are nobody's.
  return Array.from({ length: Math.floor(steps + 1e-9) + 1 }, (_, i) => Number((from! + i * step!).toPrecision(12)));
}

/** The lists of the first that are not excluded by the second, and the second. */
export function overrideLists(lists: Lists, by: Lists): Lists {
  const groups = new Set(LISTED.filter(({ field }) => field in by).map(({ group }) => group));
  const excluded = LISTED.filter(({ group }) => group && groups.has(group)).map(({ field }) => field as string);
  return { ...Object.fromEntries(Object.entries(lists).filter(([field]) => !excluded.includes(field))), ...by };
}

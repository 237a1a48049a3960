/** Settings with several values: `a,b`, and for numbers `from:to:step`. */
import type { Lists } from '../experiment/sweep/plan.js';
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
  // Those that may be given several times split their text themselves; a policy has colons of its own.
  const parse = setting.many ? setting.parse : (words: string) => parseValues(words, setting.parse);
  return parseSetting({ ...setting, parse }, text, where) as unknown[];
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

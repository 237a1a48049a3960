/** The kinds of values in a file, with messages that say what was expected and what was found. */

import { parseDuration } from '../units/duration.js';
import { hasHidden, isName, NAME_EXPECTED } from '../units/names.js';
import { type Field, show } from './checker.js';

/** A field that may be missing. */
export function optional<T>(field: Field<T>): Field<T | undefined> {
  return (input) => (input === undefined ? undefined : field(input));
}

/** A duration with its unit, as nanoseconds. @throws Error */
export function readDuration(input: unknown): number {
  if (typeof input === 'number') {
    throw new Error(`expected a duration with its unit (ns, us, ms, s, min, h), found the bare number ${input}`);
  }
  if (typeof input !== 'string')
    throw new Error(`expected a duration with its unit, such as 1us or 0.5 ms, found ${show(input)}`);
  return parseDuration(input);
}

/** A duration of 0 or more, ns. */
export const duration: Field<number> = readDuration;

/** A duration above 0, ns. */
export function positiveDuration(input: unknown): number {
  const ns = readDuration(input);
  if (!(ns > 0)) throw new Error(`expected a duration above 0, found '${input}'`);
  return ns;
}

interface Range {
  /** Smallest value allowed. */
  min?: number;
  /** The value must be above this. */
  above?: number;
  /** Largest value allowed. */
  max?: number;
}

/** A number in a range; `what` names it in the message, with its range: `a shape from 0.1 to 100`. */
export function number(
  what: string,
  { min = Number.NEGATIVE_INFINITY, above = Number.NEGATIVE_INFINITY, max = Number.MAX_VALUE }: Range,
): Field<number> {
  return (input) => {
    if (typeof input !== 'number' || !(input >= min && input > above && input <= max)) {
      throw new Error(`expected ${what}, found ${show(input)}`);
    }
    return input;
  };
}

/** A share of a whole. */
export const share = number('a number from 0 to 1', { min: 0, max: 1 });

function readText(input: unknown, shown: (text: string) => string): string {
  if (typeof input !== 'string' || input.trim() === '') throw new Error(`expected a text, found ${showBare(input)}`);
  if (hasHidden(shown(input))) throw new Error(`expected a text without control characters, found ${show(input)}`);
  return input;
}

/** One line of text that is not empty. */
export const text: Field<string> = (input) => readText(input, (given) => given);

/** Text that is not empty, of one line or more. */
export const prose: Field<string> = (input) => readText(input, (given) => given.replace(/[\n\t]/g, ' '));

/** A name of a type, a workload or a system. */
export const name: Field<string> = (input) => {
  if (typeof input !== 'string' || !isName(input))
    throw new Error(`expected ${NAME_EXPECTED}, found ${showBare(input)}`);
  return input;
};

/** YAML reads `404` and `true` as something else than text. */
function showBare(input: unknown): string {
  const isWord = typeof input === 'number' || typeof input === 'boolean';
  return isWord ? `${input} without quotes: write '${input}'` : show(input);
}

/** A list with at least one item of any kind. */
export function list(what: string): Field<readonly unknown[]> {
  return (input) => {
    if (!Array.isArray(input) || input.length === 0) {
      throw new Error(`expected a list of ${what}, found ${Array.isArray(input) ? 'an empty list' : show(input)}`);
    }
    return input;
  };
}

/** Anything: checked by the reader itself. */
export const anything: Field<unknown> = (input) => input;

/** Do shares sum to 1, within the rounding of `count` decimal fractions? */
export function sumsToOne(sum: number, count: number): boolean {
  return Math.abs(sum - 1) <= 1e-9 * count;
}

/** A sum as a person would write it, without rounding errors. */
export function showSum(sum: number): string {
  return String(Number(sum.toPrecision(12)));
}

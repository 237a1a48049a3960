/** The kinds of values in a file, as zod types whose messages say what was expected and what was found. */

import { z } from 'zod';
import { parseDuration } from '../units/duration.js';
import { hasHidden, isName, NAME_EXPECTED } from '../units/names.js';
import { show } from './checker.js';

/** A zod type from a function that returns the value or throws an Error with the message. */
export function field<T>(read: (input: unknown) => T) {
  return z.unknown().transform((input, context): T => {
    try {
      return read(input);
    } catch (error) {
      context.addIssue({ code: 'custom', message: (error as Error).message });
      return z.NEVER;
    }
  });
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
export const duration = field(readDuration);

/** A duration above 0, ns. */
export const positiveDuration = field((input) => {
  const ns = readDuration(input);
  if (!(ns > 0)) throw new Error(`expected a duration above 0, found '${input}'`);
  return ns;
});

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
) {
  return field((input) => {
    if (typeof input !== 'number' || !(input >= min && input > above && input <= max)) {
      throw new Error(`expected ${what}, found ${show(input)}`);
    }
    return input;
  });
}

/** A share of a whole. */
export const share = number('a number from 0 to 1', { min: 0, max: 1 });

function readText(input: unknown, shown: (text: string) => string): string {
  if (typeof input !== 'string' || input.trim() === '') throw new Error(`expected a text, found ${showBare(input)}`);
  if (hasHidden(shown(input))) throw new Error(`expected a text without control characters, found ${show(input)}`);
  return input;
}

/** One line of text that is not empty. */
export const text = field((input) => readText(input, (given) => given));

/** Text that is not empty, of one line or more. */
export const prose = field((input) => readText(input, (given) => given.replace(/[\n\t]/g, ' ')));

/** A name of a type, a workload or a system. */
export const name = field((input) => {
  if (typeof input !== 'string' || !isName(input))
    throw new Error(`expected ${NAME_EXPECTED}, found ${showBare(input)}`);
  return input;
});

/** YAML reads `404` and `true` as something else than text. */
function showBare(input: unknown): string {
  const isWord = typeof input === 'number' || typeof input === 'boolean';
  return isWord ? `${input} without quotes: write '${input}'` : show(input);
}

/** A list with at least one item of any kind. */
export function list(what: string) {
  return field((input): readonly unknown[] => {
    if (!Array.isArray(input) || input.length === 0) {
      throw new Error(`expected a list of ${what}, found ${Array.isArray(input) ? 'an empty list' : show(input)}`);
    }
    return input;
  });
}

/** Anything: checked by the reader itself. */
export const anything = z.unknown();

/** Do shares sum to 1, within the rounding of `count` decimal fractions? */
export function sumsToOne(sum: number, count: number): boolean {
  return Math.abs(sum - 1) <= 1e-9 * count;
}

/** A sum as a person would write it, without rounding errors. */
export function showSum(sum: number): string {
  return String(Number(sum.toPrecision(12)));
}

/** Kinds of values in the configuration of a hardware run. */

import { type Field, oneOf, show } from '../../input/checker.js';
import { number } from '../../input/fields.js';

/** A text of a form. */
export const pattern =
  (what: string, expression: RegExp): Field<string> =>
  (input) => {
    if (typeof input === 'string' && expression.test(input)) return input;
    throw new Error(`expected ${what}, found ${show(input)}`);
  };
/** One of some names. */
export const choice =
  <T extends string>(...names: readonly T[]): Field<T> =>
  (input) => {
    if (names.includes(input as T)) return input as T;
    throw new Error(`expected ${oneOf(names)}, found ${show(input)}`);
  };
export const flag: Field<boolean> = (input) => {
  if (typeof input === 'boolean') return input;
  throw new Error(`expected true or false, found ${show(input)}`);
};
/** A whole number in a range. */
export const integer = (what: string, min: number, max: number): Field<number> => {
  const inRange = number(what, { min, max });
  return (input) => {
    const value = inRange(input);
    if (!Number.isInteger(value)) throw new Error(`expected ${what}, without a fraction`);
    return value;
  };
};

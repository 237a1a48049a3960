/**
 * Checks data from outside. A {@link Checker} stands at one place of a file and reports what is wrong there or below
 * it. It throws nothing, so that one reading finds all mistakes. readYaml turns places into lines and columns.
 */

import { visible } from '../units/names.js';
import { nearest } from '../units/nearest.js';

export type Path = readonly (string | number)[];

/** Reads a value. @throws Error that says what was expected and what was found */
export type Field<T> = (input: unknown) => T;

/** Something wrong at a place of the file's structure. */
export interface Problem {
  readonly path: Path;
  /** Does it point at the key (an unknown one) instead of its value? */
  readonly atKey: boolean;
  readonly message: string;
}

/** Returns the text of a file by the path written there. Throws an error that names it when it cannot be read. */
export type ReadText = (path: string) => string;

export class Checker {
  constructor(
    readonly path: Path,
    private readonly problems: Problem[],
    private readonly readText: ReadText,
  ) {}

  /** A checker for a place below. */
  at(...keys: (string | number)[]): Checker {
    return new Checker([...this.path, ...keys], this.problems, this.readText);
  }

  /** Reports a problem here. Returns undefined, so that a reader can `return checker.refuse(…)`. */
  refuse(message: string, atKey = false): undefined {
    this.problems.push({ path: this.path, atKey, message: shortened(message, LONGEST_MESSAGE) });
    return undefined;
  }

  /** Returns the text of a file that is named here, or reports that it cannot be read. */
  textOf(path: string): string | undefined {
    try {
      return this.readText(path);
    } catch (error) {
      return this.refuse((error as Error).message);
    }
  }

  /** Checks a map against its shape. Returns undefined when something was reported. */
  map<S extends Shape>(shape: S, value: unknown): Output<S> | undefined {
    const before = this.problems.length;
    const data = this.fields(shape, value);
    return this.problems.length === before ? (data as Output<S>) : undefined;
  }

  /** As {@link map}, but returns the fields that are right, so that the reader can look into them. */
  fields<S extends Shape>(shape: S, value: unknown): Partial<Output<S>> | undefined {
    const keys = Object.keys(shape);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      return this.refuse(`expected a map with ${oneOf(keys)}, found ${show(value)}`);
    }
    const given = value as Record<string, unknown>;
    for (const key of Object.keys(given)) {
      if (!Object.hasOwn(shape, key))
        this.at(key).refuse(`expected ${oneOf(keys)}, found ${misspelt(key, keys)}`, true);
    }
    const data: Record<string, unknown> = {};
    for (const key of keys) {
      const field = this.at(key).value(shape[key]!, given[key]);
      if (field !== undefined) data[key] = field;
    }
    return data as Partial<Output<S>>;
  }

  /** Checks one value. Returns undefined when something was reported. */
  value<T>(field: Field<T>, value: unknown): T | undefined {
    try {
      return field(value);
    } catch (error) {
      return this.refuse((error as Error).message);
    }
  }
}

type Shape = Readonly<Record<string, Field<unknown>>>;
type Output<S extends Shape> = { [K in keyof S]: ReturnType<S[K]> };

/** A message stays readable whatever a file holds. */
const LONGEST_SHOWN = 200;
const LONGEST_MESSAGE = 1500;

function shortened(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most)}…` : text;
}

/** Describes a value of a file in a message. */
export function show(value: unknown): string {
  if (value === undefined || value === null) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a map';
  if (typeof value !== 'string') return String(value);
  return `'${visible(shortened(value, LONGEST_SHOWN))}'`;
}

/** The names, as a choice: `one of a, b, c`. */
export function oneOf(names: readonly string[]): string {
  return names.length === 1 ? names[0]! : `one of ${names.join(', ')}`;
}

/** The unknown word, with the one that was probably meant: `'darcs' (did you mean 'darc'?)`. */
export function misspelt(word: string, known: readonly string[]): string {
  const meant = nearest(word, known);
  return meant === undefined ? show(word) : `${show(word)} (did you mean '${meant}'?)`;
}

import { InputError } from '../../src/units/errors.js';
import { hasHidden } from '../../src/units/names.js';

/** Random choices of a fuzzer. */
export interface Choices {
  /** A whole number from 0 to `below` - 1. */
  upTo(below: number): number;
  pick<T>(from: readonly T[]): T;
  /** True once in `n` times. */
  onceIn(n: number): boolean;
}

export function choicesOf(random: () => number): Choices {
  const upTo = (below: number) => Math.floor(random() * below);
  return { upTo, pick: (from) => from[upTo(from.length)]!, onceIn: (n) => upTo(n) === 0 };
}

/** A case that broke the promise, as the message of an error that repeats it. */
export function failure(fuzzer: string, seed: string | number, run: number, why: string, input: string): Error {
  return new Error(`${fuzzer}, seed ${seed}, run ${run}: ${why}\n${JSON.stringify(input.slice(0, 4000))}`);
}

/** What is wrong with how an input was refused; undefined when the error is clear. */
export function unclear(error: unknown, lines: number): string | undefined {
  if (!(error instanceof InputError)) return `threw ${error instanceof Error ? error.stack : String(error)}`;
  for (const { line, message } of error.issues) {
    if (!(line >= 1 && line <= lines + 1)) return `names line ${line} of ${lines}`;
    if (message === '' || message.length > 2000) return `says ${JSON.stringify(message)}`;
  }
  if (error.message.split('\n').some(hasHidden)) return `says ${JSON.stringify(error.message)}`;
  return error.message.trim() === '' ? 'says nothing' : undefined;
}

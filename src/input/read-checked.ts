import { InputError } from '../units/errors.js';
import { Checker, type Problem, type ReadText } from './checker.js';
import { readYaml, type Scalars } from './yaml.js';

export interface ReadOptions {
  /** Reads the files that the text refers to; default: it may refer to none. */
  readonly readText?: ReadText;
  readonly scalars?: Scalars;
}

/**
 * Reads a YAML text into what `read` makes of it.
 *
 * @param fileName what to call the file in messages
 * @param read reports what is wrong to the checker, and then may return undefined
 * @throws InputError with everything that is wrong, in the order of the file
 */
export function readChecked<T>(
  text: string,
  fileName: string,
  read: (value: unknown, checker: Checker) => T | undefined,
  { readText = noFiles, scalars }: ReadOptions = {},
): T {
  const source = readYaml(text, fileName, scalars);
  const problems: Problem[] = [];
  const result = read(source.value, new Checker([], problems, readText));
  if (problems.length > 0) throw new InputError(source.locate(problems));
  return result as T;
}

function noFiles(): never {
  throw new Error('this file may not refer to others');
}

import { InputError } from '../units/errors.js';

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EISDIR: 'it is a folder',
  EACCES: 'this user has no permission',
  EPERM: 'this user has no permission',
  ENOTDIR: 'a part of its path is not a folder',
};

/** The error for a file that could not be read. */
export function cannotRead(fileName: string, error: unknown): InputError {
  return new InputError(`${fileName}: cannot be read: ${reasonOf(error)}`);
}

/** Why node:fs could not do it, in words. */
export function reasonOf(error: unknown): string {
  const { code = '', message } = error as NodeJS.ErrnoException;
  return (Object.hasOwn(REASONS, code) && REASONS[code]) || message;
}

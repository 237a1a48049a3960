import { InputError } from '../units/errors.js';

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EISDIR: 'it is a folder',
  EACCES: 'it may not be read by this user',
  EPERM: 'it may not be read by this user',
  ENOTDIR: 'a part of its path is not a folder',
};

/** The error for a file that could not be read. */
export function cannotRead(fileName: string, error: unknown): InputError {
  const { code = '', message } = error as NodeJS.ErrnoException;
  const reason = Object.hasOwn(REASONS, code) ? REASONS[code] : message;
  return new InputError(`${fileName}: cannot be read: ${reason}`);
}

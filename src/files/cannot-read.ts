import { EnvironmentError, InputError } from '../units/errors.js';

const REASONS: ReadonlyMap<string, string> = new Map([
  ['ENOENT', 'there is no such file'],
  ['EEXIST', 'a file has this name'],
  ['ENOSPC', 'the disk is full'],
  ['EISDIR', 'it is a folder'],
  ['EACCES', 'this user has no permission'],
  ['EPERM', 'this user has no permission'],
  ['ENOTDIR', 'a part of its path is not a folder'],
  ['EMFILE', 'too many files are open: raise the limit, such as with ulimit -n 256'],
]);

/** Whatever file it is, the machine is at fault, and what else fails with it. */
const OF_THE_MACHINE: ReadonlyMap<string, EnvironmentError['concerns']> = new Map([
  ['EMFILE', 'process'],
  ['ENFILE', 'process'],
  ['ENOMEM', 'run'],
  ['EIO', 'run'],
]);

/** The error for a file that could not be read. */
export function cannotRead(fileName: string, error: unknown): InputError | EnvironmentError {
  const said = `${fileName}: cannot be read: ${reasonOf(error)}`;
  const concerns = OF_THE_MACHINE.get((error as NodeJS.ErrnoException).code ?? '');
  return concerns ? new EnvironmentError(said, concerns) : new InputError(said);
}

/** Why node:fs could not do it, in words. */
export function reasonOf(error: unknown): string {
  const { code = '', message } = error as NodeJS.ErrnoException;
  return REASONS.get(code) ?? message;
}

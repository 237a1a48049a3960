import { accessSync, constants, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { makeFolder } from '../experiment/plan/files.js';
import { cannotRead } from '../files/cannot-read.js';
import { COLOUR, PLAIN, type Style, WIDTH } from '../report/text/style.js';
import { EnvironmentError, InputError } from '../units/errors.js';
import { canRewrite, clearProgress } from './progress.js';

export interface Output {
  write(text: string): void;
  readonly isTerminal: boolean;
  /** Columns that a line may have. */
  readonly width: number;
  readonly style: Style;
}

/** Where text for people goes: stdout, or stderr when stdout carries JSON. Colours only where the terminal shows them and the user wants them. */
export function outputTo(stream: NodeJS.WriteStream): Output {
  return {
    write: (text) => {
      clearProgress();
      stream.write(text);
    },
    isTerminal: stream.isTTY === true,
    width: (stream.isTTY && stream.columns) || WIDTH,
    style: canRewrite(stream) && !process.env.NO_COLOR ? COLOUR : PLAIN,
  };
}

/**
 * Can the file be written, as far as one can tell before? Leaves it as it is.
 *
 * @throws InputError
 */
export function checkWritable(path: string): void {
  try {
    const folder = dirname(path);
    if (!statSync(folder).isDirectory()) throw new InputError(`${path}: cannot be written: ${folder} is not a folder`);
    const existing = statSync(path, { throwIfNoEntry: false });
    if (existing?.isDirectory()) throw new InputError(`${path}: cannot be written: it is a folder`);
    accessSync(existing ? path : folder, constants.W_OK);
  } catch (error) {
    if (error instanceof InputError) throw error;
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
      throw new InputError(`${path}: cannot be written: there is no folder ${dirname(path)}`);
    }
    throw new InputError(cannotRead(path, error).message.replace('read', 'written'));
  }
}

/**
 * Makes a folder, if need be, for a file of that name.
 *
 * @throws InputError when either cannot be written
 */
export function checkFolder(folder: string, name: string): void {
  try {
    makeFolder(folder);
  } catch (error) {
    throw new InputError(`${folder}: cannot be made: ${(error as Error).message}`);
  }
  checkWritable(join(folder, name));
}

/** @throws EnvironmentError */
export function writeFile(path: string, content: string | Uint8Array): void {
  try {
    writeFileSync(path, content);
  } catch (error) {
    throw new EnvironmentError(`${path}: cannot be written: ${(error as Error).message}`);
  }
}

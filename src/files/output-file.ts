/**
 * The files that psp writes: under a name of psp's own beside their place, then renamed. Others see all of a file or
 * nothing.
 */

import { randomUUID } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { EnvironmentError } from '../units/errors.js';

/**
 * The name of an unfinished file. It is random because machines that share a folder have processes with the same
 * number.
 */
const UNFINISHED = /\.[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.psp-part$/;
/** Writing a file never takes this long: an older unfinished one belongs to a process that was killed. */
const LEFTOVER_MS = 24 * 3600 * 1000;

function unfinishedName(path: string): string {
  return `${path}.${randomUUID()}.psp-part`;
}

/** Text, bytes, or a long text in pieces. */
export type Content = string | Uint8Array | Iterable<string>;

/** A file that is being written. */
export interface OutputFile {
  readonly descriptor: number;
  /** Gives the file its name; writing may go on. */
  publish(): void;
  /** Closes the file, and removes it when it was not published. */
  close(): void;
}

/**
 * Opens a new file beside its place. The file that is there keeps its content until `publish`.
 *
 * @param path links are followed; a device or a pipe is opened directly
 * @throws Error of node:fs
 */
export function openOutput(path: string): OutputFile {
  const existing = statSync(path, { throwIfNoEntry: false });
  if (isSpecial(path, existing)) {
    const descriptor = openSync(path, 'w');
    return { descriptor, publish: () => {}, close: () => closeSync(descriptor) };
  }
  return openBeside(existing ? realpathSync(path) : path, existing);
}

function openBeside(path: string, existing?: Stats): OutputFile {
  const unfinished = unfinishedName(path);
  const descriptor = openSync(unfinished, 'wx');
  let published = false;
  return {
    descriptor,
    publish() {
      if (existing) chmodSync(unfinished, existing.mode & 0o777);
      renameSync(unfinished, path);
      published = true;
    },
    close() {
      closeSync(descriptor);
      if (!published) rmSync(unfinished, { force: true });
    },
  };
}

/**
 * A device or a pipe is written directly: renaming would replace the device, or leave the pipe's reader waiting.
 */
function isSpecial(path: string, existing: Stats | undefined): boolean {
  return (existing !== undefined && !existing.isFile()) || /^\/(dev|proc)\//.test(resolve(path));
}

/**
 * Writes a file that a person named.
 *
 * @throws EnvironmentError; the file that was there before is unchanged then
 */
export function writeOutput(path: string, content: Content): void {
  writeAndClose(path, () => openOutput(path), content);
}

/**
 * Writes a file of a results folder. A link in its place is replaced, not followed, because the folder may come from
 * anyone.
 *
 * @throws EnvironmentError; the file that was there before is unchanged then
 */
export function writeInFolder(path: string, content: Content): void {
  writeAndClose(path, () => openBeside(path), content);
}

/**
 * Writes a folder of files in a results folder, all of it or nothing. One that is there already stays as it is.
 *
 * @param files by their paths in the folder
 * @throws EnvironmentError
 */
export function writeFolder(path: string, files: ReadonlyMap<string, Uint8Array>): void {
  const unfinished = unfinishedName(path);
  try {
    mkdirSync(unfinished, { recursive: true });
    for (const [name, content] of files) {
      mkdirSync(dirname(join(unfinished, name)), { recursive: true });
      writeFileSync(join(unfinished, name), content);
    }
    // Another process may have written it meanwhile.
    if (!existsSync(path)) renameSync(unfinished, path);
  } catch (error) {
    if (!existsSync(path)) throw cannotWrite(path, error);
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
}

function writeAndClose(path: string, open: () => OutputFile, content: Content): void {
  try {
    const file = open();
    try {
      if (typeof content === 'string' || content instanceof Uint8Array) writeFileSync(file.descriptor, content);
      else for (const piece of content) writeFileSync(file.descriptor, piece);
      file.publish();
    } finally {
      file.close();
    }
  } catch (error) {
    throw cannotWrite(path, error);
  }
}

/** The error for a file that could not be written. */
export function cannotWrite(path: string, error: unknown): EnvironmentError {
  // Node's message ends with the call and the name of the unfinished file.
  return new EnvironmentError(`${path}: cannot be written: ${(error as Error).message.split(', ')[0]}`);
}

/** Removes the files that killed processes left unfinished in a folder: only what has psp's own names. */
export function removeLeftovers(folder: string): void {
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return;
  for (const name of readdirSync(folder)) {
    if (!UNFINISHED.test(name)) continue;
    const path = join(folder, name);
    // Another process may have removed it meanwhile.
    const writtenMs = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Number.POSITIVE_INFINITY;
    if (Date.now() - writtenMs > LEFTOVER_MS) rmSync(path, { recursive: true, force: true });
  }
}

/**
 * Identifies a file, whatever name or link leads to it; undefined for a device or a pipe, which many may use.
 */
export function fileIdentity(path: string): string | undefined {
  const found = statSync(path, { throwIfNoEntry: false, bigint: true });
  if (found) return found.isFile() || found.isDirectory() ? `${found.dev}:${found.ino}` : undefined;
  try {
    return join(realpathSync(dirname(path)), basename(path));
  } catch {
    return resolve(path);
  }
}

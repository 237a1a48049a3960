/** Folders for the files that a run needs only while it lives: its socket and DPDK's files. */

import {
  accessSync,
  constants,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { EnvironmentError } from '../../units/errors.js';

/** A device argument of DPDK ends at a comma, and takes `=` and `[` for its own syntax. */
const BREAKS_DPDK = /[,=[\n]/;
/** The kernel's limit for the path of a socket, bytes. */
export const LONGEST_SOCKET_PATH = 107;
/** A run's folder and a socket in it add at most this many bytes to a path. */
const NAME_BYTES = 60;

const NAME = /^psp-run-(\d+)-(\d+)-(\d+)-[A-Za-z0-9]{6}$/;

/** Says why DPDK cannot be given this path (or name) in an argument; nothing when it can. */
export function unfitForDpdk(text: string): string | undefined {
  const found = BREAKS_DPDK.exec(text)?.[0];
  return found && `DPDK takes no ${JSON.stringify(found)} in it`;
}

/**
 * Makes a folder for this process and its children, which {@link removeRunFolder} removes. First removes those of
 * killed processes.
 *
 * @param candidates where it may be, the best first
 * @throws EnvironmentError when none of them will do
 */
export function makeRunFolder(candidates: readonly string[] = [tmpdir(), '/tmp', '/var/tmp']): string {
  const refused: string[] = [];
  for (const candidate of new Set(candidates.map((path) => resolve(path)))) {
    const made = unfit(candidate) ?? makeFolderIn(candidate);
    if (typeof made !== 'string') {
      keepUntilExit(made.folder);
      return made.folder;
    }
    refused.push(`${candidate} (${made})`);
  }
  throw new EnvironmentError(
    `no folder for temporary files: set TMPDIR to one that will do; tried ${refused.join(', ')}`,
  );
}

/** Returns why it cannot be made: a disk may be full. */
function makeFolderIn(candidate: string): { readonly folder: string } | string {
  removeLeftovers(candidate);
  const owner = `${pidNamespace()}-${process.pid}-${startOf(process.pid)}`;
  try {
    return { folder: mkdtempSync(join(candidate, `psp-run-${owner}-`)) };
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'cannot be written';
  }
}

/** Folders of this process that are there. */
const folders = new Set<string>();

/** A second Ctrl-C ends the process in the middle of a run. One listener serves all runs of a sweep. */
function keepUntilExit(folder: string): void {
  if (!isListening) {
    isListening = true;
    process.once('exit', () => folders.forEach(removeRunFolder));
  }
  folders.add(folder);
}

let isListening = false;

export function removeRunFolder(folder: string): void {
  folders.delete(folder);
  rmSync(folder, { recursive: true, force: true });
}

function unfit(folder: string): string | undefined {
  if (Buffer.byteLength(folder) + NAME_BYTES > LONGEST_SOCKET_PATH) return 'too long for the path of a socket';
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
    return statSync(folder).isDirectory() ? unfitForDpdk(folder) : 'not a folder';
  } catch (error) {
    return (error as NodeJS.ErrnoException).code;
  }
}

function removeLeftovers(folder: string): void {
  for (const name of readdirSync(folder)) {
    const [, namespace, pid, start] = NAME.exec(name) ?? [];
    // A process of another container cannot be seen from here, so its folder is left alone.
    if (namespace !== pidNamespace() || startOf(Number(pid)) === start) continue;
    const path = join(folder, name);
    try {
      const found = lstatSync(path);
      if (found.isDirectory() && found.uid === process.getuid?.()) removeRunFolder(path);
    } catch {
      // Another run has removed it meanwhile.
    }
  }
}

function pidNamespace(): string {
  return /\d+/.exec(readlinkSync('/proc/self/ns/pid'))![0];
}

/**
 * When a process began, in the kernel's ticks: a later process may have the same number. Nothing when there is no such
 * process.
 */
function startOf(pid: number): string | undefined {
  try {
    // The name, in parentheses, may contain spaces and parentheses; the start is the 20th field after it.
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}

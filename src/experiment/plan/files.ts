import { closeSync, existsSync, openSync, readdirSync, readFileSync, readSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { cannotRead } from '../../files/cannot-read.js';
import { parseSystem, type System } from '../../sim/parse-system.js';
import { InputError } from '../../units/errors.js';
import { unknownName } from '../../units/nearest.js';
import { clientLines } from '../../workload/client-trace.js';
import { parseWorkload } from '../../workload/parse-workload.js';
import type { Workload } from '../../workload/workload.js';
import { PACKAGE_ROOT } from '../package-info.js';
import { MOST_TEXT_BYTES } from './limits.js';
import { policyIn } from './policy-paths.js';
import type { SentSpec } from './run-spec.js';

const SHIPPED = join(PACKAGE_ROOT, 'workloads');
const SHIPPED_SYSTEMS = join(PACKAGE_ROOT, 'configs/systems');

/** Names of the workloads that come with psp. */
export function shippedWorkloads(): string[] {
  return namesIn(SHIPPED);
}

/** Names of the systems that come with psp. */
export function shippedSystems(): string[] {
  return namesIn(SHIPPED_SYSTEMS);
}

function namesIn(folder: string): string[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.yaml'))
    .map((file) => basename(file, '.yaml'))
    .sort();
}

/** The file of a workload. */
export interface WorkloadFile {
  /** Absolute path. */
  readonly path: string;
  /** Its name in messages. */
  readonly fileName: string;
  readonly kind: 'yaml' | 'trace';
}

/**
 * The file of a workload: the name of one that comes with psp, or a path to a .yaml, .csv or .csv.gz file, or to a
 * trace of Perséphone's client, whatever its name.
 *
 * @throws InputError that suggests the nearest name
 */
export function findWorkload(nameOrFile: string): WorkloadFile {
  const kind = kindOf(nameOrFile) ?? (isClientTrace(nameOrFile) ? 'trace' : undefined);
  if (kind) return { path: resolve(nameOrFile), fileName: nameOrFile, kind };
  if (/[/\\]/.test(nameOrFile) || /\.\w+$/.test(nameOrFile)) {
    throw new InputError(`${nameOrFile}: expected a workload file whose name ends in .yaml, .yml, .csv or .csv.gz`);
  }
  const names = shippedWorkloads();
  if (names.includes(nameOrFile)) {
    return { path: join(SHIPPED, `${nameOrFile}.yaml`), fileName: `workloads/${nameOrFile}.yaml`, kind: 'yaml' };
  }
  throw new InputError(unknownFile('workload', nameOrFile, names));
}

function kindOf(file: string): WorkloadFile['kind'] | undefined {
  if (/\.ya?ml$/i.test(file)) return 'yaml';
  return /\.csv(\.gz)?$/i.test(file) ? 'trace' : undefined;
}

/** The header of the client's traces is shorter. */
const HEADER_BYTES = 512;

function isClientTrace(path: string): boolean {
  if (!statSync(path, { throwIfNoEntry: false })?.isFile()) return false;
  const bytes = Buffer.alloc(HEADER_BYTES);
  try {
    const file = openSync(path, 'r');
    try {
      const read = readSync(file, bytes);
      return clientLines(bytes.toString('utf8', 0, read).split('\n')[0]!) !== undefined;
    } finally {
      closeSync(file);
    }
  } catch (error) {
    throw cannotRead(path, error);
  }
}

/**
 * Reads a workload file and the files it refers to, relative to its own folder.
 *
 * @throws InputError when it cannot be read or is wrong
 */
export function readWorkload({ path, fileName }: WorkloadFile): Workload {
  return parseWorkload(readText(path, fileName), fileName, {
    readText: (other) => readText(resolve(dirname(path), other), other, false),
  });
}

/**
 * Reads a system: one that comes with psp, by name, a file, or the name of a .yaml in the working folder.
 *
 * @throws InputError that suggests the nearest name, or says what is wrong in the file
 */
export function readSystem(nameOrFile: string): System {
  const own = ownSystem(nameOrFile);
  if (own !== undefined) return systemIn(own);
  const names = shippedSystems();
  if (!names.includes(nameOrFile)) throw new InputError(unknownFile('system', nameOrFile, names));
  return parseSystem(readText(join(SHIPPED_SYSTEMS, `${nameOrFile}.yaml`)), `configs/systems/${nameOrFile}.yaml`);
}

/** The file of a system; undefined for one that comes with psp, and for a name that nothing has. */
export function ownSystem(nameOrFile: string): string | undefined {
  if (kindOf(nameOrFile) === 'yaml') return nameOrFile;
  if (shippedSystems().includes(nameOrFile)) return undefined;
  // What psp calibrate --name NAME has written here.
  const own = `${nameOrFile}.yaml`;
  return /^[\w.-]+$/.test(nameOrFile) && existsSync(own) ? own : undefined;
}

function systemIn(path: string): System {
  return parseSystem(readText(path), path, (policy) => policyIn(dirname(path), policy));
}

function unknownFile(what: string, name: string, shipped: readonly string[]): string {
  return `${unknownName(what, name, shipped)}; your own is named by its file, such as ${name || 'my'}.yaml`;
}

/** The settings that name files a command reads. */
export interface NamedFiles {
  readonly workload?: string | undefined;
  readonly systems?: readonly string[] | undefined;
  readonly config?: string | undefined;
}

/**
 * The files that a command reads: it must not write onto them.
 *
 * @param played workloads as they were read, for the files that they refer to
 */
export function inputFiles(
  { workload, systems = [], config }: NamedFiles,
  played: readonly SentSpec['workload'][] = [],
): string[] {
  const referred = played.flatMap((each) => {
    if (each.kind === 'trace') return [each.path];
    const { fileName, files } = each.source;
    return [fileName, ...Object.keys(files).map((file) => resolve(dirname(fileName), file))];
  });
  const named = [workload, ...systems, ...systems.map((system) => `${system}.yaml`), config];
  return [...new Set([...referred, ...named.filter((name) => name !== undefined)])].filter((path) => existsSync(path));
}

/**
 * Reads a file. Devices are refused, because some never end.
 *
 * @param mayBePipe when a person names it, such as with `<(…)`; a file that another file names may block for ever
 * @throws InputError
 */
export function readText(path: string, fileName = path, mayBePipe = true): string {
  try {
    const found = statSync(path);
    if (found.isCharacterDevice() || found.isBlockDevice()) {
      throw new InputError(`${fileName}: expected a file, found a device`);
    }
    if (found.isFIFO() && !mayBePipe) throw new InputError(`${fileName}: expected a file, found a pipe`);
    if (found.size > MOST_TEXT_BYTES) {
      const limit = `${MOST_TEXT_BYTES / 2 ** 20} MB`;
      throw new InputError(
        `${fileName}: expected a file of at most ${limit}, found ${Math.ceil(found.size / 2 ** 20)} MB`,
      );
    }
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw error instanceof InputError ? error : cannotRead(fileName, error);
  }
}

/**
 * The files that a sweep is made from: its experiment, workloads, traces, systems, policies and hosts. The folder of
 * the sweep keeps copies of them, as they lie to each other, so that what refers to a file by a relative path finds it
 * there, too.
 */

import { createHash } from 'node:crypto';
import { closeSync, openSync, readFileSync, readSync, realpathSync, statSync } from 'node:fs';
import { dirname, relative, resolve, sep } from 'node:path';
import { cannotRead } from '../../files/cannot-read.js';
import { policySources, sha256 } from '../../policy-files/bundle-policy.js';
import { policyFileOf } from '../../scheduler/policy-registry.js';
import { InputError } from '../../units/errors.js';
import type { Testbed } from '../hosts/read-testbed.js';
import { findWorkload, ownSystem, readSystem, readWorkload } from '../plan/files.js';
import { typedPath, withFile } from '../plan/policy-paths.js';
import type { Settings } from '../plan/run-settings.js';
import { canonicalJson } from '../plan/run-spec.js';

/** The folder of the copies, in that of the sweep. Each set of files has a folder of its own there. */
export const SOURCES = 'sources';

/** A file of which only the path, the size and the digest are kept if it is too large. */
export interface SourceFile {
  /** In the folder of its set, with slashes. */
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly content?: Uint8Array;
}

/** A set of files. */
export interface SourceSet {
  /** The digest of the list of files. */
  readonly id: string;
  readonly files: readonly SourceFile[];
}

export interface Sources extends SourceSet {
  /** Where a file is found from the folder of the sweep; undefined for one that is none of these. */
  readonly find: (path: string) => string | undefined;
}

/** What a sweep is asked for, beside its blocks. */
export interface NamedSources {
  /** Files of experiments, and of how they are drawn. */
  readonly experiments?: readonly string[];
  readonly hosts?: Testbed | undefined;
  /** Files of policies. */
  readonly policies?: readonly string[];
}

/** What names files in a block of a sweep. */
interface NamingBlock {
  readonly lists: { readonly [K in 'workload' | 'systems' | 'policies']?: readonly string[] };
}

/** A larger file, such as a trace of an hour, is not copied. */
export const MOST_KEPT_BYTES = 16 << 20;
const ID_DIGITS = 12;
const IN_PACKAGE = `${sep}node_modules${sep}`;

/**
 * Reads the files that a sweep names; undefined when it names none. What comes with psp and what can be read only once
 * (a pipe) are not among them. What is wrong in a file is said by those who use it.
 *
 * @param notes filled with what the folder will lack
 * @throws InputError when a file cannot be read
 */
export function gatherSources(
  { experiments = [], hosts, policies = [] }: NamedSources,
  blocks: readonly NamingBlock[],
  notes?: Set<string>,
): Sources | undefined {
  const paths = new Set<string>();
  const typed = new Set(policies);
  const add = (path: string): void => {
    if (statSync(path, { throwIfNoEntry: false })?.isFile()) paths.add(resolve(path));
  };
  for (const path of [...experiments, ...(hosts ? filesOfHosts(hosts) : [])]) add(path);
  const all = (key: keyof NamingBlock['lists']) => new Set(blocks.flatMap(({ lists }) => lists[key] ?? []));
  for (const name of all('workload')) for (const path of unlessWrong(() => filesOfWorkload(name))) add(path);
  for (const policy of all('policies')) typed.add(policy);
  for (const name of all('systems')) {
    const path = ownSystem(name);
    if (path === undefined) continue;
    add(path);
    for (const policy of unlessWrong(() => policiesOfSystem(name))) typed.add(policy);
  }
  const files = new Set([...typed].flatMap((policy) => policyFileOf(policy) ?? []));
  for (const file of files) for (const path of unlessWrong(() => filesOfPolicy(file, notes))) add(path);
  return paths.size > 0 ? readAll([...paths].sort(), notes) : undefined;
}

/** Settings whose files are named as they are found from the folder of the sweep. */
export function settingsFrom({ find }: Sources, { workload, systems, policies, ...rest }: Settings): Settings {
  const system = (name: string): string => find(ownSystem(name) ?? name) ?? name;
  const policyFile = (file: string): string => {
    const path = find(realPath(policyFileOf(file) ?? file));
    return path === undefined ? file : typedPath(path);
  };
  return {
    workload: find(workload) ?? workload,
    ...(policies && { policies: policies.map((policy) => withFile(policy, policyFile)) }),
    ...(systems && { systems: systems.map(system) }),
    ...rest,
  };
}

/** The digest that a set is known by. */
export function idOf(files: readonly SourceFile[]): string {
  const listed = files.map(({ content, ...file }) => ({ ...file, kept: content !== undefined }));
  return sha256(canonicalJson(listed)).slice(0, ID_DIGITS);
}

export function sha256Of(content: Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

function filesOfHosts({ file, server, clients }: Testbed): string[] {
  const configs = [server, ...clients].flatMap(({ host: { config } }) => config ?? []);
  return [file, ...configs.map((config) => resolve(dirname(file), config))];
}

function filesOfWorkload(name: string): string[] {
  const found = findWorkload(name);
  if (found.path !== resolve(name)) return [];
  if (found.kind === 'trace') return [found.path];
  const referred = Object.keys(readWorkload(found).source.files);
  return [found.path, ...referred.map((file) => resolve(dirname(found.path), file))];
}

function policiesOfSystem(name: string): string[] {
  const { policy, workloads } = readSystem(name);
  return [policy, ...Object.values(workloads)];
}

function unlessWrong(read: () => string[]): string[] {
  try {
    return read();
  } catch (error) {
    if (error instanceof InputError) return [];
    throw error;
  }
}

/** All that it imports, but for packages, whose folders may be anywhere. */
function filesOfPolicy(file: string, notes?: Set<string>): string[] {
  // The plans carry the code of a package; the commands need it installed.
  if (file.startsWith('pkg:')) return [];
  const all = policySources(file);
  const own = all.filter((path) => !path.includes(IN_PACKAGE));
  if (own.length < all.length) {
    notes?.add(`${file} imports packages, which the folder does not keep: its commands need them installed`);
  }
  return own;
}

function readAll(paths: readonly string[], notes?: Set<string>): Sources {
  const root = commonFolder(paths);
  const kept = paths.filter((path) => statSync(path).size <= MOST_KEPT_BYTES);
  const files = paths.map((path): SourceFile => {
    const place = relative(root, path).split(sep).join('/');
    if (kept.includes(path)) {
      const content = withRelativePaths(readBytes(path), path, kept);
      return { path: place, bytes: content.length, sha256: sha256Of(content), content };
    }
    const { size } = statSync(path);
    notes?.add(
      `${path} has ${Math.ceil(size / 2 ** 20)} MB, above ${MOST_KEPT_BYTES / 2 ** 20}: the folder keeps only its ` +
        'name and its SHA-256, and its commands need it where it is',
    );
    return { path: place, bytes: size, sha256: digestOf(path) };
  });
  const id = idOf(files);
  const found = new Map(
    files.map(({ path, content }, i) => [paths[i]!, content ? `${SOURCES}/${id}/${path}` : paths[i]!]),
  );
  return { id, files, find: (path) => found.get(resolve(path)) };
}

/** The folder that all of them are in. */
function commonFolder([first = '', ...others]: readonly string[]): string {
  let folder = dirname(first);
  const holds = (path: string): boolean => path.startsWith(folder.endsWith(sep) ? folder : `${folder}${sep}`);
  while (!others.every(holds)) folder = dirname(folder);
  return folder;
}

/** The text of a YAML file with relative paths where it names others of the set by absolute ones. */
function withRelativePaths(content: Buffer, path: string, others: readonly string[]): Uint8Array {
  if (!/\.ya?ml$/i.test(path)) return content;
  const text = content.toString('utf8');
  const changed = others.reduce((all, other) => {
    const way = relative(dirname(path), other).split(sep).join('/');
    const named = new RegExp(`(?<=^|[\\s'",:[{])${escaped(other)}(?=$|[\\s'",:\\]}])`, 'gm');
    return all.replace(named, () => (way.startsWith('.') ? way : `./${way}`));
  }, text);
  return changed === text ? content : Buffer.from(changed);
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}

function readBytes(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw cannotRead(path, error);
  }
}

/** Of a file that may be larger than memory. */
function digestOf(path: string): string {
  const hash = createHash('sha256');
  const chunk = Buffer.allocUnsafe(1 << 20);
  try {
    const file = openSync(path, 'r');
    try {
      for (let read = readSync(file, chunk); read > 0; read = readSync(file, chunk))
        hash.update(chunk.subarray(0, read));
    } finally {
      closeSync(file);
    }
  } catch (error) {
    throw cannotRead(path, error);
  }
  return hash.digest('hex');
}

/** A bundler follows links. */
function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

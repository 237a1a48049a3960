/** Says where in a policy's own file something went wrong. */

import type { SourceMap } from 'node:module';
import { join } from 'node:path';
import type { PolicyCode } from '../scheduler/policy-registry.js';
import { EnvironmentError, InputError } from '../units/errors.js';

/** The bundle of a file, as stacks name it, with the way back to the file's lines. */
export interface Source {
  readonly id: string;
  readonly file: string;
  readonly map: SourceMap;
}

export interface SourcePlace {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

const FRAME = /(policy-[0-9a-f]{64}\.cjs):(\d+):(\d+)/g;
const sources = new Map<string, Source>();

export function registerSource({ file, sha256 }: PolicyCode, map: SourceMap): Source {
  const source = { id: `policy-${sha256}.cjs`, file, map };
  sources.set(source.id, source);
  return source;
}

/**
 * The error that names the place in a policy's file where this one came from; undefined when no policy from a file took
 * part, or when the message needs no place: a policy refuses its parameters, the disk is full.
 *
 * @param inRun was the policy running, and not only loaded or made?
 */
export function policyFault(error: unknown, inRun = true): InputError | undefined {
  if (error instanceof InputError || error instanceof EnvironmentError) return undefined;
  if (!(error instanceof Error)) {
    // psp throws nothing else, and what is no Error has no stack.
    const files = [...sources.values()].map(({ file }) => file);
    const threw = `threw ${String(error)}: expected an Error, whose line is then named`;
    return files.length === 0 ? undefined : new InputError(`${files.join(' or ')}: ${threw}`, inRun);
  }
  const [, id] = new RegExp(FRAME.source).exec(error.stack ?? '') ?? [];
  const source = id === undefined ? undefined : sources.get(id);
  if (!source) return undefined;
  return new InputError(`${shown(placeIn(error.stack, source), source.file)}: ${error.name}: ${error.message}`, inRun);
}

/** Runs what may load or make a policy, and throws {@link policyFault} where it fails. */
export function namingFault<T>(run: () => T): T {
  try {
    return run();
  } catch (error) {
    throw policyFault(error, false) ?? error;
  }
}

/** The innermost line of a stack that lies in the file, or in what it imports. */
export function placeIn(stack: string | undefined, source: Source): SourcePlace | undefined {
  for (const [, id, line, column] of (stack ?? '').matchAll(FRAME)) {
    if (id !== source.id) continue;
    const entry = source.map.findEntry(Number(line) - 1, Number(column) - 1);
    if (!('originalSource' in entry) || entry.originalSource === '<stdin>') continue;
    return {
      file: nameOf(entry.originalSource, source),
      line: entry.originalLine + 1,
      column: entry.originalColumn + 1,
    };
  }
  return undefined;
}

/** The line at which a field of a policy is set, from the line of its definition on; else that line. */
export function lineOfField(source: Source, from: number, field: string): string {
  const { sources: names, sourcesContent = [] } = source.map.payload;
  const at = names.findIndex((name) => name !== '<stdin>' && nameOf(name, source) === source.file);
  const lines = sourcesContent[Math.max(0, at)]?.split('\n') ?? [];
  const pattern = new RegExp(`(^|[\\s,{])['"]?${field}['"]?\\s*[:(,]`);
  const found = lines.findIndex((line, i) => i >= from - 1 && pattern.test(line));
  return `${source.file}:${found < 0 ? from : found + 1}`;
}

function shown(place: SourcePlace | undefined, file: string): string {
  return place ? `${place.file}:${place.line}:${place.column}` : file;
}

/** Sources are relative to the folder of the file. */
function nameOf(original: string, { file }: Source): string {
  if (file.startsWith('pkg:')) return original;
  const folder = file.slice(0, file.lastIndexOf('/') + 1);
  const name = join(folder, original);
  return folder.startsWith('./') ? `./${name}` : name;
}

/**
 * A folder of finished points, as any number of processes may write them: `points/KEY.json`, and `failed/KEY.json` of
 * those that could not be run. A folder may come from anyone, so what is read from it is checked, and nothing outside
 * of it is written.
 */

import { accessSync, constants, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { z } from 'zod';
import { cannotRead, reasonOf } from '../../files/cannot-read.js';
import { makeFolder } from '../../files/folders.js';
import { removeLeftovers, writeInFolder } from '../../files/output-file.js';
import type { FailedPoint, Point } from '../../results/point.js';
import { failureSchema, keySchema, pointSchema } from '../../results/point-schema.js';
import { type Read, readAs } from '../../results/result-schema.js';
import { policyLabel } from '../../scheduler/policy-label.js';
import { EnvironmentError, InputError } from '../../units/errors.js';
import { SOURCES } from './sources.js';

/** The points of a folder. */
export interface Sweep {
  /** By workload, policy, workers, load and seed. */
  readonly points: readonly Point[];
  /** Could not be run when they were last tried. */
  readonly failed: readonly FailedPoint[];
  /** One line for each file that is not what psp writes: it is left out, and its point is run again. */
  readonly leftOut: readonly string[];
}

const JSON_FILE = '.json';
/** A point is some kilobytes; with ten thousand slices, tens of megabytes. */
const MOST_BYTES = 256 << 20;

/** Makes the folder, if it is not there, and tidies it. @throws InputError when it cannot be made or written */
export function createStore(folder: string): void {
  try {
    makeFolder(pointsIn(folder));
    accessSync(pointsIn(folder), constants.W_OK);
  } catch (error) {
    throw new InputError(`${folder}: cannot be made: ${reasonOf(error)}`);
  }
  for (const each of [folder, pointsIn(folder), failedIn(folder), join(folder, SOURCES)]) removeLeftovers(each);
}

/**
 * The point with this key; undefined when it is not there, or its file is not what psp writes.
 *
 * @param onLeftOut told why a file that is there does not count
 */
export function readPoint(folder: string, key: string, onLeftOut?: (line: string) => void): Point | undefined {
  const path = pointFile(folder, key);
  if (statSync(path, { throwIfNoEntry: false }) === undefined) return undefined;
  const read = readFile(path, key, pointSchema);
  if ('value' in read) return read.value;
  onLeftOut?.(leftOut(path, read.wrong));
  return undefined;
}

/** @throws EnvironmentError when it cannot be written: a full disk */
export function writePoint(folder: string, point: Point): void {
  writeInFolder(pointFile(folder, point.key), `${JSON.stringify(point, null, 1)}\n`);
  rmSync(failureFile(folder, point.key), { force: true });
}

/** @throws EnvironmentError when it cannot be written: a full disk */
export function writeFailure(folder: string, failed: FailedPoint): void {
  try {
    makeFolder(failedIn(folder));
  } catch (error) {
    throw new EnvironmentError(`${failedIn(folder)}: cannot be made: ${reasonOf(error)}`);
  }
  writeInFolder(failureFile(folder, failed.key), `${JSON.stringify(failed, null, 1)}\n`);
}

/**
 * Reads all points of a folder.
 *
 * @throws InputError when it is not a folder of a sweep
 */
export function readSweep(folder: string): Sweep {
  const lines: string[] = [];
  const readAll = <T extends { readonly key: string }>(names: string[], where: string, schema: z.ZodType<T>): T[] =>
    names.flatMap((name) => {
      const path = join(where, name);
      const read = readFile(path, name.slice(0, -JSON_FILE.length), schema);
      if ('value' in read) return read.value;
      lines.push(leftOut(path, read.wrong));
      return [];
    });
  const points = readAll(pointFiles(folder), pointsIn(folder), pointSchema);
  const known = new Set(points.map(({ key }) => key));
  const failed = readAll(jsonFilesIn(failedIn(folder)), failedIn(folder), failureSchema).filter(
    ({ key }) => !known.has(key),
  );
  return {
    points: points.sort(byPlace),
    failed: failed.sort((a, b) => compare(a.command, b.command)),
    leftOut: lines,
  };
}

/** The files of points and failures, which are the input of a report. */
export function filesOf(folder: string): string[] {
  return [pointsIn(folder), failedIn(folder)].flatMap((each) => jsonFilesIn(each).map((name) => join(each, name)));
}

function leftOut(path: string, wrong: string): string {
  return `${path}: left out: ${wrong}`;
}

function pointsIn(folder: string): string {
  return join(folder, 'points');
}

function failedIn(folder: string): string {
  return join(folder, 'failed');
}

function failureFile(folder: string, key: string): string {
  return join(failedIn(folder), `${keySchema.parse(key)}${JSON_FILE}`);
}

function pointFile(folder: string, key: string): string {
  return join(pointsIn(folder), `${keySchema.parse(key)}${JSON_FILE}`);
}

/** Their names; those of unfinished files end otherwise. */
function pointFiles(folder: string): string[] {
  try {
    return readdirSync(pointsIn(folder)).filter((name) => name.endsWith(JSON_FILE));
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) {
      throw new InputError(`${folder}: expected a folder that psp sweep has written, found no points/ in it`);
    }
    throw cannotRead(pointsIn(folder), error);
  }
}

/** None in a folder that is not there. */
function jsonFilesIn(folder: string): string[] {
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return [];
  return readdirSync(folder).filter((name) => name.endsWith(JSON_FILE));
}

/** Reads a file that should hold this key. A pipe or a device is not opened: it may never end. */
function readFile<T extends { readonly key: string }>(path: string, key: string, schema: z.ZodType<T>): Read<T> {
  const found = statSync(path, { throwIfNoEntry: false });
  if (!found?.isFile()) return { wrong: 'expected a file' };
  if (found.size > MOST_BYTES) return { wrong: `expected at most ${MOST_BYTES} bytes, found ${found.size}` };
  let data: unknown;
  try {
    data = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    return { wrong: error instanceof SyntaxError ? 'expected JSON, perhaps it is cut short' : reasonOf(error) };
  }
  const read = readAs(schema, data);
  if ('wrong' in read || read.value.key === key) return read;
  return { wrong: `key: expected ${key}, found ${read.value.key}` };
}

function byPlace(a: Point, b: Point): number {
  const [x, y] = [a.result, b.result];
  return (
    compare(x.workload, y.workload) ||
    compare(policyLabel(x), policyLabel(y)) ||
    x.workers - y.workers ||
    (x.offeredRps ?? 0) - (y.offeredRps ?? 0) ||
    compare(x.seed, y.seed) ||
    compare(a.key, b.key)
  );
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

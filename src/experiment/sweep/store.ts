/** A folder of finished points: `points/KEY.json`, each written once and whole, by however many processes; and `failed/KEY.json` of those that could not be run. */

import { randomUUID } from 'node:crypto';
import { accessSync, constants, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cannotRead } from '../../files/cannot-read.js';
import { policyLabel } from '../../report/text/policy-label.js';
import { EnvironmentError, InputError } from '../../units/errors.js';
import { makeFolder } from '../plan/files.js';
import type { FailedPoint, Point } from './point.js';

/** The points of a folder. */
export interface Sweep {
  /** By workload, policy, workers, load and seed. */
  readonly points: readonly Point[];
  /** Could not be run when they were last tried. */
  readonly failed: readonly FailedPoint[];
  /** Files in it that are no points: cut short, or of something else. */
  readonly unreadable: readonly string[];
}

const JSON_FILE = '.json';
/** Ends the names of files that are being written. */
const PART = '.part';
/** Nobody takes so long to write a file: a part that is older was left by a process that was killed. */
const LEFTOVER_MS = 24 * 3600 * 1000;

/** Makes the folder, if it is not there, and tidies it. @throws InputError when it cannot be made, or not be written */
export function createStore(folder: string): void {
  try {
    makeFolder(pointsIn(folder));
    accessSync(pointsIn(folder), constants.W_OK);
  } catch (error) {
    throw new InputError(`${folder}: cannot be made: ${(error as Error).message}`);
  }
  for (const each of [folder, pointsIn(folder), failedIn(folder)]) removeLeftovers(each);
}

function removeLeftovers(folder: string): void {
  for (const name of namesIn(folder, PART)) {
    const path = join(folder, name);
    // Another process may have finished or removed it meanwhile.
    const writtenMs = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Number.POSITIVE_INFINITY;
    if (Date.now() - writtenMs > LEFTOVER_MS) rmSync(path, { force: true });
  }
}

/** The point with this key; undefined when it is not there, or its file is not whole. */
export function readPoint(folder: string, key: string): Point | undefined {
  return readPointFile(pointFile(folder, key), key);
}

/** @throws EnvironmentError when it cannot be written: a full disk */
export function writePoint(folder: string, point: Point): void {
  writeWhole(pointFile(folder, point.key), `${JSON.stringify(point, null, 1)}\n`);
  rmSync(failureFile(folder, point.key), { force: true });
}

/** @throws EnvironmentError when it cannot be written: a full disk */
export function writeFailure(folder: string, failed: FailedPoint): void {
  try {
    makeFolder(failedIn(folder));
  } catch (error) {
    throw new EnvironmentError(`${failedIn(folder)}: cannot be made: ${(error as Error).message}`);
  }
  writeWhole(failureFile(folder, failed.key), `${JSON.stringify(failed, null, 1)}\n`);
}

/**
 * Reads all points of a folder.
 *
 * @throws InputError when it is no folder of a sweep
 */
export function readSweep(folder: string): Sweep {
  const points: Point[] = [];
  const unreadable: string[] = [];
  for (const name of pointFiles(folder)) {
    const point = readPointFile(join(pointsIn(folder), name), name.replace(/\.json$/, ''));
    if (point) points.push(point);
    else unreadable.push(join(pointsIn(folder), name));
  }
  const known = new Set(points.map(({ key }) => key));
  const failed = namesIn(failedIn(folder), JSON_FILE)
    .flatMap((name) => readFailureFile(join(failedIn(folder), name)) ?? [])
    .filter(({ key }) => !known.has(key));
  return { points: points.sort(byPlace), failed: failed.sort((a, b) => compare(a.command, b.command)), unreadable };
}

/** What is said of a file that is no point. */
export function leftOut(path: string): string {
  return `${path}: left out: it is cut short or no point of a sweep`;
}

/**
 * Writes a file so that others see all of it or nothing, whoever writes it at the same time.
 *
 * @throws EnvironmentError
 */
export function writeWhole(path: string, content: string | Uint8Array): void {
  // Random, because machines that share the folder have processes of the same number.
  const temporary = `${path}.${randomUUID()}${PART}`;
  try {
    writeFileSync(temporary, content);
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw new EnvironmentError(`${path}: cannot be written: ${(error as Error).message}`);
  }
}

function pointsIn(folder: string): string {
  return join(folder, 'points');
}

function failedIn(folder: string): string {
  return join(folder, 'failed');
}

function failureFile(folder: string, key: string): string {
  return join(failedIn(folder), `${key}.json`);
}

function pointFile(folder: string, key: string): string {
  return join(pointsIn(folder), `${key}.json`);
}

/** Their names; files that are being written end in another way. */
function pointFiles(folder: string): string[] {
  try {
    return readdirSync(pointsIn(folder)).filter((name) => name.endsWith(JSON_FILE));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
      throw new InputError(`${folder}: expected a folder that psp sweep has written, found no points/ in it`);
    }
    throw cannotRead(pointsIn(folder), error);
  }
}

/** None in a folder that is not there. */
function namesIn(folder: string, ending: string): string[] {
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return [];
  return readdirSync(folder).filter((name) => name.endsWith(ending));
}

function readFailureFile(path: string): FailedPoint | undefined {
  try {
    const failed = JSON.parse(readFileSync(path, 'utf8')) as Partial<FailedPoint> | null;
    return failed?.schema === 'psp.failure/1' ? (failed as FailedPoint) : undefined;
  } catch {
    // It is tried again in any case.
    return undefined;
  }
}

function readPointFile(path: string, key: string): Point | undefined {
  let point: Partial<Point> | null;
  try {
    point = JSON.parse(readFileSync(path, 'utf8')) as Partial<Point> | null;
  } catch {
    return undefined;
  }
  const isWhole = point?.schema === 'psp.point/1' && point.key === key && point.result?.schema === 'psp.result/1';
  // One that was written before this was counted cannot be judged.
  return isWhole && point?.result?.droppedMeasured !== undefined ? (point as Point) : undefined;
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

import type { Point } from '../../results/point.js';
import { InputError } from '../../units/errors.js';
import { keepSources, readSources } from './kept-sources.js';
import { writeTables } from './run-sweep.js';
import { createStore, readSweep, writeFailure, writePoint } from './store.js';
import { copyPlans } from './sweep-plans.js';

export interface Merged {
  readonly added: number;
  /** Points that were in the folder already, or in several of the merged ones. */
  readonly present: number;
}

/**
 * Copies the points of several folders into one, with their plans and sources. Writes nothing when two folders
 * disagree.
 *
 * @throws InputError when two results of one point differ, or a folder is not of a sweep or has no points
 */
export function mergeSweeps(folders: readonly string[], out: string, onNote?: (message: string) => void): Merged {
  const read = folders.map((folder) => ({ folder, sweep: readSweep(folder) }));
  for (const { folder, sweep } of read) {
    if (sweep.points.length + sweep.failed.length > 0) continue;
    const why = sweep.leftOut.length > 0 ? `: ${sweep.leftOut[0]}` : '';
    throw new InputError(`${folder}: expected a folder with points of psp sweep, found none in it${why}`);
  }
  createStore(out);
  const known = new Map<string, { point: Point; folder: string }>();
  for (const point of readSweep(out).points) known.set(point.key, { point, folder: out });
  const fresh: Point[] = [];
  let present = 0;
  for (const { folder, sweep } of read) {
    for (const line of sweep.leftOut) onNote?.(line);
    for (const point of sweep.points) {
      const other = known.get(point.key);
      if (other) {
        refuseConflict(other.point, other.folder, point, folder);
        present++;
      } else {
        known.set(point.key, { point, folder });
        fresh.push(point);
      }
    }
  }
  for (const point of fresh) writePoint(out, point);
  for (const folder of folders) {
    copyPlans(folder, out);
    const { sets, wrong } = readSources(folder);
    for (const line of wrong) onNote?.(`${line}: left out`);
    for (const set of sets) keepSources(out, set);
  }
  const failed = read.flatMap(({ sweep }) => sweep.failed).filter(({ key }) => !known.has(key));
  for (const each of failed) writeFailure(out, each);
  writeTables(out, onNote);
  return { added: fresh.length, present };
}

function refuseConflict(a: Point, where: string, b: Point, folder: string): void {
  if (a.result.digest === b.result.digest) return;
  const of = ({ result }: Point) => `${result.digest} (commit ${result.manifest.commit ?? 'unknown'})`;
  throw new InputError(
    `${folder}: point ${b.key} has another result than in ${where}: expected digest ${of(a)}, found ${of(b)}; ` +
      `the point is ${b.command}`,
  );
}

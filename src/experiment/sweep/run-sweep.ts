/** Runs a sweep into a folder and writes its tables. */

import { join } from 'node:path';
import { writeInFolder } from '../../files/output-file.js';
import { csvOf } from '../../results/csv-cells.js';
import type { Point } from '../../results/point.js';
import { describeEnvironment } from '../environment.js';
import type { Engine } from './engine.js';
import { keepSources } from './kept-sources.js';
import { localEngine } from './local-engine.js';
import { failedPoint, type PlannedPoint } from './planned-point.js';
import type { Sources } from './sources.js';
import { createStore, readPoint, readSweep, writeFailure, writePoint } from './store.js';
import { writePlan } from './sweep-plans.js';
import { COLUMN_NAMES, failedRows, parquetOf, tidyRows } from './tables.js';

export interface SweepOptions {
  /** Folder of the results, created if missing. Points that it has already are not run again. */
  readonly out: string;
  /** Default: this machine, all cores. */
  readonly engine?: Engine;
  /** The files that the points were planned from: the folder keeps copies of them. */
  readonly sources?: Sources | undefined;
  /** False: leave {@link TABLES} as they are, because more points follow. */
  readonly tables?: boolean;
  readonly onProgress?: (progress: SweepProgress) => void;
  readonly onNote?: (message: string) => void;
  /** When aborted, finished points are kept and the others are left. */
  readonly signal?: AbortSignal;
}

export interface SweepProgress {
  readonly total: number;
  /** Finished or failed points, and those that were there already. */
  readonly points: number;
  /** The share of all points that is done, with the parts of running ones, 0 … 1. */
  readonly done: number;
  /** Requests played by this run of the sweep. */
  readonly requests: number;
}

export interface PointFailure {
  readonly planned: PlannedPoint;
  readonly message: string;
}

export interface SweepOutcome {
  /** Finished now. */
  readonly ran: number;
  /** Were there already. */
  readonly present: number;
  readonly failures: readonly PointFailure[];
  /** Planned, but neither finished nor failed: it was aborted. */
  readonly left: number;
  /** The points that were asked for and are there, in the order of the plan. */
  readonly points: readonly Point[];
}

/**
 * Runs the points that the folder does not have yet, and writes each as soon as it is finished. At the end, also of
 * an aborted sweep, it writes {@link TABLES} from all points of the folder. Several processes may run into one
 * folder.
 *
 * @throws EnvironmentError when the folder cannot be written
 */
export async function runSweep(planned: readonly PlannedPoint[], options: SweepOptions): Promise<SweepOutcome> {
  const { out, engine = localEngine(), tables = true, sources, onProgress, onNote } = options;
  const { signal = new AbortController().signal } = options;
  createStore(out);
  if (sources) keepSources(out, sources);
  const points = new Map<string, Point>();
  for (const { key } of planned) {
    const point = readPoint(out, key, onNote);
    if (point) points.set(key, point);
  }
  const present = points.size;
  noteOtherCommits([...points.values()], onNote);
  const missing = planned.filter(({ key }) => !points.has(key));
  const failures: PointFailure[] = [];
  const parts = new Map<string, number>();
  const weights = weightsOf(planned);
  const byKey = new Map(planned.map((each) => [each.key, each]));
  let requests = 0;
  const report = () => {
    const finished = points.size + failures.length;
    const weightOf = (keys: Iterable<string>) => [...keys].reduce((sum, key) => sum + weights.get(key)!, 0);
    const running = [...parts].reduce((sum, [key, part]) => sum + part * weights.get(key)!, 0);
    const ended = weightOf(points.keys()) + weightOf(failures.map(({ planned: { key } }) => key));
    onProgress?.({
      total: planned.length,
      points: finished,
      done: planned.length > 0 ? (ended + running) / weightOf(weights.keys()) : 1,
      requests,
    });
  };
  report();
  try {
    await engine.run(missing, {
      signal,
      onPoint(point) {
        parts.delete(point.key);
        if (points.has(point.key)) return;
        writePlan(out, byKey.get(point.key)!, sources);
        writePoint(out, point);
        points.set(point.key, point);
        report();
      },
      onFailure(failed, message) {
        parts.delete(failed.key);
        writeFailure(out, failedPoint(failed, message));
        failures.push({ planned: failed, message });
        report();
      },
      onProgress({ key }, done) {
        if (!points.has(key)) parts.set(key, done);
        report();
      },
      onRequests(count) {
        requests += count;
      },
      onNote: (message) => onNote?.(message),
      alreadyThere: ({ key }) => readPoint(out, key),
    });
  } catch (error) {
    // The error that ended the sweep is the one to report, even if the tables cannot be written either.
    if (tables) tryTo(() => writeTables(out, onNote));
    throw error;
  }
  if (tables) writeTables(out, onNote);
  return {
    ran: points.size - present,
    present,
    failures,
    left: planned.length - points.size - failures.length,
    points: planned.flatMap(({ key }) => points.get(key) ?? []),
  };
}

function tryTo(write: () => void): void {
  try {
    write();
  } catch {
    // Another error is reported.
  }
}

/** The files that a sweep writes beside its points. */
export const TABLES = ['results.csv', 'results.parquet'] as const;

/** Writes {@link TABLES} from all points of a folder. @throws EnvironmentError */
export function writeTables(folder: string, onNote?: (message: string) => void): void {
  const { points, failed, leftOut } = readSweep(folder);
  for (const line of leftOut) onNote?.(line);
  const rows = [...tidyRows(points), ...failedRows(failed)];
  const contents = [csvOf([COLUMN_NAMES, ...rows]), parquetOf(rows)];
  for (const [i, name] of TABLES.entries()) writeInFolder(join(folder, name), contents[i]!);
}

/** About how long each point takes, by its key: where points run for real, simulated ones are done in a moment. */
function weightsOf(planned: readonly PlannedPoint[]): Map<string, number> {
  const isReal = planned.some(({ real }) => real !== undefined);
  return new Map(planned.map(({ key, real }) => [key, real?.seconds ?? (isReal ? SIMULATED_SECONDS : 1)]));
}

/** Of a simulated point, beside points that run for real. */
const SIMULATED_SECONDS = 0.5;

/** Keys tell versions apart, not the commits between them, whose code may differ. */
function noteOtherCommits(points: readonly Point[], onNote?: (message: string) => void): void {
  const { commit } = describeEnvironment();
  const others = points.filter(({ result }) => result.manifest.commit !== commit);
  if (others.length === 0) return;
  const count = others.length === 1 ? '1 point' : `${others.length} points`;
  onNote?.(
    `${count} that are there already are of commit ${others[0]!.result.manifest.commit}, not ${commit}: to run ` +
      'them again, use another folder',
  );
}

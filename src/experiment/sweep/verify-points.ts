/** Runs points of a folder again and compares them with what it keeps. */

import { isDeepStrictEqual } from 'node:util';
import { scanTraceFile } from '../../files/trace-file.js';
import type { Point } from '../../results/point.js';
import { readSources } from './kept-sources.js';
import { localEngine } from './local-engine.js';
import { remembered } from './plan-sweep.js';
import type { PlannedPoint } from './planned-point.js';
import { readSweep } from './store.js';
import { readPlan } from './sweep-plans.js';

export interface Verifiable {
  /** Those that can be run again, in the order of the folder. */
  readonly plans: readonly PlannedPoint[];
  /** One line for each point that cannot, and why. */
  readonly cannot: readonly string[];
  /** Points of a machine, which never come out the same. */
  readonly measured: number;
  /** One line for each file of its sources that is not as it was kept. */
  readonly changed: readonly string[];
}

/** @throws InputError when it is not a folder of a sweep */
export async function verifiable(folder: string, allowPolicies: boolean): Promise<Verifiable> {
  const plans: PlannedPoint[] = [];
  const cannot: string[] = [];
  const { points } = readSweep(folder);
  const scan = remembered(scanTraceFile);
  const simulated = points.filter(({ result }) => result.world === 'sim');
  for (const { key, command } of simulated) {
    const read = await readPlan(folder, key, allowPolicies, scan);
    if (read && 'planned' in read) plans.push(read.planned);
    else cannot.push(`${command}: ${read?.wrong ?? 'the folder has no plan of it'}`);
  }
  return { plans, cannot, measured: points.length - simulated.length, changed: readSources(folder).wrong };
}

/**
 * Returns a line for each point that comes out otherwise or cannot be run.
 *
 * @param onPoint called after each point
 */
export async function verifyPoints(
  folder: string,
  plans: readonly PlannedPoint[],
  { signal, onPoint }: { readonly signal: AbortSignal; readonly onPoint: () => void },
): Promise<string[]> {
  const kept = new Map(readSweep(folder).points.map((point) => [point.key, point]));
  const differing: string[] = [];
  await localEngine().run(plans, {
    signal,
    onPoint(point) {
      const difference = differenceOf(kept.get(point.key)!, point);
      if (difference !== undefined) differing.push(`${point.command}: ${difference}`);
      onPoint();
    },
    onFailure({ command }, message) {
      differing.push(`${command}: ${message}`);
      onPoint();
    },
    onProgress() {},
    onRequests() {},
    onNote() {},
    alreadyThere: () => undefined,
  });
  return differing;
}

function differenceOf({ result: kept }: Point, { result: found }: Point): string | undefined {
  if (kept.digest !== found.digest) return `expected digest ${kept.digest}, found ${found.digest}`;
  // As in JSON, where a number that is none is null.
  const plain = (types: unknown): unknown => JSON.parse(JSON.stringify(types));
  if (isDeepStrictEqual(plain(kept.types), plain(found.types))) return undefined;
  return `the digest ${kept.digest} is the same, but the distributions differ`;
}

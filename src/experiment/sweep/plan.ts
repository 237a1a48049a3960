/** Which points a sweep has: every combination of the listed values. */
import type { Offer } from '../../workload/workload.js';
import { InputError } from '../errors.js';
import { DEFAULTS, planRuns, type Settings } from '../plan.js';
import { scanTraceFile } from '../trace-file.js';
import { commandOf } from './command.js';
import { type PlannedPoint, pointKey } from './point.js';

/** Settings, each with all the values it is to have. */
export type Lists = Omit<{ readonly [K in keyof Settings]?: readonly NonNullable<Settings[K]>[] }, 'policies' | 'folder'> & {
  readonly policies?: readonly string[];
};

/** Values of which every combination is a point. A sweep may have several such blocks: policies that want different loads, say. */
export interface Block {
  readonly lists: Lists & { readonly workload: readonly string[] };
  /** What files are relative to; default: the working directory. */
  readonly folder?: string;
}

/** More are a mistake, such as a step that lost its zeros. */
const MOST_POINTS = 100_000;

/** From the outermost to the innermost: what changes fastest is last. Points of one policy follow one another, because threads are for one policy. */
const ORDER = ['workload', 'policies', 'workers', 'seed'] as const;

/**
 * Reads and checks everything, so that no point can be refused any more once the first has begun. A point that several blocks have is there once.
 *
 * @throws InputError, WorkloadError or PolicyError
 */
export async function planSweep(blocks: readonly Block[]): Promise<PlannedPoint[]> {
  const points = new Map<string, PlannedPoint>();
  const scan = remembered(scanTraceFile);
  for (const { lists, folder } of blocks) {
    for (const values of product(lists)) {
      const settings = { ...values, ...(folder !== undefined && { folder }) };
      const { specs, replications } = await planRuns(settings, scan);
      const spec = specs[0]!;
      const key = pointKey(spec, replications);
      if (points.has(key)) continue;
      points.set(key, { key, spec, replications, command: commandOf(settings, spec.policy) });
      if (points.size > MOST_POINTS) throw new InputError(`expected at most ${MOST_POINTS} points, found more`);
    }
  }
  return [...points.values()];
}

/** Every combination, as the settings of one run of one policy. */
function* product(lists: Block['lists']): Generator<Settings> {
  const all: Record<string, readonly unknown[]> = { policies: DEFAULTS.policies, ...lists };
  const keys = [...ORDER, ...Object.keys(all).filter((key) => !ORDER.includes(key as (typeof ORDER)[number]))].filter(
    (key) => all[key] !== undefined,
  );
  function* from(depth: number, values: Record<string, unknown>): Generator<Settings> {
    const key = keys[depth];
    if (key === undefined) {
      yield values as unknown as Settings;
      return;
    }
    for (const value of all[key]!) {
      yield* from(depth + 1, { ...values, [key]: key === 'policies' ? [value] : value });
    }
  }
  yield* from(0, {});
}

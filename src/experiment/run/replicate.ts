/**
 * Independent replications of runs, on all cores, pooled into one result per run: as many as asked for, or as a
 * precision needs.
 */

import { relativeError } from '../../metrics/confidence.js';
import { mergeReplications, type RawRun } from '../../metrics/replications.js';
import { failureOf } from '../../results/outcome-schema.js';
import type { Tails } from '../../results/point.js';
import type { Result, Statistic } from '../../results/result.js';
import type { FoundWarmUp } from '../../sim/find-warm-up.js';
import type { RunSpec } from '../plan/run-spec.js';
import { withCommonWarmUp } from './common-warm-up.js';
import { runAll } from './run-all.js';
import { RunControl } from './run-control.js';
import type { ThreadPool } from './thread-pool.js';

/** How exactly a statistic of the slowdown is to be known. */
export interface Precision {
  /** Half-width of the 95 % interval over the value, above 0. */
  readonly relative: number;
  readonly statistic: Statistic;
  /** Of this type only. */
  readonly type?: string;
}

/** How often to repeat each run. */
export interface Replications {
  /** Replications of each run, at least 1; with a precision, the first ones. */
  readonly first: number;
  readonly precision?: Precision;
  /** The most replications, with a precision or with {@link ReplicationHooks.enough}. */
  readonly most?: number;
}

/** A run and its replications. */
export interface Replicated {
  readonly spec: RunSpec;
  /** All replications together; undefined when the run was stopped before the first began. */
  readonly result: Result | undefined;
  /** The distributions of all replications together. */
  readonly tails: () => Tails | undefined;
  /** Each replication that ran, in the order of their numbers. */
  readonly runs: readonly Result[];
}

export interface ReplicationHooks {
  readonly control?: RunControl;
  /**
   * Called when all planned replications of a spec are finished, with the width of the widest interval ({@link
   * precisionOf}) of all specs that are finished and stable; undefined when it is not known yet.
   */
  readonly onPrecision?: (reached: number | undefined) => void;
  /** Without a precision: are the replications so far enough? While they are not, their number doubles. */
  readonly enough?: (result: Result) => boolean;
  /** Called with each run when it is finished. */
  readonly onRun?: (run: RawRun) => void;
}

/** A control that is large enough for all possible runs. */
export function controlFor(specs: readonly RunSpec[], { first, most }: Replications): RunControl {
  return new RunControl(specs.length * Math.max(first, most ?? 0));
}

/**
 * Runs every spec in independent replications, in these threads.
 *
 * @param hash of the whole configuration of a pooled result, from those of its runs
 */
export async function replicate(
  given: readonly RunSpec[],
  replications: Replications,
  { control = controlFor(given, replications), onPrecision, enough, onRun }: ReplicationHooks,
  threads: ThreadPool,
  hash: (configHashes: readonly string[]) => string,
): Promise<Replicated[]> {
  // A run that is alone finds its warm-up itself, and goes on from there.
  const isAlone = given.length === 1 && replications.first === 1;
  const specs = isAlone ? [...given] : await findWarmUps(given, control, threads);
  const pools = specs.map(() => mergeReplications(hash));
  const planned = specs.map(() => 0);
  const finished = specs.map(() => 0);
  const queue: RunSpec[] = [];
  const places: { readonly spec: number; readonly replication: number }[] = [];
  /** The precision of each finished spec. A spec whose outcome is not ok never has one. */
  const reached = new Map<number, number>();

  function enqueue(spec: number): void {
    const replication = planned[spec]!++;
    queue.push({ ...specs[spec]!, replication: specs[spec]!.replication + replication });
    places.push({ spec, replication });
    control.planned = queue.length;
  }

  /** How many replications to add when all planned ones are finished. */
  function wanted(spec: number): number {
    const { precision, most } = replications;
    if (!precision && !enough) return 0;
    const result = pools[spec]!.result()!;
    if (!precision) return enough!(result) ? 0 : Math.min(planned[spec]!, most! - planned[spec]!);
    const width = precisionOf(result, precision);
    if (failureOf(result)) reached.delete(spec);
    else reached.set(spec, width);
    const widest = Math.max(...reached.values());
    onPrecision?.(Number.isFinite(widest) ? widest : undefined);
    // More replications of queues that grow without bound make nothing more precise.
    return failureOf(result) ? 0 : missing(width, replications, planned[spec]!);
  }

  // The first replication of all specs comes before the second of any, so that an interrupted command has results of
  // each.
  for (let r = 0; r < replications.first; r++) for (const spec of specs.keys()) enqueue(spec);
  await runAll(threads, 'measure', queue, control, (index, run) => {
    onRun?.(run);
    const { spec, replication } = places[index]!;
    specs[spec] = { ...specs[spec]!, warmup: warmUpOf(specs[spec]!, run) };
    pools[spec]!.add(replication, run);
    if (++finished[spec]! < planned[spec]!) return;
    for (let i = wanted(spec); i > 0; i--) enqueue(spec);
  });
  return specs.map((spec, i) => ({
    spec,
    result: withPrecision(pools[i]!.result(), replications),
    tails: pools[i]!.tails,
    runs: pools[i]!.runs(),
  }));
}

/** The warm-up of a run, as it was given or found. Later replications use it, too. */
function warmUpOf({ warmup }: RunSpec, { identity }: RawRun): RunSpec['warmup'] {
  return warmup === 'find' ? { share: identity.warmup, settled: identity.warmupRule === 'found' } : warmup;
}

/** Finds the end of the warm-up in the first replication; the others use it, too. */
async function findWarmUps(specs: readonly RunSpec[], control: RunControl, threads: ThreadPool): Promise<RunSpec[]> {
  const sought = [...specs.keys()].filter((i) => specs[i]!.warmup === 'find');
  if (sought.length === 0) return [...specs];
  const found: FoundWarmUp[] = [];
  await runAll(
    threads,
    'seek',
    sought.map((i) => specs[i]!),
    control,
    (index, answer) => {
      found[sought[index]!] = answer;
    },
  );
  return withCommonWarmUp(specs, found);
}

function withPrecision(result: Result | undefined, { precision }: Replications): Result | undefined {
  if (!result || !precision) return result;
  const { statistic, type, relative } = precision;
  const reached = precisionOf(result, precision);
  return {
    ...result,
    precision: {
      statistic,
      ...(type !== undefined && { type }),
      wanted: relative,
      reached: failureOf(result) || !Number.isFinite(reached) ? null : reached,
    },
  };
}

/**
 * How exactly the slowdown of every type is known, or of the named one: the largest relative half-width of the 95 %
 * intervals of the statistic. Infinity while an interval has no bound, or a type arrived and no request of it was
 * measured.
 */
export function precisionOf(result: Result, { statistic, type: only }: Precision): number {
  const errors = result.types
    .filter(({ name, arrived }) => (only === undefined ? arrived > 0 : name === only))
    .map(({ slowdown }) =>
      slowdown.count > 0 ? relativeError(slowdown[statistic]!, slowdown.ci95[statistic]!) : Number.POSITIVE_INFINITY,
    );
  return Math.max(0, ...errors);
}

/**
 * How many replications to add. The width falls with the square root of their number, which says how many are
 * missing. The width is itself an estimate, so at least a quarter is added and at most as many as there are.
 */
function missing(width: number, { precision, most }: Replications, now: number): number {
  if (width <= precision!.relative) return 0;
  const wanted = Math.ceil(now * (width / precision!.relative) ** 2) - now;
  return Math.min(Math.max(wanted, Math.ceil(now / 4)), now, most! - now);
}

/** Independent replications of runs, on all cores, pooled into one result per run; as many as asked for, or as a precision needs. */
import { relativeError } from '../metrics/confidence.js';
import { createPool } from '../metrics/pool.js';
import type { Result, Statistic } from '../metrics/result.js';
import type { FoundWarmUp } from '../sim/warm-up.js';
import { withCommonWarmUp } from './common-warm-up.js';
import { runAll } from './run-all.js';
import { RunControl } from './run-control.js';
import { pooledHash, type RunSpec } from './run-spec.js';

/** How near the truth a percentile of the slowdown is wanted, and of which. */
export interface Precision {
  /** Half-width of the 95 % interval over the value, above 0. */
  readonly relative: number;
  readonly statistic: Statistic;
}

/** How often each run is to be repeated. */
export interface Replications {
  /** Replications of each run, at least 1; with a precision, those it begins with. */
  readonly first: number;
  readonly precision?: Precision;
  /** Ceiling with a precision. */
  readonly most?: number;
}

/** A run and its replications. */
export interface Replicated {
  readonly spec: RunSpec;
  /** All replications together; undefined when it was stopped before the first had begun. */
  readonly result: Result | undefined;
  /** Each replication that ran, by number. */
  readonly runs: readonly Result[];
}

export interface ReplicationHooks {
  readonly control?: RunControl;
  /** Told after each run how wide the widest interval is over all specs, relative: {@link precisionOf}. */
  readonly onPrecision?: (reached: number) => void;
}

/** A control that is large enough for all that may be run. */
export function controlFor(specs: readonly RunSpec[], { first, most }: Replications): RunControl {
  return new RunControl(specs.length * Math.max(first, most ?? 0));
}

/**
 * Runs every spec in independent replications: number r of a spec has the random streams of replication `spec.replication` + r, whatever the policy, so that
 * policies meet the same requests in each. How many there will be depends on the results only, not on the machine.
 */
export async function runReplicated(
  given: readonly RunSpec[],
  replications: Replications,
  hooks: ReplicationHooks = {},
): Promise<Replicated[]> {
  const { control = controlFor(given, replications), onPrecision } = hooks;
  const specs = await findWarmUps(given, control);
  const pools = specs.map(() => createPool(pooledHash));
  const planned = specs.map(() => 0);
  const finished = specs.map(() => 0);
  const jobs: RunSpec[][] = [];
  const places: { readonly spec: number; readonly from: number }[] = [];
  const reached = specs.map(() => Number.POSITIVE_INFINITY);

  function enqueue(spec: number, count: number): void {
    const from = planned[spec]!;
    planned[spec]! += count;
    const { replication } = specs[spec]!;
    jobs.push(Array.from({ length: count }, (_, i) => ({ ...specs[spec]!, replication: replication + from + i })));
    places.push({ spec, from });
    control.planned = planned.reduce((sum, each) => sum + each, 0);
  }

  /** Up to so many replications of all specs; the first of all before the second of all, for whoever interrupts. */
  function enqueueUpTo(total: (spec: number) => number): void {
    for (let more = true; more; ) {
      more = false;
      for (const [i, spec] of specs.entries()) {
        const count = Math.min(runsPerJob(spec), total(i) - planned[i]!);
        if (count > 0) enqueue(i, count);
        more ||= count > 0;
      }
    }
  }

  enqueueUpTo(() => replications.first);
  await runAll('measure', jobs, control, (job, run, measured) => {
    const { spec, from } = places[job]!;
    pools[spec]!.add(from + run, measured);
    if (++finished[spec]! < planned[spec]! || !replications.precision) return;
    const result = pools[spec]!.result()!;
    reached[spec] = precisionOf(result, replications.precision);
    onPrecision?.(Math.max(...reached));
    // More of what grows without bound makes nothing more precise.
    if (result.unstable) return;
    const total = planned[spec]! + missing(reached[spec]!, replications, planned[spec]!);
    enqueueUpTo((each) => (each === spec ? total : 0));
  });
  return specs.map((spec, i) => ({ spec, result: pools[i]!.result(), runs: pools[i]!.runs() }));
}

/** Requests that are simulated in the time it takes to make a thread and to compile the loop in it, about. */
const REQUESTS_PER_THREAD = 3_000_000;

/** Runs of a spec that follow one another in one thread: one, but more of short ones. */
function runsPerJob({ end }: RunSpec): number {
  return 'requests' in end ? Math.max(1, Math.floor(REQUESTS_PER_THREAD / end.requests)) : 1;
}

/** Finds where the warm-up ends, in the first replication; the others have the same. */
async function findWarmUps(specs: readonly RunSpec[], control: RunControl): Promise<readonly RunSpec[]> {
  const sought = [...specs.keys()].filter((i) => specs[i]!.warmup === 'find');
  if (sought.length === 0) return specs;
  const size = runsPerJob(specs[sought[0]!]!);
  const jobs: number[][] = [];
  for (let i = 0; i < sought.length; i += size) jobs.push(sought.slice(i, i + size));
  const found: FoundWarmUp[] = [];
  const specsOf = jobs.map((job) => job.map((i) => specs[i]!));
  await runAll('seek', specsOf, control, (job, run, answer) => {
    found[jobs[job]![run]!] = answer;
  });
  return withCommonWarmUp(specs, found);
}

/**
 * How near the truth the slowdown of every type is known: the largest relative half-width of their 95 % intervals for the named
 * statistic. Infinity while some interval has no bound.
 */
export function precisionOf(result: Result, { statistic }: Precision): number {
  const errors = result.types
    .filter(({ slowdown }) => slowdown.count > 0)
    .map(({ slowdown }) => relativeError(slowdown[statistic]!, slowdown.ci95[statistic]!));
  return Math.max(0, ...errors);
}

/**
 * How many replications to add. The width falls with the square root of their number; what that asks for is added at once, but at least a quarter and at most as many as
 * there are, for the width is itself an estimate.
 */
function missing(width: number, { precision, most }: Replications, now: number): number {
  if (width <= precision!.relative) return 0;
  const wanted = Math.ceil(now * (width / precision!.relative) ** 2) - now;
  return Math.min(Math.max(wanted, Math.ceil(now / 4)), now, most! - now);
}

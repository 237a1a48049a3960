/** Two results of the same policy on the same requests, side by side: where two worlds agree, and by how much they do not. */
import type { Interval } from '../metrics/confidence.js';
import type { Distribution, Percentile, Result } from '../metrics/result.js';
import type { RequestSamples } from '../metrics/samples.js';
import { kolmogorovSmirnov, type PairedDifference, pairedDifference, sortedSojourns } from '../metrics/samples.js';
import { InputError } from './errors.js';
import { canonicalJson } from './run-spec.js';

/** The percentiles that are compared. */
export const COMPARED = ['p50', 'p90', 'p99', 'p99_9'] as const satisfies readonly Percentile[];
/** How much more the worlds may differ at a percentile than the tolerance says: p99.9 is known from few requests. */
const SLACK: Readonly<Partial<Record<Percentile, number>>> = { p99_9: 2 };

/** A result to be compared, with the requests behind it where they were kept. */
export interface Side {
  readonly result: Result;
  readonly samples?: RequestSamples | undefined;
}

/** One percentile of the slowdown on both sides. */
export interface ComparedValue {
  readonly a: number;
  readonly b: number;
  readonly aCi95: Interval;
  readonly bCi95: Interval;
  /** a / b - 1 */
  readonly relative: number;
  /** Do the intervals have a value in common? */
  readonly overlap: boolean;
  /**
   * Within the tolerance (p99.9: within twice of it), or the intervals overlap. Null: neither, but for a bound that too few requests did not give. Absent without a
   * tolerance.
   */
  readonly agrees?: boolean | null;
}

export interface ComparedType {
  /** `undefined` in code, left out in JSON: all types. */
  readonly name?: string;
  /** Null where either side measured no request. */
  readonly slowdown: Readonly<Record<(typeof COMPARED)[number], ComparedValue | null>>;
  /** Kolmogorov–Smirnov distance of the sojourns; absent without samples of both. */
  readonly ks?: number;
  /** Each request with itself, a - b; absent without samples of both or when they met different requests. */
  readonly paired?: PairedDifference;
}

export interface ComparedRun {
  readonly policy: string;
  readonly policyParameters: Result['policyParameters'];
  readonly workload: string;
  readonly workers: number;
  readonly load: number;
  readonly requests: readonly [a: number, b: number];
  readonly types: readonly ComparedType[];
}

/** Schema `psp.compare/1`. */
export interface Comparison {
  readonly schema: 'psp.compare/1';
  readonly a: Pick<Result, 'world' | 'system'>;
  readonly b: Pick<Result, 'world' | 'system'>;
  readonly tolerance: number | null;
  /** Does no value disagree? Null without a tolerance. */
  readonly agrees: boolean | null;
  /** How many values agree, disagree, and leave it undecided; null without a tolerance. */
  readonly verdicts: { readonly agree: number; readonly disagree: number; readonly undecided: number } | null;
  readonly runs: readonly ComparedRun[];
}

export interface CompareOptions {
  /** Allowed relative difference, such as 0.1. */
  readonly tolerance?: number;
  /** Compare results of different requests as well. */
  readonly unpaired?: boolean;
}

/**
 * Compares each result on one side with its counterpart on the other: same policy and parameters, workload, workers and load.
 *
 * @throws InputError when one has no counterpart, or the two met different requests and `unpaired` does not allow that
 */
export function compareSides(a: readonly Side[], b: readonly Side[], options: CompareOptions = {}): Comparison {
  const { tolerance } = options;
  const runs = counterpartsOf(a, b).map(([side, other]) => compareRun(side, other, options));
  const verdicts = runs.flatMap(({ types }) =>
    types.flatMap(({ slowdown }) => COMPARED.map((percentile) => slowdown[percentile]?.agrees)),
  );
  const count = (verdict: boolean | null) => verdicts.filter((each) => each === verdict).length;
  return {
    schema: 'psp.compare/1',
    a: worldOf(a[0]!.result),
    b: worldOf(b[0]!.result),
    tolerance: tolerance ?? null,
    agrees: tolerance === undefined ? null : count(false) === 0,
    verdicts: tolerance === undefined ? null : { agree: count(true), disagree: count(false), undecided: count(null) },
    runs,
  };
}

/**
 * Each result of the first side with its counterpart.
 *
 * @throws InputError when one of either side has none, or several
 */
export function counterpartsOf(a: readonly Side[], b: readonly Side[]): (readonly [Side, Side])[] {
  if (a.length === 0 || b.length === 0) throw new InputError('expected results on both sides, found none');
  const taken = new Set<Side>();
  const pairs = a.map((side) => {
    const other = counterpartOf(side, b);
    if (taken.has(other)) {
      throw new InputError(`${describe(other.result)}: the counterpart of several results of the first side`);
    }
    taken.add(other);
    return [side, other] as const;
  });
  const alone = b.find((side) => !taken.has(side));
  if (alone) throw new InputError(`${describe(alone.result)}: no counterpart on the first side`);
  return pairs;
}

function counterpartOf({ result }: Side, others: readonly Side[]): Side {
  const alike = others.filter((other) => identityOf(other.result) === identityOf(result));
  // The same policy in several systems on both sides: each system with itself.
  const same = alike.length > 1 ? alike.filter((other) => other.result.system === result.system) : alike;
  const [other] = same;
  if (other && same.length === 1) return other;
  const there = others.map((each) => describe(each.result)).join('; ');
  throw new InputError(
    `${describe(result)}: ${alike.length > 1 ? 'several counterparts' : 'no counterpart'} on the other side, which has ${there}`,
  );
}

function worldOf({ world, system }: Result): Comparison['a'] {
  return { world, ...(system !== undefined && { system }) };
}

/** What two results must have in common to be of the same experiment. */
function identityOf({ policy, policyParameters, workload, workers, load }: Result): string {
  // The cost of a mechanism is the simulator's affair: on a machine it costs what it costs, in a system what the system says.
  const { costNs: _, ...parameters } = policyParameters;
  return canonicalJson({ policy, parameters, workload, workers, load: load.toPrecision(9) });
}

function describe({ policy, workload, workers, load, system }: Result): string {
  const where = system === undefined ? '' : ` (${system})`;
  return `${policy}${where} on ${workload}, ${workers} workers, load ${Number(load.toPrecision(3))}`;
}

function compareRun(a: Side, b: Side, { tolerance, unpaired }: CompareOptions): ComparedRun {
  const { result } = a;
  const same = a.samples && b.samples && a.samples.traceDigest === b.samples.traceDigest;
  if (a.samples && b.samples && !same && !unpaired) {
    throw new InputError(
      `${describe(result)}: the two met different requests (trace digests ${a.samples.traceDigest} and ${b.samples.traceDigest}): expected equal seeds, loads and numbers of requests, or --unpaired`,
    );
  }
  if (!(a.samples && b.samples) && !unpaired) refuseOtherRequests(result, b.result);
  const names = result.types.map(({ name }) => name);
  const types = names.map((name, type): ComparedType => {
    const other = b.result.types.find((each) => each.name === name);
    return {
      name,
      slowdown: compareSlowdown(result.types[type]!.slowdown, other?.slowdown, tolerance),
      ...compareSamples(a.samples, b.samples, type, same),
    };
  });
  const all: ComparedType = {
    slowdown: compareSlowdown(result.overall.slowdown, b.result.overall.slowdown, tolerance),
    ...compareSamples(a.samples, b.samples, undefined, same),
  };
  const { policy, policyParameters, workload, workers, load } = result;
  return {
    policy,
    policyParameters,
    workload,
    workers,
    load,
    requests: [result.requests, b.result.requests],
    types: names.length > 1 ? [...types, all] : types,
  };
}

/** Without the requests themselves: by what they are made from. */
function refuseOtherRequests(a: Result, b: Result): void {
  for (const key of ['seed', 'requests', 'replications'] as const) {
    if (String(a[key]) === String(b[key])) continue;
    throw new InputError(
      `${describe(a)}: the two met different requests (${key} ${a[key]} and ${b[key]}): expected equal seeds, loads and numbers of requests, or --unpaired`,
    );
  }
}

function compareSamples(
  a: RequestSamples | undefined,
  b: RequestSamples | undefined,
  type: number | undefined,
  same: boolean | undefined,
): Pick<ComparedType, 'ks' | 'paired'> {
  if (!a || !b) return {};
  const ks = kolmogorovSmirnov(sortedSojourns(a, type), sortedSojourns(b, type));
  const paired = same ? pairedDifference(a, b, type) : undefined;
  return { ...(!Number.isNaN(ks) && { ks }), ...(paired && { paired }) };
}

function compareSlowdown(
  a: Distribution,
  b: Distribution | undefined,
  tolerance: number | undefined,
): ComparedType['slowdown'] {
  return Object.fromEntries(
    COMPARED.map((percentile) => [percentile, b ? compareValue(a, b, percentile, tolerance) : null]),
  ) as ComparedType['slowdown'];
}

function compareValue(
  a: Distribution,
  b: Distribution,
  percentile: Percentile,
  tolerance: number | undefined,
): ComparedValue | null {
  const [x, y] = [a[percentile], b[percentile]];
  const [aCi95, bCi95] = [a.ci95[percentile], b.ci95[percentile]];
  if (x === null || y === null || !aCi95 || !bCi95) return null;
  const relative = x / y - 1;
  const overlap = below(aCi95[0], bCi95[1]) && below(bCi95[0], aCi95[1]);
  const isBounded = [...aCi95, ...bCi95].every((bound) => bound !== null);
  const isWithin = tolerance !== undefined && Math.abs(relative) <= tolerance * (SLACK[percentile] ?? 1);
  return {
    a: x,
    b: y,
    aCi95,
    bCi95,
    relative,
    overlap,
    ...(tolerance !== undefined && { agrees: isWithin || (overlap ? (isBounded ? true : null) : false) }),
  };
}

/** Is a lower bound not above an upper one? A missing bound is none. */
function below(low: number | null, high: number | null): boolean {
  return low === null || high === null || low <= high;
}

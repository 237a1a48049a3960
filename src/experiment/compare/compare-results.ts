/**
 * Compares two results of the same policy on the same requests: where two worlds agree, and how far apart they are
 * elsewhere.
 */

import type { RequestSamples } from '../../metrics/samples.js';
import {
  kolmogorovSmirnov,
  pairedDifference,
  pairedIntervals,
  pairSlowdowns,
  sortedSojourns,
} from '../../metrics/samples.js';
import {
  COMPARED,
  type ComparedRun,
  type ComparedType,
  type ComparedValue,
  type Comparison,
} from '../../results/comparison.js';
import { failureOf, type Judged } from '../../results/outcome-schema.js';
import type { Interval } from '../../results/result.js';
import { type DistributionSummary, PERCENTILES, type Percentile, type Result } from '../../results/result.js';
import { policyLabel } from '../../scheduler/policy-label.js';
import { InputError } from '../../units/errors.js';
import { formatLoad } from '../../units/load.js';
import { canonicalJson } from '../plan/run-spec.js';

/** Factors on the tolerance, by percentile: p99.9 is known from few requests. */
const SLACK: Readonly<Partial<Record<Percentile, number>>> = { p99_9: 2 };

/** A result to be compared, with the requests behind it where they were kept. */
export interface Side {
  readonly result: Result;
  readonly samples?: RequestSamples | undefined;
}

export interface CompareOptions {
  /** Allowed relative difference, such as 0.1. */
  readonly tolerance?: number;
  /** Compare results of different requests as well. */
  readonly unpaired?: boolean;
}

/**
 * Compares each result on one side with its counterpart on the other: same policy and parameters, workload, workers and
 * load.
 *
 * @throws InputError when one has no counterpart, or the two met different requests and `unpaired` does not allow that
 */
export function compareSides(a: readonly Side[], b: readonly Side[], options: CompareOptions = {}): Comparison {
  const steps = comparingSides(a, b, options);
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}

/** {@link compareSides} step by step, because it sorts millions of requests: yields the share that is done. */
export function* comparingSides(
  a: readonly Side[],
  b: readonly Side[],
  options: CompareOptions = {},
): Generator<number, Comparison> {
  const { tolerance } = options;
  const pairs = counterpartsOf(a, b);
  const runs: ComparedRun[] = [];
  for (const [i, [side, other]] of pairs.entries()) {
    const steps = comparingRun(side, other, options);
    let step = steps.next();
    for (; !step.done; step = steps.next()) yield (i + step.value) / pairs.length;
    runs.push(step.value);
  }
  const found = runs.flatMap(({ outcomes, types }) => {
    if (outcomes.some(failureOf)) return outcomes[0].outcome === outcomes[1].outcome;
    return types.flatMap(({ slowdown }) => COMPARED.map((percentile) => slowdown[percentile]?.agrees));
  });
  const countOf = (verdict: boolean | null) => found.filter((each) => each === verdict).length;
  const verdicts = { agree: countOf(true), disagree: countOf(false), undecided: countOf(null) };
  return {
    schema: 'psp.compare/1',
    a: worldOf(a[0]!.result),
    b: worldOf(b[0]!.result),
    tolerance: tolerance ?? null,
    agrees: tolerance === undefined ? null : verdicts.disagree === 0 && verdicts.agree > 0,
    verdicts: tolerance === undefined ? null : verdicts,
    runs,
  };
}

/**
 * Each result of the first side with its counterpart.
 *
 * @throws InputError when it has none
 */
export function counterpartsOf(a: readonly Side[], b: readonly Side[]): (readonly [Side, Side])[] {
  if (a.length === 0 || b.length === 0) throw new InputError('expected results on both sides, found none');
  const pairs = a.map((side) => [side, counterpartOf(side, a, b)] as const);
  const left = b.filter((side) => !pairs.some(([, other]) => other === side));
  if (left.length > 0) {
    const there = a.map(({ result }) => describe(result)).join('; ');
    const names = left.map(({ result }) => describe(result)).join('; ');
    throw new InputError(`${names}: no counterpart on the first side, which has ${there}`);
  }
  return pairs;
}

/** The result of the same experiment; if there are several, the one of the same system. */
function counterpartOf(side: Side, a: readonly Side[], b: readonly Side[]): Side {
  const identity = identityOf(side.result);
  const same = (sides: readonly Side[]) => sides.filter(({ result }) => identityOf(result) === identity);
  const ofSystem = (sides: readonly Side[]) => sides.filter(({ result }) => result.system === side.result.system);
  const alone = same(a).length === 1 && same(b).length === 1;
  const [mine, others] = alone ? [same(a), same(b)] : [ofSystem(same(a)), ofSystem(same(b))];
  if (mine.length === 1 && others.length === 1) return others[0]!;
  if (same(b).length === 0) {
    const there = b.map(({ result }) => describe(result)).join('; ');
    throw new InputError(`${describe(side.result)}: no counterpart on the other side, which has ${there}`);
  }
  throw new InputError(
    `${describe(side.result)}: ${same(a).length} results on the first side and ${same(b).length} on the other, ` +
      `of ${others.length === 0 ? 'other systems' : 'which each could be'} the counterpart: expected one of each`,
  );
}

function worldOf({ world, system }: Result): Comparison['a'] {
  return { world, ...(system !== undefined && { system }) };
}

/** What two results must have in common to be of the same experiment. */
function identityOf({ policy, policyParameters, workload, workers, load }: Result): string {
  // Costs are left out: they are parameters of the simulator alone. A machine has its own, and a system states them.
  const { costNs: _, ...parameters } = policyParameters;
  return canonicalJson({ policy, parameters, workload, workers, load: formatLoad(load, 9) });
}

function describe({ system, ...result }: Result): string {
  const { workload, workers, load } = result;
  const where = system === undefined ? '' : ` (${system})`;
  return `${policyLabel(result)}${where} on ${workload}, ${workers} workers, load ${formatLoad(load)}`;
}

/** Yields the share that is done after each type. */
function* comparingRun(a: Side, b: Side, { tolerance, unpaired }: CompareOptions): Generator<number, ComparedRun> {
  const { result } = a;
  const same = a.samples && b.samples && a.samples.traceDigest === b.samples.traceDigest;
  if (a.samples && b.samples && !same && !unpaired) {
    throw new InputError(
      `${describe(result)}: the two met different requests (trace digests ${a.samples.traceDigest} and ` +
        `${b.samples.traceDigest}): expected equal seeds, loads and numbers of requests, or --unpaired`,
    );
  }
  // Without the requests themselves, what they are drawn from says whether they are the same.
  const from = ({ seed, requests, replications }: Result) =>
    `${requests} requests in ${replications} ${replications === 1 ? 'run' : 'runs'} from seed '${seed}'`;
  if (!(a.samples && b.samples) && !unpaired && from(result) !== from(b.result)) {
    throw new InputError(
      `${describe(result)}: the two met different requests (${from(result)}, and ${from(b.result)}): expected ` +
        'the same of both, or --unpaired',
    );
  }
  const names = result.types.map(({ name }) => name);
  const outcomes = [judgedOf(result), judgedOf(b.result)] as const;
  // The sojourns of a run that is not ok are not those of its policy.
  const isOk = !outcomes.some(failureOf);
  const pairedAt = (type?: number) => {
    const slowdowns = same && isOk ? pairSlowdowns(a.samples, b.samples, type) : undefined;
    return (percentile: (typeof COMPARED)[number]) => slowdowns && pairedIntervals(slowdowns, PERCENTILES[percentile]);
  };
  const types: ComparedType[] = [];
  for (const [type, name] of names.entries()) {
    const other = b.result.types.find((each) => each.name === name)?.slowdown;
    const slowdown = result.types[type]!.slowdown;
    types.push({
      name,
      slowdown: compareSlowdown(slowdown, isOk ? other : undefined, tolerance, pairedAt(type)),
      ...(isOk && compareSamples(a.samples, b.samples, type, same)),
    });
    yield (type + 1) / (names.length + 1);
  }
  const others = isOk ? b.result.overall.slowdown : undefined;
  const all: ComparedType = {
    slowdown: compareSlowdown(result.overall.slowdown, others, tolerance, pairedAt()),
    ...(isOk && compareSamples(a.samples, b.samples, undefined, same)),
  };
  const { policy, policyParameters, policyDefaults, workload, workers, load } = result;
  return {
    policy,
    policyParameters,
    ...(policyDefaults && { policyDefaults }),
    workload,
    workers,
    load,
    requests: [result.requests, b.result.requests],
    outcomes,
    types: names.length > 1 ? [...types, all] : types,
  };
}

function judgedOf({ outcome, reason }: Result): Judged {
  return { outcome, ...(reason !== undefined && { reason }) };
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
  a: DistributionSummary,
  b: DistributionSummary | undefined,
  tolerance: number | undefined,
  pairedAt: (percentile: (typeof COMPARED)[number]) => ComparedValue['paired'],
): ComparedType['slowdown'] {
  return Object.fromEntries(
    COMPARED.map((percentile) => [
      percentile,
      b ? compareValue(a, b, percentile, tolerance, pairedAt(percentile)) : null,
    ]),
  ) as ComparedType['slowdown'];
}

function compareValue(
  a: DistributionSummary,
  b: DistributionSummary,
  percentile: Percentile,
  tolerance: number | undefined,
  paired: ComparedValue['paired'],
): ComparedValue | null {
  const [x, y] = [a[percentile], b[percentile]];
  const [aCi95, bCi95] = [a.ci95[percentile], b.ci95[percentile]];
  if (x === null || y === null || !aCi95 || !bCi95) return null;
  const relative = x / y - 1;
  const overlap = below(aCi95[0], bCi95[1]) && below(bCi95[0], aCi95[1]);
  return {
    a: x,
    b: y,
    aCi95,
    bCi95,
    relative,
    overlap,
    ...(paired && { paired }),
    ...(tolerance !== undefined && {
      agrees:
        Math.abs(relative) <= tolerance * (SLACK[percentile] ?? 1) ||
        either(overlapVerdict(aCi95, bCi95), !!paired && either(isWithin(x, paired.b), isWithin(y, paired.a))),
    }),
  };
}

/**
 * Agreement needs bounds on both sides, because an interval without a bound overlaps with everything. Two bounds that
 * are apart are enough for disagreement.
 */
function overlapVerdict([aLow, aHigh]: Interval, [bLow, bHigh]: Interval): boolean | null {
  if (!below(aLow, bHigh) || !below(bLow, aHigh)) return false;
  return [aLow, aHigh, bLow, bHigh].includes(null) ? null : true;
}

/** Null when a bound is missing, so that nobody knows. */
function isWithin(x: number, [low, high]: Interval): boolean | null {
  if (!below(low, x) || !below(x, high)) return false;
  return low === null || high === null ? null : true;
}

/** True when one is, null when nobody knows. */
function either(a: boolean | null, b: boolean | null): boolean | null {
  return a === true || b === true ? true : a === false && b === false ? false : null;
}

/** Is a lower bound at most an upper one? A missing bound never excludes it. */
function below(low: number | null, high: number | null): boolean {
  return low === null || high === null || low <= high;
}

/** Service-level objectives, such as `p99.9 slowdown <= 10 for every type` or `p99 sojourn <= 50us for GET`. */

import type { Judgement, SloVerdict } from '../../results/capacity-schema.js';
import { failureOf } from '../../results/outcome-schema.js';
import {
  type DistributionSummary,
  PERCENTILES,
  type Result,
  STATISTIC_NAMED,
  type Statistic,
} from '../../results/result.js';
import { parseDuration } from '../../units/duration.js';
import { InputError } from '../../units/errors.js';
import { typedName } from '../../units/lists.js';
import { lookUp } from '../../units/names.js';
import { checkTypeName } from '../plan/type-names.js';

export interface Slo {
  /** As typed. */
  readonly text: string;
  readonly statistic: Statistic;
  readonly quantity: 'slowdown' | 'sojournNs';
  /** The largest value allowed: a factor of at least 1, or ns. */
  readonly bound: number;
  readonly scope: 'every type' | 'overall' | { readonly type: string };
}

const SCOPE = '(?:\\s+(overall|for\\s+\\S.*))?';
const FORM = new RegExp(`^(\\S+)\\s+(slowdown|sojourn|latency)\\s*(?:<=?|≤)\\s*(\\S.*?)${SCOPE}$`);
const TIMEOUTS = new RegExp(`^rate\\s+of\\s+timeouts\\s*(?:<=?|≤)\\s*([\\d.]+)\\s*%\\s+at\\s+(\\S.*?)${SCOPE}$`);

/**
 * An objective from its text. `latency` is another word for sojourn, and `<` means `<=`. A rate of timeouts of at most
 * 0.1 % at 10ms is the same as a p99.9 sojourn of at most 10ms, where a dropped request is late.
 *
 * @param where what to begin a complaint with
 * @throws InputError that says what was expected and what was found
 */
export function parseSlo(text: string, where = '--slo'): Slo {
  const timeouts = TIMEOUTS.exec(text.trim());
  if (timeouts) {
    const [, percent, bound, scope] = timeouts as unknown as string[];
    return {
      text: text.trim(),
      statistic: statisticWith(percent!, where),
      quantity: 'sojournNs',
      bound: readSojourn(bound!, where),
      scope: readScope(scope),
    };
  }
  const match = FORM.exec(text.trim());
  if (!match) {
    throw new InputError(
      `${where}: expected an objective such as 'p99.9 slowdown <= 10 for every type', ` +
        `'p99 sojourn <= 50us for GET' or 'rate of timeouts <= 0.1 % at 10ms', found '${text}'`,
    );
  }
  const [, name, quantity, bound, scope] = match as unknown as string[];
  const statistic = lookUp(STATISTIC_NAMED, name!);
  if (statistic === undefined) {
    throw new InputError(`${where}: expected one of ${Object.keys(STATISTIC_NAMED).join(', ')}, found '${name}'`);
  }
  return {
    text: text.trim(),
    statistic,
    ...(quantity === 'slowdown'
      ? { quantity, bound: readSlowdown(bound!, where) }
      : { quantity: 'sojournNs', bound: readSojourn(bound!, where) }),
    scope: readScope(scope),
  };
}

/** A type that is called `overall` is named in quotes. */
function readScope(scope = 'for every type'): Slo['scope'] {
  const meant = scope.replace(/^for\s+/, '');
  return meant === 'every type' || meant === 'overall' ? meant : { type: typedName(meant) };
}

/** The percentile beyond which this share of the requests is. */
function statisticWith(percent: string, where: string): Statistic {
  const shares = Object.entries(PERCENTILES).map(([name, q]) => [name as Statistic, +(100 - 100 * q).toPrecision(6)]);
  const found = shares.find(([, share]) => share === Number(percent));
  if (found) return found[0] as Statistic;
  const known = shares.map(([, share]) => `${share} %`).join(', ');
  throw new InputError(`${where}: expected a rate of timeouts of one of ${known}, found '${percent} %'`);
}

function readSlowdown(text: string, where: string): number {
  const bound = Number(text);
  if (!(bound >= 1 && bound < Number.POSITIVE_INFINITY)) {
    throw new InputError(`${where}: expected a slowdown of at least 1, found '${text}'`);
  }
  return bound;
}

function readSojourn(text: string, where: string): number {
  try {
    return parseDuration(text);
  } catch (error) {
    throw new InputError(`${where}: ${(error as Error).message}`);
  }
}

/** @throws InputError when an objective is for a type that the workload does not have */
export function checkSlos(slos: readonly Slo[], types: readonly string[]): void {
  for (const { scope, text } of slos) {
    if (typeof scope !== 'string') checkTypeName(`--slo: '${text}'`, scope.type, types);
  }
}

/**
 * Judges a result by all objectives and returns the worst judgement. An objective holds when the whole interval is
 * within the bound. It fails when none of the interval is, when the outcome of the run is not ok, or when more
 * requests were dropped than the percentile allows to be late. A run that may be unstable decides nothing.
 */
export function judge(result: Result, slos: readonly Slo[]): Judgement {
  return judgeAll(result, slos).reduce((worst, each) => (compare(each, worst) > 0 ? each : worst));
}

/**
 * Judges a result by the objective that has the least room: the largest value relative to its bound, met or not. A
 * failed run, or one that drops more than allowed, has a reason.
 */
export function tightest(result: Result, slos: readonly Slo[]): Judgement {
  return judgeAll(result, slos).reduce((worst, each) => (shareOfBound(each) > shareOfBound(worst) ? each : worst));
}

function judgeAll(result: Result, slos: readonly Slo[]): Judgement[] {
  return slos.flatMap((slo) => judgedParts(result, slo).map((part) => judgePart(result, slo, part)));
}

/** The value of a judgement divided by its bound; Infinity when it has a reason or no value. */
export function shareOfBound(judgement: Judgement): number {
  return judgement.reason === undefined ? excess(judgement) : Number.POSITIVE_INFINITY;
}

interface JudgedPart {
  readonly type: string | null;
  readonly distribution: DistributionSummary;
  readonly droppedShare: number;
}

function judgedParts(result: Result, { scope, quantity }: Slo): JudgedPart[] {
  if (scope === 'overall') {
    return [{ type: null, distribution: result.overall[quantity], droppedShare: droppedShare(result, result.overall) }];
  }
  return result.types
    .filter(({ name, arrived }) => (scope === 'every type' ? arrived > 0 : name === scope.type))
    .map((type) => ({
      type: type.name,
      distribution: type[quantity],
      droppedShare: droppedShare(type, type),
    }));
}

/** The share of the requests after the warm-up that was dropped. */
function droppedShare(
  { droppedMeasured }: Pick<Result, 'droppedMeasured'>,
  { sojournNs }: Pick<Result['overall'], 'sojournNs'>,
): number {
  return droppedMeasured > 0 ? droppedMeasured / (sojournNs.count + droppedMeasured) : 0;
}

function judgePart(result: Result, slo: Slo, { type, distribution, droppedShare }: JudgedPart): Judgement {
  const { statistic, bound } = slo;
  const [low, high] = distribution.ci95[statistic] ?? [null, null];
  const about = {
    slo: slo.text,
    statistic,
    quantity: slo.quantity,
    bound,
    type,
    value: distribution[statistic],
    low,
    high,
  };
  const failed = failureOf(result);
  if (failed) return { ...about, verdict: 'fails', reason: failed };
  // A dropped request is later than any bound.
  const mayBeLate = statistic === 'mean' ? 0 : 1 - PERCENTILES[statistic];
  if (droppedShare > mayBeLate) return { ...about, verdict: 'fails', reason: 'dropped' };
  const isDoubtful = result.reason !== undefined;
  if (high !== null && high <= bound) return { ...about, verdict: isDoubtful ? 'undecided' : 'holds' };
  return { ...about, verdict: low !== null && low > bound ? 'fails' : 'undecided' };
}

const BADNESS: Readonly<Record<SloVerdict, number>> = { holds: 0, undecided: 1, fails: 2 };

/** Above 0 when the first is worse: by the verdict, then by how far the value is beyond its bound. */
function compare(a: Judgement, b: Judgement): number {
  return BADNESS[a.verdict] - BADNESS[b.verdict] || excess(a) - excess(b);
}

function excess({ bound, value }: Judgement): number {
  return (value ?? Number.POSITIVE_INFINITY) / bound;
}

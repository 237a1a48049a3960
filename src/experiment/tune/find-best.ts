/** The best values of a policy's parameters on one workload. */

import type { Judgement } from '../../results/capacity-schema.js';
import type { Point } from '../../results/point.js';
import type { Interval } from '../../results/result.js';
import type { Candidate, Confirmed, Fate, Sensitivity, Tuning } from '../../results/tuning-schema.js';
import { InputError } from '../../units/errors.js';
import { typeNames } from '../../units/unknown.js';
import { checkSlos, type Slo, shareOfBound, tightest } from '../capacity/slo.js';
import { describeEnvironment } from '../environment.js';
import { planRuns } from '../plan/plan.js';
import { type Settings, withDefaults } from '../plan/run-settings.js';
import { createThreadPool, type ThreadPool } from '../run/thread-pool.js';
import { localEngine } from '../sweep/local-engine.js';
import { type Lists, planSweep } from '../sweep/plan-sweep.js';
import { runSweep } from '../sweep/run-sweep.js';
import { standing } from './race.js';
import {
  allValues,
  defaultValues,
  haltonPoint,
  holds,
  nearPoint,
  type ParameterValue,
  parseRanges,
  plainRange,
  type RangedPolicy,
  spreadValues,
  typedValues,
  valueAt,
  withValues,
} from './ranges.js';

/** The settings of a run, without the policy and without the replications, which follow from the race. */
export type TuneSettings = Omit<
  Settings,
  'policies' | 'rateScale' | 'replications' | 'precision' | 'maxReplications' | 'record' | 'sliceNs'
>;

export interface TuneOptions {
  readonly slos: readonly Slo[];
  /** Folder that keeps every run, so that the search resumes: that of a sweep. */
  readonly out: string;
  /** How many sets of values race, without the default; at least 1. */
  readonly candidates?: number;
  /** Most runs of one candidate in the race, and the replications of the confirmation; at least 4. */
  readonly mostRuns?: number;
  readonly threads?: ThreadPool;
  readonly signal?: AbortSignal;
  /** Is told the load, once everything is checked and before anything runs. */
  readonly onPlanned?: (load: number) => void;
  /** Is told what runs next. */
  readonly onStep?: (step: string) => void;
  readonly onNote?: (message: string) => void;
}

export const CANDIDATES = 24;
export const RACE_RUNS = 8;
/** Without a setting a run is as long as a probe of psp capacity. */
const RUN_REQUESTS = 1_000_000;
/** Runs after which the survivors of an early round are known well enough to search near the best. */
const EARLY_RUNS = 4;
/** Half of the candidates are spread over the ranges, a quarter are within this of the best, a quarter of the next. */
const REACHES = [0.2, 0.06];
/** Values of each parameter that show how much it matters, and runs of each. */
const SPREAD_VALUES = 5;
const SPREAD_RUNS = 4;

interface Runner {
  readonly ranged: RangedPolicy;
  /** The result of each policy with the settings changed; undefined for one that could not be run. */
  run(policies: readonly string[], changed: Partial<Settings>): Promise<(Point | undefined)[]>;
}

interface Racer {
  readonly values: readonly ParameterValue[];
  readonly policy: string;
  /** By block. */
  readonly scores: number[];
  fate: Fate;
}

/**
 * Races candidates: sets of values, spread over the ranges, then near the best. All meet the same requests in each
 * block, and those that are significantly worse get no more blocks. The winner runs again on seeds that did not decide
 * the race, beside the default and beside itself with one parameter changed at a time.
 *
 * @param text the policy with its ranges, see {@link parseRanges}
 * @returns undefined when it was interrupted: the same call goes on
 * @throws InputError or EnvironmentError
 */
export async function findBest(
  settings: TuneSettings,
  text: string,
  options: TuneOptions,
): Promise<Tuning | undefined> {
  const { slos, onNote, mostRuns = RACE_RUNS } = options;
  if (slos.length === 0) throw new InputError('expected an objective, found none: add --slo');
  const ranged = parseRanges(text);
  const requests = settings.durationNs === undefined ? (settings.requests ?? RUN_REQUESTS) : undefined;
  const asked = { ...settings, ...(requests !== undefined && { requests }) };
  const { workload, specs } = await planRuns({ ...asked, policies: [ranged.base.text] });
  if (specs[0]!.workload.kind === 'trace') throw new InputError('expected a workload file (.yaml), found a trace');
  checkSlos(slos, typeNames(workload));
  for (const note of workload.notes) onNote?.(`note: ${note}`);
  options.onPlanned?.(workload.load);
  const threads = options.threads ?? createThreadPool();
  try {
    const runner = createRunner(asked, ranged, { ...options, threads });
    const { seed } = withDefaults(settings);
    const racers = await race(runner, seed, options);
    return {
      schema: 'psp.tuning/1',
      workload: workload.name,
      title: workload.title,
      ...(specs[0]!.system && { system: specs[0]!.system.name }),
      workers: specs[0]!.workers,
      load: workload.load,
      offeredRps: workload.offeredRps,
      seed,
      slos: slos.map((slo) => slo.text),
      policy: text,
      ranges: ranged.ranges.map(plainRange),
      candidates: racers.map((racer) => candidateOf(racer, ranged)),
      runs: racers.reduce((sum, { scores }) => sum + scores.length, 0),
      ...(await confirm(
        runner,
        racers.find(({ fate }) => fate === 'best'),
        {
          slos,
          changed: { seed: `${seed}-confirm`, replications: mostRuns },
        },
      )),
      manifest: describeEnvironment(),
    };
  } catch (error) {
    if (options.signal?.aborted && error === options.signal.reason) return undefined;
    throw error;
  } finally {
    if (!options.threads) threads.close();
  }
}

/** Runs points in the folder of a sweep, or reads them where they are there already. */
function createRunner(
  settings: TuneSettings,
  ranged: RangedPolicy,
  { out, threads, signal, onNote }: TuneOptions & { readonly threads: ThreadPool },
): Runner {
  const told = new Set<string>();
  const note = (message: string) => {
    if (!told.has(message)) onNote?.(message);
    told.add(message);
  };
  return {
    ranged,
    async run(policies, changed) {
      const keys: string[] = [];
      const planned = [];
      for (const policy of policies) {
        const one: Record<string, unknown> = { ...settings, ...changed };
        const lists = Object.fromEntries(
          Object.entries(one)
            .filter(([, value]) => value !== undefined)
            .map(([key, value]) => [key, key === 'systems' ? value : [value]]),
        ) as Lists;
        const [point] = await planSweep([{ lists: { ...lists, policies: [policy] } }]);
        keys.push(point!.key);
        planned.push(point!);
      }
      const { points, failures, left } = await runSweep(
        planned.filter(({ key }, i) => keys.indexOf(key) === i),
        { out, engine: localEngine(threads), tables: false, onNote: note, ...(signal && { signal }) },
      );
      for (const { planned: failed, message } of failures) note(`failed: ${failed.command}: ${message}`);
      if (left > 0) signal?.throwIfAborted();
      const byKey = new Map(points.map((point) => [point.key, point]));
      return keys.map((key) => byKey.get(key));
    },
  };
}

/** Returns all that raced; one of them is the best, if any carried the load. */
async function race(
  runner: Runner,
  seed: string,
  { slos, onStep, candidates: count = CANDIDATES, mostRuns = RACE_RUNS }: TuneOptions,
): Promise<Racer[]> {
  const { ranged } = runner;
  const { ranges } = ranged;
  const racers: Racer[] = [];
  const enter = (values: readonly ParameterValue[], policy = withValues(ranged, values)) => {
    const isNew = racers.every((racer) => racer.values.some((value, i) => value !== values[i]));
    if (isNew) racers.push({ values, policy, scores: [], fate: 'left' });
  };
  const defaults = defaultValues(ranged);
  if (ranges.every((range, i) => holds(range, defaults[i]!))) enter(defaults, ranged.base.text);
  const every = allValues(ranges, count);
  const spread = every ? count : Math.ceil(count / 2);
  if (every) for (const values of every) enter(values);
  else for (let i = 0; i < spread; i++) enter(haltonPoint(i, ranges.length).map((at, r) => valueAt(ranges[r]!, at)));
  const runTo = async (runs: number) => {
    for (let block = 0; block < runs; block++) {
      const alive = racers.filter(({ fate }) => fate === 'left');
      const missing = alive.filter(({ scores }) => scores.length <= block);
      if (alive.length <= 1 && block >= EARLY_RUNS) return;
      if (missing.length === 0) continue;
      onStep?.(`${missing.length} of ${racers.length} candidates, run ${block + 1}`);
      const points = await runner.run(
        missing.map(({ policy }) => policy),
        { seed: `${seed}-${block + 1}` },
      );
      missing.forEach((racer, i) => {
        racer.scores.push(
          points[i] ? Math.log(shareOfBound(tightest(points[i].result, slos))) : Number.POSITIVE_INFINITY,
        );
        // It would fail again.
        if (!points[i]) racer.fate = 'failed';
      });
      const ran = alive.filter(({ fate }) => fate === 'left');
      const { out } = standing(ran.map(({ scores }) => scores.slice(0, block + 1)));
      ran.forEach((racer, i) => {
        racer.fate = out[i] ?? racer.fate;
      });
    }
  };
  const leader = () => {
    const alive = racers.filter(({ fate }) => fate === 'left');
    return alive[standing(alive.map(({ scores }) => scores)).best];
  };
  for (const reach of every ? [] : REACHES) {
    await runTo(Math.min(EARLY_RUNS, mostRuns));
    const near = leader();
    if (!near) break;
    const more = Math.floor((count - spread) / REACHES.length);
    for (let i = 0; i < more; i++) {
      enter(nearPoint(ranges, near.values, i, reach).map((at, r) => valueAt(ranges[r]!, at)));
    }
  }
  await runTo(mostRuns);
  const winner = leader();
  if (winner && !winner.scores.includes(Number.POSITIVE_INFINITY)) winner.fate = 'best';
  for (const racer of racers) {
    if (racer.fate === 'left' && racer.scores.includes(Number.POSITIVE_INFINITY)) racer.fate = 'failed';
  }
  return racers;
}

function candidateOf({ values, policy, scores, fate }: Racer, { ranges }: RangedPolicy): Candidate {
  const score = Math.exp(scores.reduce((sum, each) => sum + each, 0) / scores.length);
  return {
    policy,
    values: typedValues(ranges, values),
    runs: scores.length,
    score: Number.isFinite(score) ? Number(score.toPrecision(6)) : null,
    fate,
  };
}

/** Runs the winner, the default, and the winner with one parameter changed. */
async function confirm(
  { ranged, run }: Runner,
  winner: Racer | undefined,
  { slos, changed }: { readonly slos: readonly Slo[]; readonly changed: Partial<Settings> },
): Promise<Pick<Tuning, 'best' | 'default' | 'gain' | 'sensitivity'>> {
  const { ranges, base } = ranged;
  const confirmed = async (
    sets: readonly (readonly ParameterValue[])[],
    policies: readonly string[],
    settings: Partial<Settings>,
  ): Promise<Confirmed[]> => {
    const points = await run(policies, settings);
    return sets.map((values, i): Confirmed => {
      const point = points[i];
      if (!point) throw new InputError(`${policies[i]}: could not be run`);
      return {
        policy: policies[i]!,
        values: typedValues(ranges, values),
        replications: point.result.replications,
        judgement: tightest(point.result, slos),
        command: point.command,
      };
    });
  };
  const defaults = defaultValues(ranged);
  const sets = winner ? [winner.values, defaults] : [defaults];
  const policies = winner ? [winner.policy, base.text] : [base.text];
  const found = await confirmed(sets, policies, changed);
  const [best, beside] = winner ? [found[0]!, found[1]!] : [null, found[0]!];
  const sensitivity: Sensitivity[] = [];
  for (const [i, range] of winner ? ranges.entries() : []) {
    const values = [...new Set([...spreadValues(range, SPREAD_VALUES), winner!.values[i]!])];
    if (!('choices' in range)) values.sort((a, b) => Number(a) - Number(b));
    const each = values.map((value) => winner!.values.with(i, value));
    const points = await confirmed(
      each,
      each.map((set) => withValues(ranged, set)),
      {
        ...changed,
        replications: Math.min(SPREAD_RUNS, changed.replications!),
      },
    );
    const shares = points.map(({ judgement }) => shareOfBound(judgement));
    const effect = Math.max(...shares) / Math.min(...shares);
    sensitivity.push({
      key: range.spec.key,
      effect: Number.isFinite(effect) ? Number(effect.toPrecision(6)) : null,
      values: points.map((point) => ({ value: point.values[range.spec.key]!, ...point })),
    });
  }
  const gain = best && best.policy !== beside.policy ? gainOf(best.judgement, beside.judgement) : null;
  return { best, default: beside, gain, sensitivity };
}

/** The ratio of two values relative to their bounds, with an interval as if they were independent. */
function gainOf(best: Judgement, beside: Judgement): Tuning['gain'] {
  const ratio = shareOfBound(beside) / shareOfBound(best);
  if (!Number.isFinite(ratio)) return null;
  const spread = Math.hypot(halfWidth(best), halfWidth(beside));
  const interval: Interval = Number.isFinite(spread)
    ? [Number((ratio / Math.exp(spread)).toPrecision(6)), Number((ratio * Math.exp(spread)).toPrecision(6))]
    : [null, null];
  return { ratio: Number(ratio.toPrecision(6)), interval };
}

/** Half of the interval of a judgement, on the logarithm. */
function halfWidth({ value, low, high }: Judgement): number {
  if (value === null || low === null || high === null) return Number.POSITIVE_INFINITY;
  return Math.max(Math.log(high / value), Math.log(value / low));
}

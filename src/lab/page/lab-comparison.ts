/** Keeps what is known of the chosen run: a first look, a longer recording, results that grow more precise, a curve. */

import type { RunSpec } from '../../experiment/plan/run-spec.js';
import { withCommonWarmUp } from '../../experiment/run/common-warm-up.js';
import { controlFor, replicate } from '../../experiment/run/replicate.js';
import type { ThreadPool } from '../../experiment/run/thread-pool.js';
import type { Recorded } from '../../metrics/histogram.js';
import type { Result } from '../../results/result.js';
import type { FoundWarmUp } from '../../sim/find-warm-up.js';
import { firstLook, recordedPart } from '../first-look.js';
import type { LabRun } from '../lab-run.js';
import type { LabFailure, LabTask, RecordedPolicy } from '../lab-tasks.js';
import type { RecordedPart } from '../record-run.js';
import { type Signal, signal } from '../signals.js';
import { GivenUp, LabError, type LabThreads } from './lab-threads.js';

type Pair<T> = readonly [T, T];

/** A result with the slowdowns of each type, which curves are drawn from. */
export interface Measured {
  /** What was measured. */
  readonly run: LabRun;
  readonly result: Result;
  readonly slowdowns: readonly Recorded[];
}

export interface CurvePoint {
  readonly load: number;
  readonly results: Pair<Result>;
}

export interface LabComparison {
  readonly run: Signal<LabRun | undefined>;
  readonly recorded: Signal<Pair<RecordedPolicy> | undefined>;
  /** Is what was recorded a first look, which something longer takes the place of? */
  readonly isFirstLook: Signal<boolean>;
  readonly measured: Signal<Pair<Measured> | undefined>;
  readonly curve: Signal<readonly CurvePoint[]>;
  /** What is wrong with the run, and with which of its policies. */
  readonly failure: Signal<(LabFailure & { readonly index?: number }) | undefined>;
  /** Is everything shown of the run that was asked for last? */
  readonly isFresh: Signal<boolean>;
  /** Shows another run. */
  show(run: LabRun): void;
}

/** Someone who drags a slider rests this long before more than a first look is simulated, ms. */
const REST_MS = 150;
const MOST_REPLICATIONS = 8;
const CURVE_REPLICATIONS = 4;
const LOADS = [0.8, 0.9, 0.7, 0.95, 0.5, 0.85, 0.3, 0.6, 0.1];

/**
 * @param recorders two workers, for first looks at once
 * @param measurers the others; they are given up when something else is wanted
 */
export function createComparison(recorders: LabThreads, measurers: LabThreads): LabComparison {
  const of: Omit<LabComparison, 'show'> = {
    run: signal<LabRun | undefined>(undefined),
    recorded: signal<Pair<RecordedPolicy> | undefined>(undefined),
    isFirstLook: signal(false),
    measured: signal<Pair<Measured> | undefined>(undefined),
    curve: signal<readonly CurvePoint[]>([]),
    failure: signal<(LabFailure & { index?: number }) | undefined>(undefined),
    isFresh: signal(false),
  };
  let wanted: LabRun | undefined;
  let isLooking = false;
  let timer: ReturnType<typeof setTimeout> | undefined;

  function show(run: LabRun, recorded: Pair<RecordedPolicy>, isFirstLook: boolean): void {
    of.isFirstLook.set(isFirstLook);
    of.recorded.set(recorded);
    if (run !== wanted) return;
    of.failure.set(violationIn(recorded));
    of.isFresh.set(true);
  }

  function fail(run: LabRun, error: unknown): void {
    if (run !== wanted || error instanceof GivenUp) return;
    of.failure.set(error instanceof LabError ? error.failure : { message: String(error), isInput: false });
  }

  /** Takes a first look at what is wanted; while that takes, only the latest wish is kept. */
  async function lookAtLatest(): Promise<void> {
    if (isLooking) return;
    isLooking = true;
    for (let run = wanted!; ; run = wanted!) {
      try {
        const recorded = await lookAt(run, recorders);
        if (run === wanted || run.code === '') show(run, recorded, true);
        if (run === wanted && !of.failure.peek()) timer = setTimeout(() => void measure(run), REST_MS);
      } catch (error) {
        fail(run, error);
      }
      if (run === wanted) break;
    }
    isLooking = false;
  }

  async function measure(run: LabRun): Promise<void> {
    const isStale = () => run !== wanted;
    try {
      const recorded = await record(run, recordedPart(run), measurers);
      if (isStale()) return;
      show(run, recorded, false);
      if (of.failure.peek()) return;
      await measurePair(run, recorded, 1, measurers, isStale, of.measured.set);
      const at = { recorded, threads: measurers, isStale, curve: of.curve };
      const pointAt = (load: number, most: number) => measurePoint({ ...run, load }, most, at);
      await Promise.all(LOADS.map((load) => pointAt(load, 1)));
      if (isStale()) return;
      await measurePair(run, recorded, MOST_REPLICATIONS, measurers, isStale, of.measured.set);
      for (const load of LOADS) if (!isStale()) await pointAt(load, CURVE_REPLICATIONS);
    } catch (error) {
      fail(run, error);
    }
  }

  return {
    ...of,
    show(run) {
      const before = of.run.peek();
      if (JSON.stringify(before) === JSON.stringify(run)) return;
      wanted = run;
      clearTimeout(timer);
      measurers.giveUp();
      // The loop of a policy that does not end would be waited for.
      if (isLooking && (before?.code !== '' || run.code !== '')) recorders.giveUp();
      void lookAtLatest();
      of.run.set(run);
      of.isFresh.set(false);
      if (!before || withoutLoad(before) !== withoutLoad(run)) of.curve.set([]);
    },
  };
}

/** Runs that have the same are points of one curve. */
function withoutLoad(run: LabRun): string {
  return JSON.stringify({ ...run, load: 0 });
}

/** Measures one load of the curve. */
async function measurePoint(
  run: LabRun,
  most: number,
  {
    recorded,
    threads,
    isStale,
    curve,
  }: {
    readonly recorded: Pair<RecordedPolicy>;
    readonly threads: LabThreads;
    readonly isStale: () => boolean;
    readonly curve: Signal<readonly CurvePoint[]>;
  },
): Promise<void> {
  const { load } = run;
  await measurePair(run, recorded, most, threads, isStale, ([above, below]) => {
    const others = curve.peek().filter((point) => point.load !== load);
    const point = { load, results: [above.result, below.result] as const };
    curve.set([...others, point].sort((a, b) => a.load - b.load));
  });
}

function lookAt(run: LabRun, threads: LabThreads): Promise<Pair<RecordedPolicy>> {
  const look = firstLook(run);
  return record(look.run, look.part, threads);
}

async function record(run: LabRun, part: RecordedPart, threads: LabThreads): Promise<Pair<RecordedPolicy>> {
  const one = async (index: number) => {
    try {
      return await threads.ask({ task: 'record', run, index, part });
    } catch (error) {
      throw error instanceof LabError ? new LabError({ ...error.failure, index } as LabFailure) : error;
    }
  };
  const both = await Promise.allSettled([one(0), one(1)]);
  for (const each of both) if (each.status === 'rejected') throw each.reason;
  return both.map((each) => (each as PromiseFulfilledResult<RecordedPolicy>).value) as unknown as Pair<RecordedPolicy>;
}

function violationIn(recorded: Pair<RecordedPolicy>) {
  const index = recorded.findIndex(({ violation }) => violation);
  if (index < 0) return undefined;
  const { property, story } = recorded[index]!.violation!;
  return { message: `breaks a promise (${property}): ${story}`, isInput: false, index };
}

/** Measures both policies on the same requests, as `psp sim` does, and says what it knows after 1, 2, 4 … runs. */
async function measurePair(
  run: LabRun,
  recorded: Pair<RecordedPolicy>,
  most: number,
  threads: LabThreads,
  isStale: () => boolean,
  tell: (measured: Pair<Measured>) => void,
): Promise<void> {
  const known: (Measured | undefined)[] = [undefined, undefined];
  const specs = recorded.map(({ warmup }, index) => specOf(run, index, warmup));
  const found = await Promise.all(
    specs.map((spec) => (spec.warmup === 'find' ? threads.ask(taskOf(spec, 'seek')) : undefined)),
  );
  const common = found.some((each) => each) ? withCommonWarmUp(specs, found as (FoundWarmUp | undefined)[]) : specs;
  const pool = poolOf(threads);
  await Promise.all(
    common.map(async (spec, index) => {
      const replications = { first: 1, most };
      let slowdowns: readonly Recorded[] = [];
      const enough = (result: Result) => {
        known[index] = { run, result, slowdowns };
        const [first, second] = known;
        if (!isStale() && first && second && first.result.replications === second.result.replications) {
          tell([first, second]);
        }
        return isStale();
      };
      await replicate(
        [spec],
        replications,
        {
          control: controlFor([spec], replications),
          enough,
          // Those of the first run; the others are added to them.
          onRun: ({ record }) => {
            if (slowdowns.length === 0) slowdowns = record.histograms.map(({ slowdown }) => slowdown);
          },
        },
        pool,
        () => '',
      );
    }),
  );
}

/** What of a specification leaves the page; the workers make the rest of it again. */
type LabSpec = RunSpec & { readonly lab: { readonly run: LabRun; readonly index: number } };

function specOf(run: LabRun, index: number, warmup: RunSpec['warmup']): LabSpec {
  // Whoever plans replications reads no other field.
  return { lab: { run, index }, warmup, replication: 0 } as LabSpec;
}

function taskOf<T extends 'seek' | 'measure'>(spec: RunSpec, task: T): LabTask & { readonly task: T } {
  const { lab, warmup, replication } = spec as LabSpec;
  return { ...lab, task, warmup, replication } as LabTask & { readonly task: T };
}

function poolOf(threads: LabThreads): ThreadPool {
  return {
    cores: threads.cores,
    run: (task, spec) => threads.ask(taskOf(spec, task)) as never,
    close: () => {},
  };
}

/** How much each policy sustains under service-level objectives, or how few workers do. */

import { scanTraceFile } from '../../files/trace-file.js';
import type { Capacity, CapacityEntry, Probe, SloVerdict } from '../../results/capacity-schema.js';
import type { Result } from '../../results/result.js';
import { InputError } from '../../units/errors.js';
import { typeNames } from '../../units/unknown.js';
import { describeEnvironment } from '../environment.js';
import { planRuns } from '../plan/plan.js';
import { type Settings, withDefaults } from '../plan/run-settings.js';
import { contenderName } from '../plan/run-spec.js';
import { controlFor } from '../run/replicate.js';
import { runReplicated } from '../run/run-replicated.js';
import { createThreadPool, type ThreadPool } from '../run/thread-pool.js';
import { commandOf } from '../sweep/command-of.js';
import { inBatches, withBatchMeans } from './batch-means.js';
import { findEdge } from './find-edge.js';
import { checkSlos, judge, type Slo } from './slo.js';

/**
 * The settings of a run, without what is searched for (load or workers) and without the replications, which follow from
 * the objectives.
 */
export type CapacitySettings = Omit<
  Settings,
  'folder' | 'load' | 'rateScale' | 'replications' | 'precision' | 'maxReplications' | 'record'
>;

type Searching = CapacityOptions & { readonly threads: ThreadPool; readonly scan: typeof scanTraceFile };

export interface CapacityOptions {
  readonly slos: readonly Slo[];
  readonly find: 'load' | 'workers';
  /** Replications of a probe that stays undecided; default 8, at least 4. */
  readonly mostReplications?: number;
  /** The search for workers ends above this. */
  readonly mostWorkers?: number;
  readonly threads?: ThreadPool;
  readonly signal?: AbortSignal;
  /** Reads a trace; a caller of many searches passes one that remembers. */
  readonly scan?: typeof scanTraceFile;
  /** Is told what is tried next. */
  readonly onProbe?: (contender: string, workers: number, load: number) => void;
  /** Is told what a reader of the results should know of how the workload is played. */
  readonly onNotes?: (notes: readonly string[]) => void;
}

/** The loads that are tried are multiples of this. */
const LOAD_STEPS = 100;
/** With fewer, Student's t is so large that nothing is decided. */
const FIRST_REPLICATIONS = 4;
const MOST_REPLICATIONS = 8;
/**
 * Length of each replication without a setting: long enough to see what a policy does seldom, such as a new reservation
 * of DARC.
 */
const PROBE_REQUESTS = 1_000_000;
/** When this many times the workers that keep up with the work do not meet the objectives, more workers do not help. */
const MOST_TIMES_THE_WORKERS = 64;

/**
 * Searches by bisection, for each policy or system on its own. Every probe is repeated until the interval of the
 * statistic that decides is on one side of its bound, or as often as allowed. A probe that stays undecided widens the
 * answer.
 *
 * @throws InputError or EnvironmentError
 */
export async function findCapacity(settings: CapacitySettings, options: CapacityOptions): Promise<Capacity> {
  const { slos, find, signal } = options;
  if (slos.length === 0) throw new InputError('expected an objective, found none: add --slo');
  if ((find === 'workers') !== (settings.rateRps !== undefined)) {
    throw new InputError('expected --find workers and --rate together, or neither (the load is found)');
  }
  if (find === 'workers' && settings.workers !== undefined) {
    throw new InputError('expected only one of --workers and --find workers, found both');
  }
  const contenders = contendersOf(find === 'load' ? { ...settings, load: 0.5 } : settings);
  // Wrong settings are refused before anything runs.
  const plans = [];
  const scan = options.scan ?? rememberedScan();
  for (const contender of contenders) plans.push(await planRuns(contender, scan));
  const { workload } = plans[0]!;
  checkSlos(slos, typeNames(workload));
  options.onNotes?.(workload.notes);
  const threads = options.threads ?? createThreadPool();
  const entries: CapacityEntry[] = [];
  try {
    for (const contender of contenders) {
      if (signal?.aborted) break;
      const entry = await search(contender, { ...options, threads, scan }, workload.load / workload.offeredRps);
      if (entry) entries.push(entry);
    }
  } finally {
    if (!options.threads) threads.close();
  }
  return {
    schema: 'psp.capacity/1',
    find,
    workload: workload.name,
    title: workload.title,
    slos: slos.map(({ text }) => text),
    seed: withDefaults(settings).seed,
    entries,
    manifest: describeEnvironment(),
  };
}

/** One policy or system each. */
function contendersOf(settings: Settings): Settings[] {
  const { policies, systems = [] } = withDefaults(settings);
  if (!policies) return systems.map((system) => ({ ...settings, systems: [system] }));
  return policies.map((policy) => ({ ...settings, policies: [policy] }));
}

/** @param loadPerRps with the workers of the settings */
async function search(settings: Settings, options: Searching, loadPerRps: number): Promise<CapacityEntry | undefined> {
  const { find, signal } = options;
  const probes: (Probe & { readonly at: number; readonly result: Result })[] = [];
  const probe = async (at: number): Promise<SloVerdict> => {
    const changed = find === 'load' ? { load: at / LOAD_STEPS } : { workers: -at };
    const found = signal?.aborted ? undefined : await runProbe({ ...settings, ...changed }, options);
    if (!found) return 'undecided';
    probes.push({ at, ...found });
    return found.judgement.verdict;
  };
  if (find === 'load') await findEdge(0, LOAD_STEPS, probe);
  else
    await findWorkers(
      settings.rateRps! * loadPerRps * withDefaults(settings).workers,
      probe,
      probes,
      options.mostWorkers,
    );
  if (signal?.aborted || probes.length === 0) return undefined;
  const { result } = probes[0]!;
  const held = probes.filter(({ judgement }) => judgement.verdict === 'holds').sort((a, b) => b.at - a.at)[0];
  const failed = probes
    .filter(({ at, judgement }) => judgement.verdict === 'fails' && at > (held?.at ?? Number.NEGATIVE_INFINITY))
    .sort((a, b) => a.at - b.at)[0];
  return {
    policy: result.policy,
    policyParameters: result.policyParameters,
    ...(result.policyDefaults && { policyDefaults: result.policyDefaults }),
    ...(result.system !== undefined && { system: result.system }),
    holds: held ? plain(held) : null,
    fails: failed ? plain(failed) : null,
    probes: probes.map(plain),
  };
}

/** A trace is read often, and checked once. */
export function rememberedScan(): typeof scanTraceFile {
  const scanned = new Map<string, ReturnType<typeof scanTraceFile>>();
  return (path, fileName) => {
    const found = scanned.get(path) ?? scanTraceFile(path, fileName);
    scanned.set(path, found);
    return found;
  };
}

/** Searches over minus the number of workers, so that a larger number is harder, as for loads. */
async function findWorkers(
  work: number,
  probe: (at: number) => Promise<SloVerdict>,
  probes: readonly unknown[],
  most = Number.POSITIVE_INFINITY,
): Promise<void> {
  // The fewest that can do the work.
  const fewest = Math.floor(work) + 1;
  let fails = -(fewest - 1);
  const end = Math.min(most, fewest * MOST_TIMES_THE_WORKERS);
  for (let next = fewest; next <= end; next = next < end ? Math.min(end, next * 2) : next + 1) {
    const workers = next;
    const verdict = await probe(-workers);
    if (verdict === 'holds') {
      await findEdge(-workers, fails, probe);
      return;
    }
    if (verdict === 'fails') fails = -workers;
    if (probes.length === 0) return;
  }
}

/** Runs one configuration until the objectives are decided. Returns undefined when it was stopped. */
async function runProbe(
  settings: Settings,
  { slos, threads, signal, onProbe, scan, mostReplications: most = MOST_REPLICATIONS }: Searching,
): Promise<(Probe & { readonly result: Result }) | undefined> {
  const { requests = settings.durationNs === undefined ? PROBE_REQUESTS : undefined } = settings;
  const probed = { ...settings, ...(requests !== undefined && { requests }) };
  const { specs: planned, workload } = await planRuns(probed, scan);
  const isTrace = planned[0]!.workload.kind === 'trace';
  const specs = isTrace ? planned.map((each) => inBatches(each, workload)) : planned;
  const spec = specs[0]!;
  // A trace is the same in every replication.
  const replications = isTrace ? { first: 1 } : { first: FIRST_REPLICATIONS, most: Math.max(FIRST_REPLICATIONS, most) };
  onProbe?.(contenderName(spec.policy.text, spec.system), spec.workers, workload.load);
  const control = controlFor(specs, replications);
  const stop = () => control.stop();
  signal?.addEventListener('abort', stop);
  try {
    const [replicated] = await runReplicated(specs, replications, {
      control,
      threads,
      ...(!isTrace && { enough: (result) => judge(result, slos).verdict !== 'undecided' }),
    });
    if (control.stopped || !replicated?.result) return undefined;
    const result = isTrace ? withBatchMeans(replicated.result) : replicated.result;
    return {
      load: workload.load,
      offeredRps: workload.offeredRps,
      workers: result.workers,
      replications: result.replications,
      judgement: judge(result, slos),
      command: commandOf({ ...probed, ...(!isTrace && { replications: result.replications }) }),
      result,
    };
  } finally {
    signal?.removeEventListener('abort', stop);
  }
}

function plain({ load, offeredRps, workers, replications, judgement, command }: Probe): Probe {
  return { load, offeredRps, workers, replications, judgement, command };
}

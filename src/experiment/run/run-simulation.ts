import { createResult } from '../../metrics/create-result.js';
import type { RawRun } from '../../metrics/replications.js';
import { defaultsOf, policyCodeOf } from '../../policy-files/policy-hashes.js';
import type { Result, WarmupRule } from '../../results/result.js';
import { type Parameters, plainParameters } from '../../scheduler/policy.js';
import { usesFlows } from '../../scheduler/policy-registry.js';
import { costsOf, type FullCosts, replacesPolicyCost } from '../../sim/costs.js';
import { type FoundWarmUp, findWarmUp, skippedRequests } from '../../sim/find-warm-up.js';
import { type SimulateOptions, simulate } from '../../sim/simulate.js';
import type { SimulationSetup } from '../../sim/simulation-setup.js';
import { STREAM, substream } from '../../workload/random.js';
import { describeEnvironment, type Environment } from '../environment.js';
import { type OpenWorkload, openWorkload } from '../plan/open-workload.js';
import { configHash, type RunSpec } from '../plan/run-spec.js';

export interface RunHooks {
  /** Called now and then with the part of the run that is done, 0 … 1. */
  readonly onProgress?: (done: number) => void;
  /** Called now and then; true ends the run early. */
  readonly shouldStop?: () => boolean;
  readonly environment?: Environment;
  /** Filled with the sojourn of each measured request, by its number in the trace. */
  readonly sojournsNs?: Float64Array;
  /** Changes what is simulated, to watch it, or to break something that a test must notice. */
  readonly adjust?: (options: SimulateOptions) => SimulateOptions;
}

/** Simulates one policy. The result depends only on the spec and the code, whatever thread it runs in. */
export async function runSimulation(spec: RunSpec, hooks: RunHooks = {}): Promise<Result> {
  const { identity, record, manifest } = await runRaw(spec, hooks);
  return createResult(identity, record, manifest);
}

/** The same, with the histograms still there, so that replications can be merged. */
export async function runRaw(given: RunSpec, hooks: RunHooks = {}): Promise<RawRun> {
  const startedAt = new Date();
  const startedMs = performance.now();
  const { environment = describeEnvironment() } = hooks;
  let spec = given.warmup === 'find' && !canPlayOn(given, hooks) ? await withWarmUp(given, hooks) : given;
  const workload = openWorkload(spec);
  // Loaded when needed: the checks of event files take longer to load than a short run takes.
  const recording =
    spec.record === undefined
      ? undefined
      : (await import('./event-recording.js')).recordSimulation(spec.record, spec, workload);
  const options = simulateOptions(spec, workload, hooks);
  const recorded = recording ? { ...options, policy: recording.policy } : options;
  const onFound = (warmup: FoundWarmUp) => {
    spec = { ...spec, warmup };
  };
  const started = spec.warmup === 'find' ? { ...recorded, warmup: { onFound } } : recorded;
  const record = await simulate(hooks.adjust?.(started) ?? started);
  const { share, rule } = warmupOf(spec);
  recording?.close();
  return {
    identity: {
      world: 'sim',
      policy: spec.policy.policy.name,
      policyParameters: plainParameters(chargedParameters(spec)),
      ...defaultsOf(spec.policy),
      ...(spec.system && { system: spec.system.name }),
      workload: workload.name,
      workers: spec.workers,
      load: workload.load,
      offeredRps: workload.offeredRps,
      seed: spec.seed,
      warmup: share,
      warmupRule: rule,
    },
    record,
    manifest: {
      ...environment,
      configHash: configHash(spec),
      policyCode: policyCodeOf(spec.policy),
      ...(spec.system && { costs: constantsOf(costsOf(spec.system.costs, spec.policy)) }),
      ...(workload.notes.length > 0 && { notes: workload.notes }),
      startedAt: startedAt.toISOString(),
      wallSeconds: Math.round(performance.now() - startedMs) / 1000,
    },
  };
}

/** The constants of a system; one that varies is given by its median. */
function constantsOf({ spread: _, dispatcherQueues: __, ...constants }: FullCosts): Readonly<Record<string, number>> {
  return constants;
}

/** Plays the beginning of a run to find where its warm-up ends. */
export function seekWarmUp(spec: RunSpec, { shouldStop }: RunHooks = {}): Promise<FoundWarmUp> {
  return findWarmUp(simulateOptions(spec, openWorkload(spec), shouldStop ? { shouldStop } : {}));
}

async function withWarmUp(spec: RunSpec, hooks: RunHooks): Promise<RunSpec> {
  return { ...spec, warmup: await seekWarmUp(spec, hooks) };
}

/** A shorter run may end before the search for its warm-up. */
const LEAST_REQUESTS = 100;

/**
 * Can the run go on from where its warm-up was found? The search counts requests, and records for a try, which slices,
 * samples and hooks would see.
 */
function canPlayOn({ end, sliceNs }: RunSpec, { sojournsNs, adjust }: RunHooks): boolean {
  return 'requests' in end && end.requests >= LEAST_REQUESTS && sliceNs === undefined && !sojournsNs && !adjust;
}

/** Everything that a run is simulated with except its requests and its end. */
export function setupOf(spec: RunSpec, { types, hasUnknown, trueProfile, demand }: OpenWorkload): SimulationSetup {
  return {
    policy: spec.policy,
    workers: spec.workers,
    types,
    hasUnknown,
    random: substream(spec.seed, STREAM.stealing, spec.replication),
    trueProfile,
    ...(demand && { demand }),
    ...(spec.system && {
      costs: spec.system.costs,
      costsRandom: substream(spec.seed, STREAM.costs, spec.replication),
    }),
  };
}

function simulateOptions(
  spec: RunSpec,
  workload: OpenWorkload,
  { onProgress, shouldStop, sojournsNs }: RunHooks,
): SimulateOptions & { expectedRequests: number } {
  const setup = setupOf(spec, workload);
  const { end } = workload;
  const { sliceNs } = spec;
  const warmup = spec.warmup === 'find' ? 0 : warmupOf(spec).share;
  return {
    ...setup,
    source: workload.source({ flows: usesFlows(setup.policy) }),
    ...(sojournsNs && { sojournsNs }),
    warmup:
      'requests' in end
        ? { requests: skippedRequests(warmup, end.requests) }
        : { untilNs: Math.floor(warmup * end.durationNs) },
    expectedRequests: 'requests' in end ? end.requests : (workload.offeredRps * end.durationNs) / 1e9,
    ...(sliceNs !== undefined && { sliceNs }),
    ...('durationNs' in end && { endNs: Math.floor(end.durationNs) }),
    ...(onProgress && {
      onProgress: (requests, nowNs) =>
        onProgress(Math.min(1, 'requests' in end ? requests / end.requests : nowNs / end.durationNs)),
    }),
    ...(shouldStop && { shouldStop }),
  };
}

function warmupOf({ warmup }: RunSpec): { share: number; rule: WarmupRule } {
  if (typeof warmup === 'number') return { share: warmup, rule: 'given' };
  if (warmup === 'find') throw new Error('the warm-up is found before the run');
  return { share: warmup.share, rule: warmup.settled ? 'found' : 'unsettled' };
}

/** The parameters, without a cost that a constant of the system replaces. */
function chargedParameters({ policy: chosen, system }: RunSpec): Parameters {
  if (!system || !replacesPolicyCost(system.costs, chosen)) return chosen.parameters;
  const { costNs: _, ...charged } = chosen.parameters;
  return charged;
}

/** Plays the run of one policy. Nothing here needs Node: a browser plays it, too. */

import type { RawRun } from '../../metrics/replications.js';
import type { WarmupRule } from '../../results/result.js';
import { type Parameters, plainParameters } from '../../scheduler/policy.js';
import { defaultsOf, usesFlows } from '../../scheduler/policy-registry.js';
import { costsOf, type FullCosts, replacesPolicyCost } from '../../sim/costs.js';
import { type FoundWarmUp, findWarmUp, skippedRequests } from '../../sim/find-warm-up.js';
import { type SimulateOptions, simulate } from '../../sim/simulate.js';
import type { SimulationSetup, SimulationStock } from '../../sim/simulation-setup.js';
import { STREAM, substream } from '../../workload/random.js';
import type { OpenWorkload } from '../plan/open-generated.js';
import type { RunSpec } from '../plan/run-spec.js';

export interface PlayHooks {
  /** Simulations of the thread, to be played again. */
  readonly stock?: SimulationStock;
  /** Called now and then with the part of the run that is done, 0 … 1. */
  readonly onProgress?: (done: number) => void;
  /** Called now and then; true ends the run early. */
  readonly shouldStop?: () => boolean;
  /** Called about every ten milliseconds. The run goes on when it resolves. */
  readonly pause?: () => Promise<void>;
  /** Filled with the sojourn of each measured request, by its number in the trace. */
  readonly sojournsNs?: Float64Array;
  /** Changes what is simulated, to watch it, or to break something that a test must notice. */
  readonly adjust?: (options: SimulateOptions) => SimulateOptions;
  /** Gives the policy to simulate instead: the same, with its events written down. */
  readonly recorded?: (spec: RunSpec, workload: OpenWorkload) => Promise<SimulationSetup['policy']>;
}

/** What a run gives, without where it was played. */
export interface PlayedRun extends Pick<RawRun, 'identity' | 'record'> {
  /** As given, with the warm-up that was found. */
  readonly spec: RunSpec;
  readonly workload: OpenWorkload;
  /** What the system cost, ns by constant; absent without a system. */
  readonly costs?: Readonly<Record<string, number>>;
}

/** @param open opens the workload of a run */
export async function playRun(
  given: RunSpec,
  open: (spec: RunSpec) => OpenWorkload,
  hooks: PlayHooks,
): Promise<PlayedRun> {
  let spec = given;
  if (given.warmup === 'find' && !canPlayOn(given, hooks)) {
    spec = { ...given, warmup: await playWarmUp(given, open(given), hooks) };
  }
  const workload = open(spec);
  const recorded = await hooks.recorded?.(spec, workload);
  const asked = simulateOptions(spec, workload, hooks);
  const options = recorded ? { ...asked, policy: recorded } : withStock(asked, hooks);
  const onFound = (warmup: FoundWarmUp) => {
    spec = { ...spec, warmup };
  };
  const started = spec.warmup === 'find' ? { ...options, warmup: { onFound } } : options;
  const record = await simulate(hooks.adjust?.(started) ?? started);
  const { share, rule } = warmupOf(spec);
  return {
    spec,
    workload,
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
    ...(spec.system && { costs: constantsOf(costsOf(spec.system.costs, spec.policy)) }),
  };
}

/** The constants of a system; one that varies is given by its median. */
function constantsOf({ spread: _, dispatcherQueues: __, ...constants }: FullCosts): Readonly<Record<string, number>> {
  return constants;
}

/** Plays the beginning of a run to find where its warm-up ends. */
export function playWarmUp(
  spec: RunSpec,
  workload: OpenWorkload,
  { stock, shouldStop, pause }: Pick<PlayHooks, 'shouldStop' | 'pause' | 'stock'> = {},
): Promise<FoundWarmUp> {
  const options = simulateOptions(spec, workload, { ...(shouldStop && { shouldStop }), ...(pause && { pause }) });
  return findWarmUp(withStock(options, { ...(stock && { stock }) }));
}

function withStock<O extends SimulationSetup>(options: O, { stock, adjust }: PlayHooks): O {
  return stock && !adjust ? { ...options, simulation: stock.simulationOf(options) } : options;
}

/** A shorter run may end before the search for its warm-up. */
const LEAST_REQUESTS = 100;

/**
 * Can the run go on from where its warm-up was found? The search counts requests, and records for a try, which slices,
 * samples and hooks would see.
 */
function canPlayOn({ end, sliceNs }: RunSpec, { sojournsNs, adjust }: PlayHooks): boolean {
  return 'requests' in end && end.requests >= LEAST_REQUESTS && sliceNs === undefined && !sojournsNs && !adjust;
}

/** Everything that a run is simulated with except its requests and its end. */
export function setupOf(spec: RunSpec, workload: OpenWorkload): SimulationSetup {
  const { types, hasUnknown, trueProfile, demand } = workload;
  const { unclassified } = spec;
  const recognised = unclassified === undefined ? workload.recognised : types.map(() => 1 - unclassified);
  return {
    policy: spec.policy,
    workers: spec.workers,
    types,
    hasUnknown,
    random: substream(spec.seed, STREAM.stealing, spec.replication),
    trueProfile,
    ...(demand && { demand }),
    ...(recognised?.some((share) => share < 1) && {
      classifier: { recognised, random: substream(spec.seed, STREAM.classifier, spec.replication) },
    }),
    ...(spec.system && {
      costs: spec.system.costs,
      costsRandom: substream(spec.seed, STREAM.costs, spec.replication),
    }),
  };
}

function simulateOptions(
  spec: RunSpec,
  workload: OpenWorkload,
  { onProgress, shouldStop, pause, sojournsNs }: PlayHooks,
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
      onProgress: (requests, nowNs, done) =>
        onProgress(done * Math.min(1, 'requests' in end ? requests / end.requests : nowNs / end.durationNs)),
    }),
    ...(shouldStop && { shouldStop }),
    ...(pause && { pause }),
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

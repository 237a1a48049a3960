import { createBacklog } from '../metrics/backlog.js';
import type { Observer } from '../metrics/observer.js';
import { demandIn, leastRoom } from '../metrics/room.js';
import type { RunRecord } from '../metrics/run-record.js';
import type { ReservationEntry } from '../results/result.js';
import type { ChosenPolicy } from '../scheduler/policy-registry.js';
import { DROP_REASONS, type TrueProfile, type TypeInfo } from '../scheduler/scheduler.js';
import { MAX_TIME, MAX_TIME_NS } from '../units/duration.js';
import { InputError } from '../units/errors.js';
import { typeNames } from '../units/unknown.js';
import type { Random } from '../workload/random.js';
import { BATCH_CAPACITY, createBatch, type RequestSource } from '../workload/request-source.js';
import { costsOf, NO_COSTS, type SystemCosts, wholeHandoffNs } from './costs.js';
import { createResultSlices, type ResultSlices } from './result-slices.js';
import { createSimulation, type Simulation, type Snapshot } from './simulation.js';

/** What a simulation needs. */
export interface SimulationSetup {
  readonly policy: ChosenPolicy;
  readonly workers: number;
  /** The types the scheduler is told of. */
  readonly types: readonly TypeInfo[];
  /** Does the trace hold requests of the type UNKNOWN, with index `types.length`? */
  readonly hasUnknown: boolean;
  /** Uniform on [0, 1): the `stealing` substream. */
  readonly random: () => number;
  readonly trueProfile?: TrueProfile;
  /**
   * Workers that each type keeps busy, by index, if that is the same throughout the run; otherwise it is computed from
   * what arrives.
   */
  readonly demand?: readonly number[];
  /** Costs of the system around the policy; default: only the policy's own preemptions and steals. */
  readonly costs?: SystemCosts;
  /** Random numbers for costs that vary; only these need it. */
  readonly costsRandom?: Random;
  /** Told what happens to each request; slow. */
  readonly observer?: Observer;
  /** Filled with the sojourn of each recorded request, by its number in the trace. */
  readonly sojournsNs?: Float64Array;
  /** About how many requests there will be. In a short run the queues are sampled more often. */
  readonly expectedRequests?: number;
}

export interface SimulateOptions extends SimulationSetup {
  readonly source: RequestSource;
  /** Requests that arrive before this number of requests or before this time are not recorded. */
  readonly warmup: { readonly requests: number } | { readonly untilNs: number };
  /** When the measuring window ends, ns; default: with the last arrival. */
  readonly endNs?: number;
  /** Length of the slices in which the measuring window is also reported, ns; default: no slices. */
  readonly sliceNs?: number;
  /** Told the number of requests that have arrived and the virtual time, now and then. */
  readonly onProgress?: (requests: number, nowNs: number) => void;
  /** Called now and then; true ends the run with what there is. */
  readonly shouldStop?: () => boolean;
}

/** Batches between two calls of `onProgress` and `shouldStop`, about ten milliseconds. */
const BATCHES_PER_PULSE = 256;
const EVENTS_PER_PULSE = 1 << 17;
/** Samples of the queues in a short run. */
const LOOKS = 4096;

/**
 * Simulates one policy on one request trace until every request that arrived is served.
 *
 * The measuring window, for rates and utilisation, lasts from the end of the warm-up to the last arrival or `endNs`.
 * Percentiles count all requests that arrived after the warm-up, however late they complete, so that long waits at the
 * end are not cut off.
 *
 * @throws InputError when the policy's parameters do not fit the setup
 * @throws InputError when a trace file has changed, or times exceed their limit
 */
export async function simulate(options: SimulateOptions): Promise<RunRecord> {
  const { source, warmup, sliceNs, shouldStop, onProgress, expectedRequests } = options;
  const simulation = simulationOf(options);

  const batch = createBatch();
  const step = samplingStep(expectedRequests);
  const backlog = createBacklog();
  let requests = 0;
  let skipped = 0;
  let lastNs = 0;
  let from: Snapshot | undefined;
  let slices: ResultSlices | undefined;
  let interrupted = false;
  for (let pulse = 1; ; pulse++) {
    const filled = source.fill(batch);
    if (filled !== undefined) await filled;
    if (batch.length === 0) break;
    let played = 0;
    if (!from) {
      const first = firstRecorded(batch.arrivalNs, batch.length, requests, warmup);
      simulation.advance(batch, 0, first);
      played = first;
      if (first < batch.length) {
        // The window opens with the first recorded arrival, or when the warm-up ends by the clock.
        simulation.advanceTo('untilNs' in warmup ? warmup.untilNs : batch.arrivalNs[first]!);
        from = simulation.snapshot();
        skipped = requests + first;
        simulation.startRecording();
        if (sliceNs !== undefined) slices = createResultSlices(simulation, typeNames(options), from.atNs, sliceNs);
      }
    }
    while (played < batch.length) {
      const to = Math.min(batch.length, played + step);
      (slices ?? simulation).advance(batch, played, to);
      backlog.add(simulation.inSystem());
      played = to;
    }
    requests += batch.length;
    lastNs = batch.arrivalNs[batch.length - 1]!;
    if (pulse % BATCHES_PER_PULSE === 0) {
      onProgress?.(requests, lastNs);
      if (shouldStop?.()) {
        interrupted = true;
        break;
      }
    }
  }
  // What a trace has left is not read any more.
  if (interrupted) await source.close?.();
  const endNs = interrupted ? lastNs : Math.max(lastNs, options.endNs ?? 0);
  const cut = slices?.end(endNs);
  simulation.advanceTo(endNs);
  const to = simulation.snapshot();
  while (!interrupted && simulation.drain(EVENTS_PER_PULSE)) {
    refuseBeyondTime(simulation);
    onProgress?.(requests, lastNs);
    interrupted = shouldStop?.() ?? false;
  }
  refuseBeyondTime(simulation);
  if (!from) {
    from = to;
    skipped = requests;
  }
  const record = recordOf(simulation, typeNames(options), from, to, interrupted);
  const demand = options.demand ?? demandIn(record);
  const room = record.reservationsLeftOut > 0 ? undefined : leastRoom({ ...record, demand });
  return {
    ...record,
    skipped,
    growth: backlog.growth(),
    isSteady: options.demand !== undefined,
    ...(room && { room }),
    ...(cut && { slices: cut }),
  };
}

/**
 * Beyond the limit of times, results would be wrong, and a time that no longer grows would never end. @throws
 * InputError
 */
function refuseBeyondTime(simulation: Simulation): void {
  if (simulation.snapshot().atNs <= MAX_TIME_NS) return;
  throw new InputError(`expected a run that ends within ${MAX_TIME}, found one that lasts longer`);
}

/**
 * The simulation of a policy, at time 0.
 *
 * @throws InputError when the policy's parameters do not fit the setup
 */
export function simulationOf(setup: SimulationSetup): Simulation {
  const { workers, types, random, trueProfile, observer, sojournsNs, expectedRequests } = setup;
  const { policy, parameters } = setup.policy;
  // With costs of zero, the loop of a system plays the same as the fast one, and can be observed.
  const stated = setup.costs ?? (observer && NO_COSTS);
  const costs = stated && costsOf(stated, setup.policy);
  const known = costs && { handoffNs: wholeHandoffNs(costs) };
  return createSimulation({
    workers,
    types: typeNames(setup).length,
    ...policy.costs?.(parameters),
    ...(sojournsNs && { sojournsNs }),
    ...(expectedRequests !== undefined && { expectedRequests }),
    ...(costs && {
      system: {
        costs,
        random: setup.costsRandom ?? noRandom,
        // A dispatcher that holds the queues starts every request.
        queues: costs.dispatcherQueues ? 'central' : policy.queues,
        ...(observer && { observer }),
      },
    }),
    createScheduler: (world, now, ideal) =>
      policy.create(
        { workers, types, world, now, random, ...ideal, ...known, ...(trueProfile && { trueProfile }) },
        parameters,
      ),
  });
}

function noRandom(): never {
  throw new Error('costs that vary need random numbers: expected costsRandom');
}

/**
 * Arrivals between two samples of the queues: a batch, or less in short runs. It divides a batch, so that the samples
 * are equally far apart.
 */
export function samplingStep(expectedRequests = Number.POSITIVE_INFINITY): number {
  const most = Math.min(BATCH_CAPACITY, expectedRequests / LOOKS);
  return 2 ** Math.max(0, Math.floor(Math.log2(most)));
}

/** Index in the batch of the first request that is recorded; the batch's length when there is none. */
function firstRecorded(
  arrivalNs: Float64Array,
  length: number,
  before: number,
  warmup: SimulateOptions['warmup'],
): number {
  if ('requests' in warmup) return Math.min(length, Math.max(0, warmup.requests - before));
  let i = 0;
  while (i < length && arrivalNs[i]! < warmup.untilNs) i++;
  return i;
}

function recordOf(
  simulation: Simulation,
  typeNames: readonly string[],
  from: Snapshot,
  to: Snapshot,
  interrupted: boolean,
): Omit<RunRecord, 'skipped' | 'growth' | 'isSteady'> {
  const end = simulation.snapshot();
  const sum = (counts: Float64Array) => counts.reduce((all, count) => all + count, 0);
  const inFlight = sum(end.arrived) - sum(end.completed) - sum(end.dropped);
  return {
    typeNames,
    arrived: end.arrived,
    completed: end.completed,
    dropped: end.dropped,
    droppedMeasured: end.dropped.map((count, type) => count - from.dropped[type]!),
    dropReasons: Object.fromEntries(DROP_REASONS.map((reason, i) => [reason, end.dropReasons[i]!])),
    inFlight,
    lost: interrupted ? 0 : inFlight,
    interrupted,
    digest: simulation.digest(),
    preemptions: end.preemptions,
    steals: end.steals,
    reservations: simulation.reservations().map(
      ({ atNs, groups }): ReservationEntry => ({
        atNs,
        groups: groups.map((group) => ({
          types: group.types.map((type) => typeNames[type]!),
          workers: group.workers,
        })),
      }),
    ),
    reservationsLeftOut: simulation.reservationsLeftOut(),
    histograms: typeNames.map((_, type) => simulation.histograms(type)),
    window: {
      fromNs: from.atNs,
      toNs: to.atNs,
      arrived: sum(to.arrived) - sum(from.arrived),
      completed: sum(to.completed) - sum(from.completed),
      busyNs: to.busyNs - from.busyNs,
      overheadNs: to.overheadNs - from.overheadNs,
      dispatcherNs: to.dispatcherNs - from.dispatcherNs,
    },
  };
}

import { createBacklogs } from '../metrics/backlog.js';
import { demandIn, leastRoom } from '../metrics/room.js';
import type { RunRecord } from '../metrics/run-record.js';
import type { ReservationEntry } from '../results/result.js';
import { DROP_REASONS } from '../scheduler/scheduler.js';
import { MAX_TIME, MAX_TIME_NS } from '../units/duration.js';
import { InputError } from '../units/errors.js';
import { typeNames } from '../units/unknown.js';
import { RequestBatch, type RequestSource } from '../workload/request-source.js';
import { BATCHES_PER_PULSE, type FoundWarmUp, playPilot } from './find-warm-up.js';
import { createResultSlices, type ResultSlices } from './result-slices.js';
import type { Simulation, Snapshot } from './simulation.js';
import { beginRecording, type SimulationSetup, samplingStep, simulationOf } from './simulation-setup.js';

type Given = { readonly requests: number } | { readonly untilNs: number };

export interface SimulateOptions extends SimulationSetup {
  readonly source: RequestSource;
  /** What to play it on, at time 0; default: a simulation of its own. */
  readonly simulation?: Simulation;
  /**
   * Requests that arrive before this number of requests or before this time are not recorded. To be found: the run goes
   * on from where its warm-up was found, and says what was found.
   */
  readonly warmup: Given | { readonly onFound: (found: FoundWarmUp) => void };
  /** When the measuring window ends, ns; default: with the last arrival. */
  readonly endNs?: number;
  /** Length of the slices in which the measuring window is also reported, ns; default: no slices. */
  readonly sliceNs?: number;
  /**
   * Told, now and then, how many requests have arrived, the virtual time, and the share of their work that is done:
   * 1, less a half of each that is still there, because to bring it in is about as much work as to let it out.
   */
  readonly onProgress?: (requests: number, nowNs: number, done: number) => void;
  /** Called now and then; true ends the run with what there is. */
  readonly shouldStop?: () => boolean;
  /** Called about every ten milliseconds. The run goes on when it resolves. */
  readonly pause?: () => Promise<void>;
}

const EVENTS_PER_PULSE = 1 << 17;
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
  const { source, sliceNs, shouldStop, onProgress, pause, expectedRequests } = options;
  const simulation = options.simulation ?? simulationOf(options);

  const batch = new RequestBatch();
  const step = samplingStep(expectedRequests);
  const backlogs = createBacklogs(typeNames(options));
  const pilot = 'onFound' in options.warmup ? await playPilot(simulation, batch, options) : undefined;
  const warmup = 'onFound' in options.warmup ? { requests: pilot!.skipped } : options.warmup;
  if ('onFound' in options.warmup) options.warmup.onFound(pilot!.found);
  let { requests, played, lastNs, skipped } = pilot ?? { requests: 0, played: 0, lastNs: 0, skipped: 0 };
  let from = pilot?.from;
  /** Where in the batch the queues are sampled next. */
  let sampleAt = skipped - requests + step;
  let slices: ResultSlices | undefined;
  const tell = () => onProgress?.(requests, lastNs, 1 - simulation.inSystem() / (2 * requests));
  let interrupted = pilot?.ended === true && (shouldStop?.() ?? false);
  for (let pulse = 1; !pilot?.ended; pulse++) {
    // The first batch of a pilot is played in part.
    if (!pilot || pulse > 1) {
      const filled = source.fill(batch);
      if (filled !== undefined) await filled;
      if (batch.length === 0) break;
      played = 0;
      sampleAt = step;
    }
    if (!from) {
      const first = firstRecorded(batch.arrivalNs, batch.length, requests, warmup);
      simulation.advance(batch, played, first);
      played = first;
      sampleAt = first + step;
      if (first < batch.length) {
        // The window opens with the first recorded arrival, or when the warm-up ends by the clock.
        from = beginRecording(simulation, 'untilNs' in warmup ? warmup.untilNs : batch.arrivalNs[first]!);
        skipped = requests + first;
        if (sliceNs !== undefined) slices = createResultSlices(simulation, typeNames(options), from.atNs, sliceNs);
      }
    }
    for (; from; sampleAt += step) {
      const to = Math.min(batch.length, sampleAt);
      (slices ?? simulation).advance(batch, played, to);
      backlogs.add(simulation.inSystemOf);
      played = to;
      if (played === batch.length) break;
    }
    requests += batch.length;
    lastNs = batch.arrivalNs[batch.length - 1]!;
    if (pulse % BATCHES_PER_PULSE === 0) {
      tell();
      await pause?.();
      interrupted = shouldStop?.() ?? false;
      if (interrupted) break;
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
    tell();
    await pause?.();
    interrupted = shouldStop?.() ?? false;
  }
  refuseBeyondTime(simulation);
  if (!from) {
    simulation.startRecording();
    from = to;
    skipped = requests;
  }
  return {
    ...withRoom(recordOf(simulation, typeNames(options), from, to, interrupted), options.demand),
    skipped,
    ...backlogs.growth(),
    isSteady: options.demand !== undefined,
    ...(cut && { slices: cut }),
  };
}

/** Adds how much room the reservations of the run leave its types, where all reservations are known. */
function withRoom(record: ReturnType<typeof recordOf>, stated: SimulateOptions['demand']) {
  const room =
    record.reservationsLeftOut > 0 ? undefined : leastRoom({ ...record, demand: stated ?? demandIn(record) });
  return { ...record, ...(room && { room }) };
}

/**
 * Beyond the limit of times, results would be wrong, and a time that no longer grows would never end. @throws
 * InputError
 */
function refuseBeyondTime(simulation: Simulation): void {
  if (simulation.snapshot().atNs <= MAX_TIME_NS) return;
  throw new InputError(`expected a run that ends within ${MAX_TIME}, found one that lasts longer`);
}

/** Index in the batch of the first request that is recorded; the batch's length when there is none. */
function firstRecorded(arrivalNs: Float64Array, length: number, before: number, warmup: Given): number {
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
      ...(to.dispatcherServedNs > 0 && { dispatcherServedNs: to.dispatcherServedNs - from.dispatcherServedNs }),
      ...(to.parkedNs > 0 && { parkedNs: to.parkedNs - from.parkedNs }),
    },
  };
}

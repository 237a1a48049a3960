/**
 * The workload model: what a workload file says, checked and ready to be played. Plain immutable data but for the
 * distributions.
 */

import { exactDuration, threeDigits } from '../units/duration.js';
import type { Arrivals } from './arrivals/arrival-process.js';
import type { Distribution } from './distributions/distribution.js';
import { playedMeanNs } from './played.js';

export interface Workload {
  /** Short name, such as `bimodal`. */
  readonly name: string;
  /** For people, such as `High Bimodal`; the name when the file gives none. */
  readonly title: string;
  /** One line or more for people; may be empty. */
  readonly description: string;
  /** The request types, in the order of the file except that UNKNOWN, if there is one, is last. */
  readonly types: readonly RequestType[];
  /**
   * Number of types the classifier recognises: all but UNKNOWN. The scheduler is told of these; they are the first of
   * `types`.
   */
  readonly classified: number;
  /**
   * Share of the requests of each of these that the classifier recognises; a policy sees the others as UNKNOWN. Absent
   * when it recognises all.
   */
  readonly recognised?: readonly number[];
  /** At least one; they repeat from the start. A workload without phases has one of infinite duration. */
  readonly phases: readonly Phase[];
  /** The text it was read from. Another thread gets this and reads it again. */
  readonly source: WorkloadSource;
}

export interface RequestType {
  readonly name: string;
  /** Deadline relative to the arrival, ns. */
  readonly deadlineNs?: number;
  /** Target sojourn, ns. */
  readonly sloNs?: number;
}

/** A stretch of time in which nothing about the workload changes. */
export interface Phase {
  /** Infinity in a workload without phases. */
  readonly durationNs: number;
  /** Share of each type among the requests; sums to 1. */
  readonly ratio: readonly number[];
  /** Service demand of each type. */
  readonly service: readonly Distribution[];
  readonly arrivals: Arrivals;
  /** Mean service demand over all requests of the phase as they are played, ns. */
  readonly meanServiceNs: number;
  /** Its own rate, requests per second, or load, instead of what the run offers; at most one of them. */
  readonly rateRps?: number;
  readonly load?: number;
}

/** A workload as text: can be cloned into another thread. */
export interface WorkloadSource {
  readonly text: string;
  readonly fileName: string;
  /** The files it refers to, by the path written in it. */
  readonly files: Readonly<Record<string, string>>;
}

/** What is offered: a load in every phase, or one rate throughout. */
export type Offer =
  | {
      /** Offered load: arriving work over the capacity of the workers; above 0. A load of 1 is all they can do. */
      readonly load: number;
      /** Number of workers, at least 1. */
      readonly workers: number;
    }
  | {
      /** Requests per second, above 0. */
      readonly rateRps: number;
    };

/**
 * Rate of a phase in requests per second: its own, or that of the offer. With a load: load × workers / mean service
 * demand *of that phase*, so that every phase is offered the same load.
 *
 * @throws RangeError when load, workers or rate are not above 0
 */
export function phaseRateRps(phase: Phase, offer: Offer): number {
  if (phase.rateRps !== undefined) return phase.rateRps;
  if (phase.load === undefined) return offeredRateRps(phase, offer);
  if ('workers' in offer) return offeredRateRps(phase, { ...offer, load: phase.load });
  throw new RangeError('a phase of the workload states a load of its own: expected a load, found a rate');
}

function offeredRateRps(phase: Phase, offer: Offer): number {
  if ('rateRps' in offer) {
    if (!(offer.rateRps > 0 && offer.rateRps < Number.POSITIVE_INFINITY)) {
      throw new RangeError(`expected a rate above 0 requests per second, found ${offer.rateRps}`);
    }
    return offer.rateRps;
  }
  const { load, workers } = offer;
  if (!(load > 0 && load < Number.POSITIVE_INFINITY)) throw new RangeError(`expected a load above 0, found ${load}`);
  if (!(Number.isInteger(workers) && workers > 0))
    throw new RangeError(`expected at least one worker, found ${workers}`);
  return (load * workers * 1e9) / phase.meanServiceNs;
}

/**
 * Long-run rate in requests per second: the mean over the phases, weighted by their durations. @throws RangeError as
 * {@link phaseRateRps}
 */
export function offeredRps(workload: Workload, offer: Offer): number {
  return meanOverTime(workload, (phase) => phaseRateRps(phase, offer));
}

/**
 * Offered load with this number of workers: arriving work over capacity, as a mean over time. @throws RangeError as
 * {@link phaseRateRps}
 */
export function offeredLoad(workload: Workload, offer: Offer, workers: number): number {
  // The load as asked for, not 0.8000000000000002.
  const isSame = workload.phases.every((phase) => phase.rateRps === undefined && phase.load === undefined);
  if (isSame && 'load' in offer && offer.workers === workers) return offer.load;
  return meanOverTime(workload, (phase) => (phaseRateRps(phase, offer) * phase.meanServiceNs) / (workers * 1e9));
}

/** What a reader of the results should know of how a workload is played. */
export function workloadNotes({ types, phases }: Workload): string[] {
  return types.flatMap(({ name }, type) => {
    const services = new Set(phases.filter(({ ratio }) => ratio[type]! > 0).map(({ service }) => service[type]!));
    return [...services]
      .filter((service) => playedMeanNs(service) !== service.meanNs)
      .map(
        (service) =>
          `${name}: services are played in whole ns: ${threeDigits(playedMeanNs(service))}ns on average, not ` +
          `${exactDuration(service.meanNs)}; load counts what is played`,
      );
  });
}

/** Duration of all phases together, ns; Infinity without phases. */
export function cycleNs(workload: Workload): number {
  return workload.phases.reduce((sum, phase) => sum + phase.durationNs, 0);
}

/**
 * True mean demand and share of the *classified* types at the start (first phase): for schedulers that are given an
 * oracle.
 */
export function trueProfile(workload: Workload): { meanNs: number[]; ratio: number[] } {
  const first = workload.phases[0]!;
  return {
    meanNs: first.service.slice(0, workload.classified).map(playedMeanNs),
    ratio: first.ratio.slice(0, workload.classified),
  };
}

function meanOverTime(workload: Workload, of: (phase: Phase) => number): number {
  const { phases } = workload;
  if (phases.length === 1) return of(phases[0]!);
  let sum = 0;
  for (const phase of phases) sum += of(phase) * phase.durationNs;
  return sum / cycleNs(workload);
}

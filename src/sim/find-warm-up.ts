import { createSettling } from '../metrics/settling.js';
import { RequestBatch, type RequestSource } from '../workload/request-source.js';
import type { Simulation, Snapshot } from './simulation.js';
import { beginRecording, type SimulationSetup, samplingStep, simulationOf } from './simulation-setup.js';

/** First and last checkpoint, as shares of the run. Each checkpoint is twice the one before. */
const FIRST_SHARE = 0.05;
const LAST_SHARE = 0.4;
/**
 * The same in requests, for long runs, because the time that a system takes to settle does not depend on the length of
 * the run.
 */
const FIRST_REQUESTS = 100_000;
const LAST_REQUESTS = 12_800_000;

/** Batches between two calls of the hooks of a run, about ten milliseconds. */
export const BATCHES_PER_PULSE = 256;

export interface FoundWarmUp {
  /** Share of the run that is left out. */
  readonly share: number;
  /** False when the run had not settled at the last checkpoint. */
  readonly settled: boolean;
}

/**
 * Finds where the warm-up of a run ends, by playing its beginning.
 *
 * Checkpoints are at 5, 10, 20 and 40 % of the run; in a run of more than two million requests, at 100 000, 200 000, …
 * requests. At each, MSER-5 looks at the number of requests in the system, sampled since the start. By Little's law its
 * mean is the mean sojourn times the rate, and sampling it costs nothing per request. The warm-up is over when the
 * transient lies in the first half of the samples. So at least twice the transient is left out, and no measured request
 * has a part in the decision: a cut that is chosen afterwards tends to fall just behind the worst burst.
 *
 * A policy that reserves workers by type has not settled before its first reservation, whatever the queues look like.
 */
export async function findWarmUp(options: PilotOptions): Promise<FoundWarmUp> {
  return (await playPilot(options.simulation ?? simulationOf(options), new RequestBatch(), options)).found;
}

export interface PilotOptions extends SimulationSetup {
  readonly source: RequestSource;
  readonly simulation?: Simulation;
  readonly shouldStop?: () => boolean;
  readonly pause?: () => Promise<void>;
}

/** The beginning of a run, up to where its warm-up was found. */
export interface Pilot {
  readonly found: FoundWarmUp;
  /** Requests played before the batch, and of the batch. */
  readonly requests: number;
  readonly played: number;
  /** The last arrival played, ns. */
  readonly lastNs: number;
  /** Number of the first request after the warm-up. */
  readonly skipped: number;
  /** What there was when it arrived; absent while it has not. */
  readonly from?: Snapshot;
  /** Did the trace end, or was the run stopped, before the warm-up was found? */
  readonly ended: boolean;
}

/**
 * Plays the beginning of a run, as {@link findWarmUp} tells. The run can go on from there: recording begins anew at
 * each checkpoint, because the look that decides about it comes some requests later.
 */
export async function playPilot(simulation: Simulation, batch: RequestBatch, options: PilotOptions): Promise<Pilot> {
  const { source, expectedRequests = Number.POSITIVE_INFINITY, shouldStop, pause } = options;
  const types = options.types.length + (options.hasUnknown ? 1 : 0);
  const settling = createSettling();
  const step = samplingStep(expectedRequests);

  function stillLearns(): boolean {
    const reservation = simulation.reservations().at(-1);
    return reservation !== undefined && types > 1 && reservation.groups.length === 1;
  }

  const last = Math.min(LAST_REQUESTS, LAST_SHARE * expectedRequests);
  let checkpoint = Math.min(FIRST_REQUESTS, FIRST_SHARE * expectedRequests);
  let requests = 0;
  let lastNs = 0;
  let from: Snapshot | undefined;

  function advance(begin: number, to: number): void {
    const cut = skippedRequests(checkpoint / expectedRequests, expectedRequests) - requests;
    if (cut < begin || cut >= to) {
      simulation.advance(batch, begin, to);
      return;
    }
    simulation.advance(batch, begin, cut);
    from = beginRecording(simulation, batch.arrivalNs[cut]!);
    simulation.advance(batch, cut, to);
  }

  for (let batches = 1; !shouldStop?.(); batches++) {
    const filled = source.fill(batch);
    if (filled !== undefined) await filled;
    if (batch.length === 0) break;
    for (let played = 0; played < batch.length; played += step) {
      const to = Math.min(batch.length, played + step);
      advance(played, to);
      settling.add(simulation.inSystem());
      if (requests + to < checkpoint) continue;
      const share = checkpoint / expectedRequests;
      const settled = settling.settled() && !stillLearns();
      if (settled || 2 * checkpoint > last) {
        const skipped = skippedRequests(share, expectedRequests);
        const played = { requests, played: to, lastNs: batch.arrivalNs[to - 1]!, skipped, ended: false };
        return { found: { share, settled }, ...played, ...(from && { from }) };
      }
      from = undefined;
      checkpoint *= 2;
    }
    requests += batch.length;
    lastNs = batch.arrivalNs[batch.length - 1]!;
    if (pause && batches % BATCHES_PER_PULSE === 0) await pause();
  }
  // Nothing was measured, whatever was recorded for a try.
  simulation.startRecording();
  const found = { share: LAST_SHARE, settled: false };
  return { found, requests, played: 0, lastNs, skipped: requests, ended: true };
}

/** Requests that a warm-up leaves out. */
export function skippedRequests(share: number, requests: number): number {
  return Math.floor(share * requests);
}

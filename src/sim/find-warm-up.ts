import { createSettling } from '../metrics/settling.js';
import { createBatch } from '../workload/request-source.js';
import { type SimulateOptions, samplingStep, simulationOf } from './simulate.js';

/** First and last checkpoint, as shares of the run. Each checkpoint is twice the one before. */
const FIRST_SHARE = 0.05;
const LAST_SHARE = 0.4;
/**
 * The same in requests, for long runs, because the time that a system takes to settle does not depend on the length of
 * the run.
 */
const FIRST_REQUESTS = 100_000;
const LAST_REQUESTS = 12_800_000;

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
export async function findWarmUp(
  options: SimulateOptions & { readonly expectedRequests: number },
): Promise<FoundWarmUp> {
  const { source, expectedRequests, shouldStop } = options;
  const simulation = simulationOf(options);
  const types = options.types.length + (options.hasUnknown ? 1 : 0);
  const settling = createSettling();
  const step = samplingStep(expectedRequests);
  const batch = createBatch();

  function stillLearns(): boolean {
    const reservation = simulation.reservations().at(-1);
    return reservation !== undefined && types > 1 && reservation.groups.length === 1;
  }

  const last = Math.min(LAST_REQUESTS, LAST_SHARE * expectedRequests);
  let checkpoint = Math.min(FIRST_REQUESTS, FIRST_SHARE * expectedRequests);
  let requests = 0;
  while (!shouldStop?.()) {
    const filled = source.fill(batch);
    if (filled !== undefined) await filled;
    if (batch.length === 0) break;
    for (let played = 0; played < batch.length; played += step) {
      const to = Math.min(batch.length, played + step);
      simulation.advance(batch, played, to);
      settling.add(simulation.inSystem());
      if (requests + to < checkpoint) continue;
      const share = checkpoint / expectedRequests;
      if (settling.settled() && !stillLearns()) return { share, settled: true };
      if (2 * checkpoint > last) return { share, settled: false };
      checkpoint *= 2;
    }
    requests += batch.length;
  }
  return { share: LAST_SHARE, settled: false };
}

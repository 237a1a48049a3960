import { createSettling } from '../metrics/settling.js';
import { createBatch } from '../workload/request-source.js';
import { type SimulateOptions, samplingStep, simulationOf } from './simulate.js';

/** First and last checkpoint at which it is asked whether a run has settled, as shares of the run; each is twice the one before. */
const FIRST_SHARE = 0.05;
const LAST_SHARE = 0.4;
/** The same in requests, for long runs: how long a system takes to settle does not depend on how long one looks at it. */
const FIRST_REQUESTS = 100_000;
const LAST_REQUESTS = 12_800_000;

export interface FoundWarmUp {
  /** Share of the run that is left out. */
  readonly share: number;
  /** False when the run was still on its way at the last checkpoint. */
  readonly settled: boolean;
}

/**
 * Finds where the warm-up of a run ends, by playing it up to there.
 *
 * At each checkpoint (after 5, 10, 20 and 40 % of the run, in a run of more than two million requests after 100 000, 200 000, …) MSER-5 looks at the number of requests in the system, sampled since the start (by Little's law its mean is that of the sojourns times the rate, and it asks
 * nothing of each request). The warm-up is over when it finds the transient in the first half of what it has seen. So at least as much again as the
 * transient is left out, and no request that will be measured has a part in the decision: a cut that is chosen afterwards likes to fall behind the worst burst.
 *
 * A policy that reserves workers by type but has not told the types apart yet is not settled, whatever the queues look like.
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

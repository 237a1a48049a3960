import { createSettling } from '../metrics/settling.js';
import { createBatch } from '../workload/request-source.js';
import { type SimulateOptions, samplingStep, simulationOf } from './simulate.js';

/** Shares of a run after which it is asked whether it has settled. */
const CHECKPOINTS = [0.05, 0.1, 0.2, 0.4];
/** A run whose warm-up takes longer is too short. */
export const LONGEST_WARM_UP = CHECKPOINTS.at(-1)!;

export interface FoundWarmUp {
  /** Share of the run that is left out. */
  readonly share: number;
  /** False when the run was still on its way at the last checkpoint, {@link LONGEST_WARM_UP}. */
  readonly settled: boolean;
}

/**
 * Finds where the warm-up of a run ends, by playing it up to there.
 *
 * At each checkpoint MSER-5 looks at the number of requests in the system, sampled since the start (by Little's law its mean is that of the sojourns times the rate, and it asks
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

  let requests = 0;
  let checkpoint = 0;
  while (!shouldStop?.()) {
    const filled = source.fill(batch);
    if (filled) await filled;
    if (batch.length === 0) break;
    for (let played = 0; played < batch.length; played += step) {
      const to = Math.min(batch.length, played + step);
      simulation.advance(batch, played, to);
      settling.add(simulation.inSystem());
      if (requests + to < CHECKPOINTS[checkpoint]! * expectedRequests) continue;
      const share = CHECKPOINTS[checkpoint]!;
      if (settling.settled() && !stillLearns()) return { share, settled: true };
      if (++checkpoint === CHECKPOINTS.length) return { share, settled: false };
    }
    requests += batch.length;
  }
  return { share: LONGEST_WARM_UP, settled: false };
}

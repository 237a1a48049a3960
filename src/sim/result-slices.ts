import { resultSliceOf } from '../metrics/summarize.js';
import type { ResultSlice } from '../results/result.js';
import type { RequestBatch } from '../workload/request-source.js';
import type { Simulation } from './simulation.js';

/** Plays a simulation and cuts what is recorded into slices of equal length, by time of completion. */
export interface ResultSlices {
  /** As that of the simulation. */
  advance(batch: RequestBatch, from: number, to: number): void;
  /** As that of the simulation. The last slice ends here. */
  end(timeNs: number): readonly ResultSlice[];
}

/**
 * Cuts the histograms at the end of each slice, so that nothing is done per request.
 *
 * @param fromNs when the first begins; the simulation must not be later
 * @param sliceNs their length, above 0
 */
export function createResultSlices(
  simulation: Simulation,
  typeNames: readonly string[],
  fromNs: number,
  sliceNs: number,
): ResultSlices {
  const slices: ResultSlice[] = [];
  let startNs = fromNs;
  // What was recorded before the first slice belongs to none.
  simulation.cut();

  function close(endNs: number): void {
    simulation.advanceTo(endNs);
    slices.push(
      resultSliceOf(
        startNs,
        endNs,
        simulation.cut().map((measurements, type) => ({ name: typeNames[type]!, ...measurements })),
      ),
    );
    startNs = endNs;
  }

  /** A product, so that rounding errors of many slices do not add up. */
  const nextEndNs = () => fromNs + (slices.length + 1) * sliceNs;

  return {
    advance(batch, from, to) {
      let played = from;
      for (let endNs = nextEndNs(); played < to && batch.arrivalNs[to - 1]! >= endNs; endNs = nextEndNs()) {
        let next = played;
        while (batch.arrivalNs[next]! < endNs) next++;
        if (next > played) simulation.advance(batch, played, next);
        close(endNs);
        played = next;
      }
      if (played < to) simulation.advance(batch, played, to);
    },
    end(timeNs) {
      for (let endNs = nextEndNs(); endNs <= timeNs; endNs = nextEndNs()) close(endNs);
      if (timeNs > startNs) close(timeNs);
      return slices;
    },
  };
}

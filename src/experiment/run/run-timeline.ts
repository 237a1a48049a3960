import { collectTimeline, type Timeline } from '../../metrics/timeline.js';
import { usesFlows } from '../../scheduler/policy-registry.js';
import { simulationOf } from '../../sim/simulation-setup.js';
import { InputError } from '../../units/errors.js';
import { typeNames as namesByIndex } from '../../units/unknown.js';
import { RequestBatch } from '../../workload/request-source.js';
import { openWorkload } from '../plan/open-workload.js';
import type { RunSpec } from '../plan/run-spec.js';
import { setupOf } from './play-run.js';

/** A window of simulated time, ns. */
export interface Window {
  readonly fromNs: number;
  readonly forNs: number;
}

/**
 * Simulates a run up to the end of a window and returns what happened in it. Requests and decisions are those of the
 * whole run, which another thread simulates without an observer, because that is faster.
 *
 * @throws InputError when the last request comes before the window
 */
export async function runTimeline(spec: RunSpec, { fromNs, forNs }: Window): Promise<Timeline> {
  const workload = openWorkload(spec);
  const setup = setupOf(spec, workload);
  const toNs = fromNs + forNs;
  const typeNames = namesByIndex(setup);
  const { observer, finish } = collectTimeline({ fromNs, toNs, workers: spec.workers, typeNames });
  const simulation = simulationOf({ ...setup, observer });
  const source = workload.source({ flows: usesFlows(setup.policy) });
  const batch = new RequestBatch();
  let lastNs = 0;
  for (;;) {
    const filled = source.fill(batch);
    if (filled !== undefined) await filled;
    let inTime = 0;
    while (inTime < batch.length && batch.arrivalNs[inTime]! < toNs) lastNs = batch.arrivalNs[inTime++]!;
    simulation.advance(batch, 0, inTime);
    if (batch.length === 0 || inTime < batch.length) break;
  }
  if (lastNs < fromNs) {
    throw new InputError(`from: the last request comes at ${lastNs / 1e6} ms, before the timeline begins`);
  }
  simulation.advanceTo(toNs);
  return finish(simulation.reservations());
}

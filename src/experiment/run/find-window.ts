/** Where the timelines of runs begin: after their warm-up, or around the worst wait of a type. */

import type { Observer } from '../../metrics/observer.js';
import { usesFlows } from '../../scheduler/policy-registry.js';
import { type FoundWarmUp, skippedRequests } from '../../sim/find-warm-up.js';
import { simulationOf } from '../../sim/simulation-setup.js';
import { InputError } from '../../units/errors.js';
import { typeNames } from '../../units/unknown.js';
import { RequestBatch } from '../../workload/request-source.js';
import { openWorkload } from '../plan/open-workload.js';
import type { RunSpec } from '../plan/run-spec.js';
import { checkTypeName } from '../plan/type-names.js';
import { withCommonWarmUp } from './common-warm-up.js';
import { setupOf } from './play-run.js';
import { seekWarmUp } from './run-simulation.js';

/** When the first request comes that is measured under all of these policies, ns. */
export async function endOfWarmUp(specs: readonly RunSpec[]): Promise<number> {
  const found: (FoundWarmUp | undefined)[] = [];
  for (const spec of specs) found.push(spec.warmup === 'find' ? await seekWarmUp(spec) : undefined);
  const [{ warmup }] = (found.some((each) => each) ? withCommonWarmUp(specs, found) : specs) as [RunSpec];
  const share = typeof warmup === 'number' ? warmup : warmup === 'find' ? 0 : warmup.share;
  const workload = openWorkload(specs[0]!);
  const { end } = workload;
  if ('durationNs' in end) return Math.floor(share * end.durationNs);
  const skipped = skippedRequests(share, end.requests);
  const source = workload.source({ flows: false });
  const batch = new RequestBatch();
  let lastNs = 0;
  for (let before = 0; ; before += batch.length) {
    const filled = source.fill(batch);
    if (filled !== undefined) await filled;
    if (batch.length === 0) return lastNs;
    if (before + batch.length > skipped) {
      await source.close?.();
      return batch.arrivalNs[skipped - before]!;
    }
    lastNs = batch.arrivalNs[batch.length - 1]!;
  }
}

/** The request that was longest in the system without being served. */
export interface WorstWait {
  readonly spec: RunSpec;
  /** Its number in the trace. */
  readonly request: number;
  readonly arrivedNs: number;
  readonly doneNs: number;
  readonly waitedNs: number;
}

/**
 * The worst wait of a type, of all runs and of what comes after a time.
 *
 * @throws InputError when there is no such type, or no request of it completes after that time
 */
export async function worstWaitIn(specs: readonly RunSpec[], typeName: string, afterNs: number): Promise<WorstWait> {
  let worst: WorstWait | undefined;
  for (const spec of specs) {
    const wait = await worstOfRun(spec, typeName, afterNs);
    if (wait && wait.waitedNs > (worst?.waitedNs ?? -1)) worst = wait;
  }
  if (!worst) throw new InputError(`from: worst:${typeName}: no ${typeName} completes after the warm-up`);
  return worst;
}

async function worstOfRun(spec: RunSpec, typeName: string, afterNs: number): Promise<WorstWait | undefined> {
  const workload = openWorkload(spec);
  const names = typeNames(workload);
  checkTypeName('from', typeName, names);
  const type = names.indexOf(typeName);
  /** Of the requests of the type that are in the system. */
  const present = new Map<number, { readonly arrivedNs: number; ranNs: number }>();
  const on: { request: number; runsNs: number }[] = [];
  let worst: WorstWait | undefined;
  const ignore = () => {};
  const observer: Observer = {
    arrives: (request, kind, atNs) => {
      if (kind === type && atNs >= afterNs) present.set(request, { arrivedNs: atNs, ranNs: 0 });
    },
    starts: (worker, request, _type, _fromNs, runsNs) => {
      on[worker] = { request, runsNs };
    },
    stops: (worker, atNs, completed) => {
      const { request, runsNs } = on[worker]!;
      const known = present.get(request);
      if (!known) return;
      known.ranNs += atNs - runsNs;
      if (!completed) return;
      present.delete(request);
      const { arrivedNs, ranNs } = known;
      const waitedNs = atNs - arrivedNs - ranNs;
      if (waitedNs > (worst?.waitedNs ?? -1)) worst = { spec, request, arrivedNs, doneNs: atNs, waitedNs };
    },
    drops: (request) => void present.delete(request),
    steals: ignore,
    dispatcher: ignore,
  };
  const setup = setupOf(spec, workload);
  const simulation = simulationOf({ ...setup, observer });
  const source = workload.source({ flows: usesFlows(setup.policy) });
  const batch = new RequestBatch();
  for (;;) {
    const filled = source.fill(batch);
    if (filled !== undefined) await filled;
    if (batch.length === 0) break;
    simulation.advance(batch, 0, batch.length);
  }
  while (simulation.drain(1 << 17));
  return worst;
}

/** Runs whose requests are kept one by one, for comparing two worlds. */

import { type PlannedTrace, readTrace } from '../../hw/client/planned-trace.js';
import { createResult } from '../../metrics/create-result.js';
import type { RequestSamples } from '../../metrics/samples.js';
import type { Result } from '../../results/result.js';
import { typeNames } from '../../units/unknown.js';
import { createTraceDigest, foldTraceDigest, showTraceDigest } from '../../workload/trace-digest.js';
import { openWorkload } from '../plan/open-workload.js';
import type { RunSpec } from '../plan/run-spec.js';
import { type RunHooks, runRaw } from './run-simulation.js';

/** A result and the requests behind it. */
export interface SampledResult {
  readonly result: Result;
  readonly samples: RequestSamples;
}

/** Simulates one policy and keeps what happened to each request: memory grows with their number. */
export async function runSampled(spec: RunSpec, hooks: RunHooks = {}): Promise<SampledResult> {
  const workload = openWorkload(spec);
  const trace = await readTrace(workload.source({ flows: true }));
  const sojournsNs = new Float64Array(trace.length).fill(Number.NaN);
  const { identity, record, manifest } = await runRaw(spec, { ...hooks, sojournsNs });
  return {
    result: createResult(identity, record, manifest),
    samples: samplesOf(trace, typeNames(workload), sojournsNs),
  };
}

/** @param sojournNs by number of the request; NaN where it was not measured */
export function samplesOf(trace: PlannedTrace, typeNames: readonly string[], sojournNs: Float64Array): RequestSamples {
  const { length, type, serviceNs } = trace;
  const digest = createTraceDigest(typeNames);
  foldTraceDigest(digest, trace);
  return {
    traceDigest: showTraceDigest(digest),
    type: type.slice(0, length),
    serviceNs: serviceNs.slice(0, length),
    sojournNs,
  };
}

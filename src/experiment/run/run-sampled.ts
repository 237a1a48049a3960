/** Runs whose requests are kept one by one, for comparing two worlds. */

import { type PlannedTrace, readTrace } from '../../hw/client/planned-trace.js';
import { createResult } from '../../metrics/create-result.js';
import type { RequestSamples } from '../../metrics/samples.js';
import type { EncodedSamples, Result } from '../../results/result.js';
import { InputError } from '../../units/errors.js';
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

export function encodeSamples({ traceDigest, type, serviceNs, sojournNs }: RequestSamples): EncodedSamples {
  const base64 = (column: Uint16Array | Float64Array) =>
    Buffer.from(column.buffer, column.byteOffset, column.byteLength).toString('base64');
  return { traceDigest, type: base64(type), serviceNs: base64(serviceNs), sojournNs: base64(sojournNs) };
}

/** @throws InputError when the columns do not fit each other */
export function decodeSamples(encoded: EncodedSamples, where: string): RequestSamples {
  const bytes = (text: string) => new Uint8Array(Buffer.from(text, 'base64')).buffer;
  const [type, serviceNs, sojournNs] = [encoded.type, encoded.serviceNs, encoded.sojournNs].map(bytes);
  const count = type!.byteLength / 2;
  if (serviceNs!.byteLength !== count * 8 || sojournNs!.byteLength !== count * 8) {
    throw new InputError(
      `${where}: samples: expected columns of one length, found ${count} types, ${serviceNs!.byteLength / 8} services, ${sojournNs!.byteLength / 8} sojourns`,
    );
  }
  return {
    traceDigest: encoded.traceDigest,
    type: new Uint16Array(type!),
    serviceNs: new Float64Array(serviceNs!),
    sojournNs: new Float64Array(sojournNs!),
  };
}

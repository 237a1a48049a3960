/** The trace of a run, complete and in memory: the load generator plays it, and its records are compared with it. */

import { playTraceFile, type TraceFile } from '../../files/trace-file.js';
import { createRequestSource } from '../../workload/generate.js';
import type { RequestSource } from '../../workload/request-source.js';
import { RequestBatch } from '../../workload/request-source.js';
import { createTraceDigest, foldTraceDigest, showTraceDigest } from '../../workload/trace-digest.js';
import type { Offer, Workload } from '../../workload/workload.js';
import type { NativeTrace } from '../native/native.js';

/** The requests in undilated time, exactly as the simulator would consume them. */
export interface PlannedTrace {
  readonly length: number;
  readonly arrivalNs: Float64Array;
  readonly serviceNs: Float64Array;
  readonly type: Uint16Array;
  readonly flow: Uint32Array;
}

/**
 * This client sends every `clients`-th request, beginning with its own index. All clients together send the whole
 * trace.
 */
export interface ClientShare {
  readonly clients: number;
  readonly index: number;
}

/** A trace file that is played instead of what the workload would generate. */
export interface ScaledTraceFile extends TraceFile {
  /** The rate is multiplied by this. */
  readonly rateScale: number;
}

/** The part of a workload's trace that a run plays. */
export interface TracePart {
  readonly seed: string | number;
  readonly replication?: number;
  readonly requests?: number;
  /** Undilated. */
  readonly durationNs?: number;
  readonly share: ClientShare;
  readonly file?: ScaledTraceFile;
}

/**
 * Makes the trace of a workload, or reads that of a file. Equal arguments give equal traces in any process.
 *
 * @throws InputError when the file has changed since it was scanned
 */
export function makeTrace(workload: Workload, offer: Offer, part: TracePart): Promise<PlannedTrace> {
  const { share, file, ...options } = part;
  if (file) {
    const { requests, durationNs } = options;
    const end = { ...(requests !== undefined && { requests }), ...(durationNs !== undefined && { durationNs }) };
    return readTrace(playTraceFile(file, { rateScale: file.rateScale, ...end }), share);
  }
  return readTrace(createRequestSource(workload, { ...offer, ...options, flows: true }), share);
}

export const ALONE: ClientShare = { clients: 1, index: 0 };

/** What a run says of its trace. */
export interface TraceLength extends Omit<TracePart, 'share' | 'file'> {
  readonly trace?: ScaledTraceFile;
}

/** The part of its trace that a client with this share plays. */
export function partOf({ seed, replication, requests, durationNs, trace }: TraceLength, share: ClientShare): TracePart {
  return {
    ...{ seed, share },
    ...(replication !== undefined && { replication }),
    ...(requests !== undefined && { requests }),
    ...(durationNs !== undefined && { durationNs }),
    ...(trace && { file: trace }),
  };
}

/** Reads a source to its end, or to `limit` requests of this client. */
export async function readTrace(
  source: RequestSource,
  share: ClientShare = ALONE,
  limit = 0xffff_ffff,
): Promise<PlannedTrace> {
  let capacity = 1 << 16;
  let arrivalNs = new Float64Array(capacity);
  let serviceNs = new Float64Array(capacity);
  let type = new Uint16Array(capacity);
  let flow = new Uint32Array(capacity);
  const grow = (): void => {
    capacity *= 2;
    const copy = <T extends Float64Array | Uint16Array | Uint32Array>(from: T, into: T): T => {
      into.set(from);
      return into;
    };
    arrivalNs = copy(arrivalNs, new Float64Array(capacity));
    serviceNs = copy(serviceNs, new Float64Array(capacity));
    type = copy(type, new Uint16Array(capacity));
    flow = copy(flow, new Uint32Array(capacity));
  };
  const batch = new RequestBatch();
  let length = 0;
  let index = 0;
  for (;;) {
    await source.fill(batch);
    if (batch.length === 0) break;
    for (let i = 0; i < batch.length && length < limit; i++, index++) {
      if (index % share.clients !== share.index) continue;
      if (length === capacity) grow();
      arrivalNs[length] = batch.arrivalNs[i]!;
      serviceNs[length] = batch.serviceNs[i]!;
      type[length] = batch.type[i]!;
      flow[length] = batch.flow[i]!;
      length++;
    }
    if (length >= limit) break;
  }
  return {
    length,
    arrivalNs: arrivalNs.subarray(0, length),
    serviceNs: serviceNs.subarray(0, length),
    type: type.subarray(0, length),
    flow: flow.subarray(0, length),
  };
}

/** The digest of a trace that is in memory. */
export function digestOfTrace({ types }: Workload, trace: PlannedTrace): string {
  const digest = createTraceDigest(types.map(({ name }) => name));
  foldTraceDigest(digest, trace);
  return showTraceDigest(digest);
}

/** Planned times begin this long after the load generator's start (real time): by then its threads run. */
export const LEAD_NS = 5e6;

/**
 * The same requests as they go over the wire: times stretched by `dilation` and {@link LEAD_NS} later, types as codes.
 * The demands must fit a frame (see fitDemands).
 */
export function wireTrace(
  trace: PlannedTrace,
  codes: readonly number[],
  unknownCode: number,
  dilation: number,
): NativeTrace {
  const { length } = trace;
  const plannedNs = new Float64Array(length);
  const demandNs = new Float64Array(length);
  const code = new Uint32Array(length);
  for (let i = 0; i < length; i++) {
    plannedNs[i] = trace.arrivalNs[i]! * dilation + LEAD_NS;
    demandNs[i] = Math.round(trace.serviceNs[i]! * dilation);
    code[i] = codes[trace.type[i]!] ?? unknownCode;
  }
  return { length, plannedNs, demandNs, code, flow: trace.flow };
}

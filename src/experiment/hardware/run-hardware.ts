import { createHash } from 'node:crypto';
import { type FieldParts, fieldsOf, measuredFrom, recordOfRun, wholeNs } from '../../hw/run/record.js';
import type { HardwareRun } from '../../hw/run/run-pair.js';
import { mergeReplications, type RawRun } from '../../metrics/replications.js';
import type { RequestSamples } from '../../metrics/samples.js';
import { codeIdentity, policyCodeOf } from '../../policy-files/policy-hashes.js';
import type { HardwareFields } from '../../results/hardware-fields.js';
import type { Tails } from '../../results/point.js';
import type { Manifest, Result } from '../../results/result.js';
import { plainParameters } from '../../scheduler/policy.js';
import { defaultsOf, type TypedPolicy } from '../../scheduler/policy-registry.js';
import { type Offer, offeredLoad, offeredRps, type Workload } from '../../workload/workload.js';
import { describeEnvironment, type Environment } from '../environment.js';
import { canonicalJson, pooledHash } from '../plan/run-spec.js';
import { samplesOf } from '../run/run-sampled.js';
import { type HardwareInput, hardwareNotes } from './hardware-input.js';
import { loadSlices } from './load-parts.js';

/** The result of a run on a machine: psp.result/1 with the fields that only a machine has. */
export type HardwareResult = Result & HardwareFields & { readonly manifest: Manifest & { readonly dilation: number } };

/** The policy of a server that a load generator knows nothing about. */
const UNKNOWN_POLICY = 'unknown';

export interface HardwareIdentity extends HardwareInput {
  /** Absent when nobody said what the server runs. */
  readonly policy?: TypedPolicy;
  readonly offer: Offer;
  readonly workers: number;
  readonly seed: string;
  readonly warmup: number;
  /** Length of the slices in which the run is also reported, undilated ns. */
  readonly sliceNs?: number;
  readonly startedAt: Date;
  readonly wallSeconds: number;
  readonly environment?: Environment;
  /** Of a run on several machines. */
  readonly hosts?: HostsIdentity;
}

export interface HostsIdentity {
  /** Of their roles and configurations. */
  readonly digest: string;
  /** Who they are, for a reader of the results. */
  readonly note: string;
}

/** A finished run before it becomes a result, alone or pooled with others of its kind. */
export interface RawHardwareRun {
  readonly raw: RawRun;
  readonly parts: FieldParts;
  readonly dilation: number;
}

export function rawHardwareRun(run: HardwareRun, identity: HardwareIdentity): RawHardwareRun {
  const { workload, offer, workers, seed, warmup, sliceNs } = identity;
  const chosen = identity.policy;
  const policy = chosen?.policy.name ?? UNKNOWN_POLICY;
  const parameters = chosen?.parameters ?? {};
  const { record, parts } = recordOfRun(run, workload, warmup);
  const { hosts } = identity;
  const notes = [...hardwareNotes(identity), ...(hosts ? [hosts.note] : [])];
  const config = {
    world: 'hw',
    workload: workload.source.text,
    offer,
    policy,
    parameters,
    ...(chosen && { code: codeIdentity(chosen) }),
    workers,
    seed,
    warmup,
    ...(sliceNs !== undefined && { sliceNs }),
    dilation: run.dilation.factor,
    ...(run.net && { poll: run.net }),
    requests: run.trace.length,
    ...(hosts && { hosts: hosts.digest }),
  };
  const raw: RawRun = {
    identity: {
      world: 'hw',
      policy,
      policyParameters: plainParameters(parameters),
      ...(chosen && defaultsOf(chosen)),
      workload: workload.name,
      workers,
      load: offeredLoad(workload, offer, workers),
      offeredRps: offeredRps(workload, offer),
      seed,
      warmup,
      warmupRule: 'given',
    },
    record: sliceNs === undefined ? record : { ...record, slices: loadSlices(run, record.typeNames, warmup, sliceNs) },
    manifest: {
      ...(identity.environment ?? describeEnvironment()),
      ...(chosen && { policyCode: policyCodeOf(chosen) }),
      configHash: createHash('sha256').update(canonicalJson(config)).digest('hex'),
      ...(notes.length > 0 && { notes }),
      startedAt: identity.startedAt.toISOString(),
      wallSeconds: identity.wallSeconds,
    },
  };
  return { raw, parts, dilation: run.dilation.factor };
}

/** Lays out the result of a finished run. */
export function hardwareResult(run: HardwareRun, identity: HardwareIdentity): HardwareResult {
  return pooledHardwareRuns([rawHardwareRun(run, identity)]).result;
}

/** One result of independent runs of one point, with intervals that hold between them. */
export function pooledHardwareRuns(runs: readonly RawHardwareRun[]): {
  readonly result: HardwareResult;
  readonly tails: Tails;
} {
  const merger = mergeReplications(pooledHash);
  for (const [i, { raw }] of runs.entries()) merger.add(i, raw);
  const result = merger.result()!;
  const fields = fieldsOf(runs.map(({ parts }) => parts));
  return {
    result: { ...result, ...fields, manifest: { ...result.manifest, dilation: runs[0]!.dilation } },
    tails: merger.tails()!,
  };
}

/** What happened to each request of a run on a machine, measured from planned time like its result. */
export function hardwareSamples({ trace, records }: HardwareRun, workload: Workload, warmup: number): RequestSamples {
  const first = measuredFrom(trace, warmup);
  const sojournNs = new Float64Array(trace.length).fill(Number.NaN);
  for (let i = first; i < trace.length; i++) {
    const repliedNs = records.repliedNs[i]!;
    if (!Number.isNaN(repliedNs)) sojournNs[i] = wholeNs(repliedNs - trace.arrivalNs[i]!);
  }
  const typeNames = workload.types.map(({ name }) => name);
  return samplesOf(trace, typeNames, sojournNs);
}

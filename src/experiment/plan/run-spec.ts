import type { TraceFile } from '../../files/trace-file.js';
import { yamlValue } from '../../input/yaml.js';
import { sha256 } from '../../policy-files/bundle-policy.js';
import { receivePolicy } from '../../policy-files/load-policies.js';
import { codeIdentity } from '../../policy-files/policy-hashes.js';
import type { ChosenPolicy, PolicyCode, TypedPolicy } from '../../scheduler/policy-registry.js';
import type { SystemCosts } from '../../sim/costs.js';
import type { FoundWarmUp } from '../../sim/find-warm-up.js';
import { rebuildWorkload } from '../../workload/parse-workload.js';
import type { Offer, Workload, WorkloadSource } from '../../workload/workload.js';

/** Everything that determines the result of one run of one policy. {@link sendSpec} makes plain data of it. */
export interface RunSpec {
  readonly workload: GeneratedWorkload | TraceWorkload;
  readonly policy: TypedPolicy;
  /** The system around the policy. */
  readonly system?: { readonly name: string; readonly costs: SystemCosts };
  readonly workers: number;
  readonly seed: string;
  /** Number of the independent repetition, from 0. Each has its own random streams. */
  readonly replication: number;
  /**
   * Share of the run whose requests are not measured, 0 <= warmup < 1: as asked for, still to be found, or as found.
   */
  readonly warmup: number | 'find' | FoundWarmUp;
  /** Where the trace of requests ends. */
  readonly end: { readonly requests: number } | { readonly durationNs: number };
  /** Share of the requests of every type that policies are told no type of; absent: what the workload says. */
  readonly unclassified?: number;
  /** Length of the slices in which the measuring window is also reported, ns. */
  readonly sliceNs?: number;
  /** File that records what the scheduler is told and does; not part of the result's identity. */
  readonly record?: string;
}

/** A workload file. */
export interface GeneratedWorkload {
  readonly kind: 'generated';
  readonly workload: Workload;
  readonly offer: Offer;
}

/** A trace file that has been checked. */
export interface TraceWorkload extends TraceFile {
  readonly kind: 'trace';
  /** What the rate is multiplied by. */
  readonly rateScale: number;
}

/** A specification as plain data, with policy and workload as text: what goes to another thread or machine. */
export type SentSpec = Omit<RunSpec, 'policy' | 'workload'> & {
  readonly policy: string;
  /** Of a policy from a file. */
  readonly code?: PolicyCode;
  readonly workload: SentWorkload | TraceWorkload;
};

export type SentWorkload = Omit<GeneratedWorkload, 'workload'> & { readonly source: WorkloadSource };

export function sendSpec(spec: RunSpec): SentSpec {
  const { text, code } = spec.policy;
  return { ...spec, policy: text, ...(code && { code }), workload: sendWorkload(spec.workload) };
}

function sendWorkload(sent: RunSpec['workload']): SentSpec['workload'] {
  if (sent.kind === 'trace') return sent;
  const { workload, ...rest } = sent;
  return { ...rest, source: workload.source };
}

/** @throws InputError when the policy or the workload is wrong */
export function receiveSpec({ policy, code, workload, ...spec }: SentSpec): RunSpec {
  return { ...spec, policy: receivePolicy(policy, code), workload: receiveWorkload(workload) };
}

function receiveWorkload(sent: SentSpec['workload']): RunSpec['workload'] {
  if (sent.kind === 'trace') return sent;
  const { source, ...rest } = sent;
  return { ...rest, workload: rebuildWorkload(source) };
}

/** System and policy as a person names them: `shinjuku/ts:quantum=5us`. */
export function contenderName(policy: string, system: RunSpec['system']): string {
  return system ? `${system.name}/${policy}` : policy;
}

/**
 * SHA-256 over the canonical form of what determines the result. Where a file lies and how it is commented do not
 * matter.
 */
export function configHash(spec: RunSpec): string {
  return sentHash(sendSpec(spec), spec.policy);
}

/** The same for a specification as text. Its workload may be wrong: a point that cannot be run has a key, too. */
export function sentHash(spec: SentSpec, chosen: ChosenPolicy = receivePolicy(spec.policy, spec.code)): string {
  const { policy, parameters } = chosen;
  const workload =
    spec.workload.kind === 'generated'
      ? { yaml: yamlValue(spec.workload.source.text), files: spec.workload.source.files, offer: spec.workload.offer }
      : { sha256: spec.workload.sha256, rateScale: spec.workload.rateScale };
  const { workers, seed, replication, warmup, end, sliceNs, unclassified } = spec;
  const run = { workers, seed, replication, warmup, end, sliceNs, unclassified, costs: spec.system?.costs };
  const config = { world: 'sim', workload, policy: policy.name, parameters, code: codeIdentity(chosen), ...run };
  return sha256(canonicalJson(config));
}

/** The same for several runs that were pooled into one result. */
export function pooledHash(hashes: readonly string[]): string {
  return sha256(canonicalJson(hashes));
}

/** JSON with the keys of every object sorted, and infinite numbers told apart from null. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) => {
    if (typeof item === 'number' && !Number.isFinite(item)) return String(item);
    if (typeof item !== 'object' || item === null || Array.isArray(item)) return item;
    return Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}

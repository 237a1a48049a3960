import { readdirSync, readFileSync } from 'node:fs';
import type { Observer } from '../../src/metrics/observer.js';
import type { RunRecord } from '../../src/metrics/run-record.js';
import { type ChosenPolicy, parsePolicy } from '../../src/scheduler/policy-registry.js';
import type { SystemCosts } from '../../src/sim/costs.js';
import { simulate } from '../../src/sim/simulate.js';
import { createRequestSource } from '../../src/workload/generate.js';
import { parseWorkload } from '../../src/workload/parse-workload.js';
import { STREAM, substream } from '../../src/workload/random.js';
import { trueProfile, type Workload } from '../../src/workload/workload.js';

const folder = new URL('../../workloads/', import.meta.url);

/** Names of the shipped workloads. */
export const workloadNames = readdirSync(folder)
  .filter((file) => file.endsWith('.yaml'))
  .map((file) => file.replace('.yaml', ''));

export function shippedWorkload(name: string): Workload {
  return parseWorkload(readFileSync(new URL(`${name}.yaml`, folder), 'utf8'), `${name}.yaml`);
}

export interface RunOptions {
  readonly load?: number;
  readonly workers?: number;
  readonly requests?: number;
  readonly durationNs?: number;
  readonly seed?: number;
  readonly replication?: number;
  readonly warmup?: number;
  readonly costs?: SystemCosts;
  readonly observer?: Observer;
  /** Is simulated in place of the named policy: the same with something around it. */
  readonly policy?: ChosenPolicy;
}

/** Simulates a policy, as typed on the command line, on a workload. */
export function run(policy: string, workload: Workload, options: RunOptions = {}): Promise<RunRecord> {
  const { load = 0.8, workers = 14, requests, durationNs, seed = 1, replication = 0, warmup = 0.1 } = options;
  const { costs, observer } = options;
  return simulate({
    policy: options.policy ?? parsePolicy(policy),
    workers,
    types: workload.types.slice(0, workload.classified),
    hasUnknown: workload.types.length > workload.classified,
    source: createRequestSource(workload, {
      load,
      workers,
      seed,
      replication,
      flows: true,
      ...(requests !== undefined && { requests }),
      ...(durationNs !== undefined && { durationNs }),
    }),
    random: substream(seed, STREAM.stealing, replication),
    trueProfile: trueProfile(workload),
    ...(costs && { costs, costsRandom: substream(seed, STREAM.costs, replication) }),
    ...(observer && { observer }),
    warmup:
      requests === undefined ? { untilNs: warmup * (durationNs ?? 0) } : { requests: Math.floor(warmup * requests) },
  });
}

import { PolicyError } from '../scheduler/policy.js';
import { parsePolicy } from '../scheduler/registry.js';
import type { DropReason, Workers } from '../scheduler/scheduler.js';
import { traceRateScale } from '../workload/trace.js';
import { cycleNs, type Offer } from '../workload/workload.js';
import { InputError } from './errors.js';
import { findWorkload, readWorkload } from './files.js';
import { type OpenWorkload, openWorkload } from './open-workload.js';
import type { Precision, Replications } from './replicate.js';
import { usesFlows } from './run-simulation.js';
import type { GeneratedWorkload, RunSpec, TraceWorkload } from './run-spec.js';
import { scanTraceFile } from './trace-file.js';

/** What a person asked for. All that is not given has a default. */
export interface Settings {
  /** Name of a workload that comes with psp, or a file. */
  readonly workload: string;
  /** What a file is relative to; default: the working directory. */
  readonly folder?: string;
  readonly policies?: readonly string[];
  readonly workers?: number;
  /** At most one of these three. */
  readonly load?: number;
  readonly rateRps?: number;
  /** Traces only. */
  readonly rateScale?: number;
  /** At most one of these two. */
  readonly requests?: number;
  readonly durationNs?: number;
  readonly seed?: string;
  readonly warmup?: number;
  readonly replications?: number;
  readonly precision?: Precision;
  readonly maxReplications?: number;
}

export const DEFAULTS = {
  /** The four of Perséphone's comparison. */
  policies: ['d-fcfs', 'c-fcfs', 'ts', 'darc'],
  /** The workers of Perséphone's testbed. */
  workers: 14,
  load: 0.8,
  requests: 2_000_000,
  seed: '1',
  warmup: 0.1,
  replications: 1,
  /** Fewer say little about how much they differ: with 8, Student's t is 2.4, with 3 it is 4.3. */
  replicationsForPrecision: 8,
  maxReplications: 64,
} as const;

/** Runs that compare policies on the same trace of requests. */
export interface Plan {
  readonly specs: readonly RunSpec[];
  readonly replications: Replications;
  readonly workload: OpenWorkload;
}

/**
 * Reads and checks everything that is asked for, so that nothing can be refused any more once the first run has begun.
 *
 * @throws InputError, WorkloadError or PolicyError
 */
export async function planRuns(settings: Settings): Promise<Plan> {
  const { policies = DEFAULTS.policies, workers = DEFAULTS.workers } = settings;
  const { workload, end } = await readInput(settings, workers);
  const specs = policies.map(
    (policy): RunSpec => ({
      workload,
      policy,
      workers,
      seed: settings.seed ?? DEFAULTS.seed,
      replication: 0,
      warmup: settings.warmup ?? DEFAULTS.warmup,
      end,
    }),
  );
  const opened = openWorkload(specs[0]!);
  for (const spec of specs) check(spec, opened);
  return { specs, replications: readReplications(settings, specs[0]!), workload: opened };
}

function readReplications(settings: Settings, { workload }: RunSpec): Replications {
  const { precision, maxReplications = DEFAULTS.maxReplications } = settings;
  if (settings.maxReplications !== undefined && precision === undefined) {
    throw new InputError('max-replications is the ceiling of precision: expected both, found only max-replications');
  }
  const usual = precision ? Math.min(DEFAULTS.replicationsForPrecision, maxReplications) : DEFAULTS.replications;
  const { replications = usual } = settings;
  if (workload.kind === 'trace' && (replications > 1 || precision)) {
    throw new InputError(
      `${workload.summary.fileName}: a trace is the same in every replication: replications and precision are for workload files (.yaml)`,
    );
  }
  if (precision && replications > maxReplications) {
    throw new InputError(
      `expected replications of at most max-replications = ${maxReplications}, found ${replications}`,
    );
  }
  return { first: replications, ...(precision && { precision, most: maxReplications }) };
}

async function readInput(
  settings: Settings,
  workers: number,
): Promise<{ workload: GeneratedWorkload | TraceWorkload; end: RunSpec['end'] }> {
  const file = findWorkload(settings.workload, settings.folder);
  const { load, rateRps, rateScale, requests, durationNs } = settings;
  const offer: Offer | undefined =
    rateRps !== undefined ? { rateRps } : load !== undefined ? { load, workers } : undefined;
  const asked = requests !== undefined ? { requests } : durationNs !== undefined ? { durationNs } : undefined;
  if (file.kind === 'trace') {
    const { summary, sha256 } = await scanTraceFile(file.path, file.fileName);
    return {
      workload: {
        kind: 'trace',
        path: file.path,
        summary,
        sha256,
        rateScale: offer ? asInput(() => traceRateScale(summary, offer)) : (rateScale ?? 1),
      },
      end: asked ?? { requests: summary.requests },
    };
  }
  if (rateScale !== undefined) {
    throw new InputError(`rate-scale is for traces (.csv, .csv.gz): ${file.fileName} takes load or rate`);
  }
  const workload = readWorkload(file);
  const oneCycleNs = cycleNs(workload);
  return {
    workload: { kind: 'generated', source: workload.source, offer: offer ?? { load: DEFAULTS.load, workers } },
    end:
      asked ?? (oneCycleNs < Number.POSITIVE_INFINITY ? { durationNs: oneCycleNs } : { requests: DEFAULTS.requests }),
  };
}

/** Makes the scheduler and the trace of requests once, for their complaints only. */
function check(spec: RunSpec, workload: OpenWorkload): void {
  const chosen = parsePolicy(spec.policy);
  if (usesFlows(chosen) && !workload.hasFlows) {
    throw new PolicyError(
      `${spec.policy}: needs the flow of each request, but the trace has no column 'flow': use steering=random or round-robin`,
    );
  }
  chosen.policy.create(
    {
      workers: spec.workers,
      types: workload.types,
      pool: NOWHERE,
      now: new Float64Array(1),
      random: () => 0,
      trueProfile: workload.trueProfile,
      demandNs: new Float64Array(1),
      completionNs: new Float64Array(1),
    },
    chosen.parameters,
  );
  if (spec.workload.kind === 'generated') asInput(() => workload.source({ flows: false }));
}

const NOWHERE: Workers = {
  start() {},
  preempt() {},
  drop(_request: number, _reason: DropReason) {},
  stole() {},
  reserved() {},
};

/** What a function refuses with a RangeError is the person's input here. */
function asInput<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof RangeError) throw new InputError(error.message);
    throw error;
  }
}

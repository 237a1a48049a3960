import { scanTraceFile } from '../../files/trace-file.js';
import { defaultParameters } from '../../scheduler/policy.js';
import { type ChosenPolicy, parsePolicy } from '../../scheduler/policy-registry.js';
import type { DropReason, World } from '../../scheduler/scheduler.js';
import { replacesPolicyCost } from '../../sim/costs.js';
import { policyOf, type System } from '../../sim/parse-system.js';
import { formatDuration } from '../../units/duration.js';
import { InputError } from '../../units/errors.js';
import { typeNames } from '../../units/unknown.js';
import { rebuildWorkload } from '../../workload/parse-workload.js';
import { type TraceSummary, traceRateScale } from '../../workload/trace.js';
import { cycleNs, type Offer } from '../../workload/workload.js';
import type { Precision, Replications } from '../run/replicate.js';
import { usesFlows } from '../run/run-simulation.js';
import { findWorkload, readSystem, readWorkload } from './files.js';
import { type OpenWorkload, openWorkload } from './open-workload.js';
import type { GeneratedWorkload, RunSpec, TraceWorkload } from './run-spec.js';
import { checkTypeName } from './type-names.js';

/** What a person asked for. All that is not given has a default. */
export interface Settings {
  /** Name of a workload that comes with psp, or a file. */
  readonly workload: string;
  readonly policies?: readonly string[];
  /** Names of systems that come with psp, or files. With policies at most one, which then gives the costs. */
  readonly systems?: readonly string[];
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
  /** Report the measuring window in slices of this length, too. */
  readonly sliceNs?: number;
  /** File to record the one run into. */
  readonly record?: string;
}

export const DEFAULTS = {
  /** The four of Perséphone's comparison. */
  policies: ['d-fcfs', 'c-fcfs', 'ts', 'darc'],
  /** The workers of Perséphone's testbed. */
  workers: 14,
  load: 0.8,
  requests: 2_000_000,
  seed: '1',
  /** Of a run that is not known to be stationary. */
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
 * @param scan reads a trace; for one who plans many runs and remembers
 * @throws InputError, InputError or InputError
 */
export async function planRuns(settings: Settings, scan = scanTraceFile): Promise<Plan> {
  const { workers = DEFAULTS.workers } = settings;
  const { workload, end, name } = await readInput(settings, workers, scan);
  const asked = contenders(settings, name).map(
    (contender): RunSpec => ({
      workload,
      ...contender,
      workers,
      seed: settings.seed ?? DEFAULTS.seed,
      replication: 0,
      warmup: settings.warmup ?? 'find',
      end,
      ...(settings.sliceNs !== undefined && { sliceNs: settings.sliceNs }),
      ...(settings.record !== undefined && { record: settings.record }),
    }),
  );
  const opened = openWorkload(asked[0]!);
  const specs = asked.map((spec) =>
    canSettle(workload, opened.load) ? spec : { ...spec, warmup: settings.warmup ?? DEFAULTS.warmup },
  );
  for (const spec of specs) checkSpec(spec, opened);
  const replications = readReplications(settings, specs[0]!);
  const ofType = replications.precision?.type;
  if (ofType !== undefined) checkTypeName('precision', ofType, typeNames(opened));
  if (settings.record !== undefined && (specs.length > 1 || replications.first > 1 || replications.precision)) {
    throw new InputError(
      `record: an event file holds one run: expected one policy and no replications, found ${specs.map(({ policy }) => policy).join(', ')}${replications.first > 1 ? ` in ${replications.first} replications` : ''}`,
    );
  }
  return { specs, replications, workload: opened };
}

/** More are a mistake in the unit. */
const MOST_SLICES = 10_000;

function checkSlices(sliceNs: number | undefined, { end, offeredRps }: OpenWorkload): void {
  if (sliceNs === undefined) return;
  const runNs = 'durationNs' in end ? end.durationNs : (end.requests / offeredRps) * 1e9;
  if (runNs / sliceNs > MOST_SLICES) {
    throw new InputError(
      `slice: expected at most ${MOST_SLICES} slices, found ${Math.ceil(runNs / sliceNs)} (${formatDuration(sliceNs)} of about ${formatDuration(runNs)})`,
    );
  }
}

/** What changes by itself, a trace or phases, cannot be told from a system that has not settled; one with too much to do never will. */
function canSettle(workload: RunSpec['workload'], load: number): boolean {
  return load < 1 && workload.kind === 'generated' && rebuildWorkload(workload.source).phases.length === 1;
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

/** What is compared: policies, systems with their own policies, or policies with the costs of one system. */
function contenders({ policies, systems }: Settings, workload: string): readonly Pick<RunSpec, 'policy' | 'system'>[] {
  if (!systems) return (policies ?? DEFAULTS.policies).map((policy) => ({ policy }));
  const read = systems.map(readSystem);
  if (!policies) {
    return read.map((system) => ({ policy: policyOf(system, workload), system: nameAndCosts(system) }));
  }
  const [only] = read;
  if (read.length > 1) {
    throw new InputError(
      `expected one system whose costs the policies have, found ${read.length} (${systems.join(', ')}): leave out the policies, or all systems but one`,
    );
  }
  return policies.map((policy) => ({ policy, system: nameAndCosts(only!) }));
}

function nameAndCosts({ name, costs }: System): NonNullable<RunSpec['system']> {
  return { name, costs };
}

async function readInput(
  settings: Settings,
  workers: number,
  scan: typeof scanTraceFile,
): Promise<{ workload: GeneratedWorkload | TraceWorkload; end: RunSpec['end']; name: string }> {
  const file = findWorkload(settings.workload);
  const { rateScale, requests, durationNs } = settings;
  const asked = requests !== undefined ? { requests } : durationNs !== undefined ? { durationNs } : undefined;
  if (file.kind === 'trace') {
    const trace = await scan(file.path, file.fileName);
    return {
      workload: {
        kind: 'trace',
        ...trace,
        rateScale: rateScaleOf(trace.summary, settings, workers),
      },
      end: asked ?? { requests: trace.summary.requests },
      name: file.fileName,
    };
  }
  if (rateScale !== undefined) {
    throw new InputError(`rate-scale is for traces (.csv, .csv.gz): ${file.fileName} takes load or rate`);
  }
  const workload = readWorkload(file);
  const oneCycleNs = cycleNs(workload);
  return {
    workload: {
      kind: 'generated',
      source: workload.source,
      offer: offerOf(settings, workers) ?? { load: DEFAULTS.load, workers },
    },
    end:
      asked ?? (oneCycleNs < Number.POSITIVE_INFINITY ? { durationNs: oneCycleNs } : { requests: DEFAULTS.requests }),
    name: workload.name,
  };
}

function offerOf({ load, rateRps }: Pick<Settings, 'load' | 'rateRps'>, workers: number): Offer | undefined {
  if (rateRps !== undefined) return { rateRps };
  return load !== undefined ? { load, workers } : undefined;
}

/**
 * How much faster a trace is to be played; as it is when nothing is asked for.
 *
 * @throws InputError when it has no rate that could be changed
 */
export function rateScaleOf(
  summary: TraceSummary,
  settings: Pick<Settings, 'load' | 'rateRps' | 'rateScale'>,
  workers: number,
): number {
  const offer = offerOf(settings, workers);
  return offer ? asInput(() => traceRateScale(summary, offer)) : (settings.rateScale ?? 1);
}

/**
 * Refuses a run that could not begin. Makes the scheduler and the trace of requests once, for their complaints only.
 *
 * @throws InputError
 */
export function checkSpec(spec: RunSpec, workload: OpenWorkload = openWorkload(spec)): void {
  checkSlices(spec.sliceNs, workload);
  const chosen = parsePolicy(spec.policy);
  if (usesFlows(chosen) && !workload.hasFlows) {
    throw missingFlows(spec.policy);
  }
  checkSystem(spec, chosen);
  chosen.policy.create(
    {
      workers: spec.workers,
      types: workload.types,
      world: NOWHERE,
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

export function missingFlows(policy: string): InputError {
  return new InputError(
    `${policy}: needs the flow of each request, but the trace has no column 'flow': use steering=random or round-robin`,
  );
}

function checkSystem({ policy: text, system }: RunSpec, chosen: ChosenPolicy): void {
  const { policy, parameters } = chosen;
  if (!system) return;
  if (policy.sharing) {
    throw new InputError(`${text}: serves all requests at once, which no system can: leave out system ${system.name}`);
  }
  const isStated = parameters.costNs !== defaultParameters(policy).costNs;
  if (isStated && replacesPolicyCost(system.costs, chosen)) {
    throw new InputError(`${text}: what that costs is for system ${system.name} to say: leave out cost`);
  }
}

const NOWHERE: World = {
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

/**
 * What travels through a queue: planned points to workers, finished points back. Anyone who can write to the queue can
 * send anything, so both ends check all of it: a job against the schema and the rules of planning, an answer against
 * the schema and the plan.
 */

import { gunzipSync, gzipSync } from 'node:zlib';
import { z } from 'zod';
import type { TraceFile } from '../../files/trace-file.js';
import { namingFault } from '../../policy-files/policy-faults.js';
import type { Point } from '../../results/point.js';
import { keySchema, pointSchema } from '../../results/point-schema.js';
import { STATISTIC_NAMED, type Statistic } from '../../results/result.js';
import { type Read, readAs } from '../../results/result-schema.js';
import { isPolicyFile } from '../../scheduler/policy-registry.js';
import { CONSTANTS, VARYING } from '../../sim/costs.js';
import { InputError } from '../../units/errors.js';
import { typeNames } from '../../units/unknown.js';
import { packageVersion } from '../package-info.js';
import { checkRun } from '../plan/check-run.js';
import { MOST_REPLICATIONS, MOST_TEXT_BYTES, MOST_WORKERS } from '../plan/limits.js';
import { openWorkload } from '../plan/open-workload.js';
import { receiveSpec } from '../plan/run-spec.js';
import { innerPath } from './kept-sources.js';
import { type PlannedPoint, pointKey } from './planned-point.js';

/** What a job returns: the point as compressed JSON. */
export interface JobAnswer {
  readonly gzip: string;
}

const MOST_REQUESTS = 1e12;
/** Above this, times are no longer exact nanoseconds. */
const MOST_NS = Number.MAX_SAFE_INTEGER;
/** Pairs of a measured spread. */
const MOST_PAIRS = 10_000;

/** Text that goes onto one line of a terminal. */
const line = z
  .string()
  .max(10_000)
  .regex(/^\P{Cc}*$/u, 'expected text without control characters');
/** The code of a policy from a file. Its policy is then looked up in it, and no file is read. */
const code = z.strictObject({
  file: line,
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  text: z.string().max(MOST_TEXT_BYTES),
});
const workers = z.int().min(1).max(MOST_WORKERS);
const time = z.number().min(0).max(MOST_NS);
const above0 = z.number().positive().max(1e15);
const replications = z.int().min(1).max(MOST_REPLICATIONS);

const generated = z.strictObject({
  kind: z.literal('generated', 'expected a workload file: workers read no traces'),
  source: z.strictObject({
    text: z.string().max(MOST_TEXT_BYTES),
    fileName: line,
    files: z.record(line, z.string().max(MOST_TEXT_BYTES)),
  }),
  offer: z.union([z.strictObject({ load: above0, workers }), z.strictObject({ rateRps: above0 })]),
});

/** A trace that the folder of a sweep keeps. */
const keptTrace = z.strictObject({
  kind: z.literal('trace'),
  file: innerPath,
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  rateScale: above0,
});

const quantiles = z
  .array(z.tuple([z.number().min(0).max(1), time]))
  .min(2)
  .max(MOST_PAIRS);

const costs = z.strictObject({
  ...Object.fromEntries(CONSTANTS.map(({ field, absent }) => [field, absent ? time.optional() : time])),
  dispatchNsUnder: z.record(line, time).optional(),
  dispatcherQueues: z.literal(true).optional(),
  spread: z.strictObject(Object.fromEntries(VARYING.map((field) => [field, quantiles.optional()]))).optional(),
});

/** Unknown fields are refused: `record`, say, would make a worker write a file. */
const fields = {
  key: keySchema,
  command: line,
  spec: {
    policy: line,
    code: code.optional(),
    system: z.strictObject({ name: line, costs }).optional(),
    workers,
    seed: line,
    replication: z.int().min(0).max(MOST_REPLICATIONS),
    warmup: z.union([
      z.literal('find'),
      z.number().min(0).lt(1),
      z.strictObject({ share: z.number().min(0).lt(1), settled: z.boolean() }),
    ]),
    end: z.union([
      z.strictObject({ requests: z.int().min(1).max(MOST_REQUESTS) }),
      z.strictObject({ durationNs: time.positive() }),
    ]),
    sliceNs: time.min(1).optional(),
    unclassified: z.number().min(0).max(1).optional(),
  },
  replications: z.strictObject({
    first: replications,
    precision: z
      .strictObject({
        relative: z.number().positive().max(1),
        statistic: z.enum(Object.values(STATISTIC_NAMED) as [Statistic, ...Statistic[]]),
        type: line.optional(),
      })
      .optional(),
    most: replications.optional(),
  }),
};
const plannedWith = <T extends z.ZodType>(workload: T) =>
  z.strictObject({ ...fields, spec: z.strictObject({ ...fields.spec, workload }) });
const jobSchema = plannedWith(generated);
const tracePlanSchema = plannedWith(keptTrace);

/**
 * The file whose code a job carries; undefined for a job with a policy of psp's own. Nothing of it has been checked.
 */
export function codeCarried(data: unknown): string | undefined {
  const read = z.object({ spec: z.object({ code }) }).safeParse(data);
  return read.success ? read.data.spec.code.file : undefined;
}

/**
 * The point that a worker was given. Runs the code that it carries: see {@link codeCarried}.
 *
 * @param id of its job
 * @throws InputError when this psp could not have planned it
 */
export function readJob(data: unknown, id: string | undefined): PlannedPoint {
  const read = readAs(jobSchema, data);
  if ('wrong' in read) throw new InputError(`the job is not a point of a sweep: ${read.wrong}`);
  // What JSON has no word for, the schema has as undefined: an optional cost.
  return checkPlanned(read.value as unknown as PlannedPoint, id);
}

/**
 * The same for the plan of a point in the folder of a sweep, whose workload may be a trace that the folder keeps.
 *
 * @param scan reads the trace, by its path in the folder
 * @throws InputError
 */
export async function readKeptPlan(
  data: unknown,
  key: string,
  scan: (file: string) => Promise<TraceFile>,
): Promise<PlannedPoint> {
  const isTrace = z.object({ spec: z.object({ workload: z.object({ kind: z.literal('trace') }) }) });
  if (!isTrace.safeParse(data).success) return readJob(data, key);
  const read = readAs(tracePlanSchema, data);
  if ('wrong' in read) throw new InputError(`the plan is not of a point of a sweep: ${read.wrong}`);
  const { spec, ...rest } = read.value;
  const { kind, file, sha256, rateScale } = spec.workload;
  const trace = await scan(file);
  if (trace.sha256 !== sha256) throw new InputError(`${file}: expected SHA-256 ${sha256}, found ${trace.sha256}`);
  const workload = { kind, ...trace, rateScale };
  return checkPlanned({ ...rest, spec: { ...spec, workload } } as unknown as PlannedPoint, key);
}

/** Refuses what this psp could not have planned. */
function checkPlanned(planned: PlannedPoint, id: string | undefined): PlannedPoint {
  const { spec } = planned;
  if (!spec.code && isPolicyFile(spec.policy)) {
    throw new InputError('the job is not a point of a sweep: spec.policy: expected the code of the file, found none');
  }
  const received = receiveSpec(spec);
  namingFault(() => checkRun(received, openWorkload(received)));
  const key = pointKey(planned.spec, planned.replications);
  if (key === id && key === planned.key) return planned;
  throw new InputError(
    `a worker of psp ${packageVersion()} takes it for another point (${key}): expected all machines to run the ` +
      'same version',
  );
}

/** Bytes of an answer as it lies in the queue. */
export const MOST_ANSWER_BYTES = 64 << 20;
/** The same unzipped. */
const MOST_POINT_BYTES = 256 << 20;

export function packPoint(point: Point): JobAnswer {
  return { gzip: gzipSync(JSON.stringify(point)).toString('base64') };
}

/**
 * The point that a worker has sent, if it is the one that was planned.
 *
 * @param answer what the queue has kept of it: JSON of {@link JobAnswer}
 */
export function unpackPoint(answer: string, planned: PlannedPoint): Read<Point> {
  let data: unknown;
  try {
    const { gzip } = z.object({ gzip: z.string() }).parse(JSON.parse(answer));
    const json = gunzipSync(Buffer.from(gzip, 'base64'), { maxOutputLength: MOST_POINT_BYTES });
    data = JSON.parse(json.toString('utf8'));
  } catch {
    return { wrong: `expected a point as gzip of JSON, at most ${MOST_POINT_BYTES} bytes` };
  }
  const read = readAs(pointSchema, data);
  if ('wrong' in read) return read;
  const wrong = differenceFrom(planned, read.value);
  // People copy commands, so the point keeps the planned one, not that of the answer.
  return wrong === undefined ? { value: { ...read.value, command: planned.command } } : { wrong };
}

/** How a point differs from what was planned; its numbers cannot be checked. */
function differenceFrom({ key, spec, replications }: PlannedPoint, point: Point): string | undefined {
  const { result } = point;
  const run = receiveSpec(spec);
  const opened = openWorkload(run);
  const expected: readonly (readonly [field: string, planned: unknown, found: unknown])[] = [
    ['key', key, point.key],
    ['world', 'sim', result.world],
    ['policy', run.policy.policy.name, result.policy],
    ['system', spec.system?.name, result.system],
    ['workload', opened.name, result.workload],
    ['types', typeNames(opened).join(), result.types.map(({ name }) => name).join()],
    ['workers', spec.workers, result.workers],
    ['seed', spec.seed, result.seed],
    ['enough replications', true, result.replications >= 1],
    ['few enough replications', true, result.replications <= (replications.most ?? replications.first)],
  ];
  const other = expected.find(([, planned, found]) => planned !== found);
  return other && `${other[0]}: expected ${other[1]}, found ${String(other[2]).slice(0, 100)}`;
}

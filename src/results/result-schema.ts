/** The shape of psp.result/1, checked wherever psp reads a result again: from a file, a folder or a queue. */

import { z } from 'zod';
import { OUTCOMES } from './outcome-schema.js';
import { PERCENTILES, type Result, type Statistic } from './result.js';

const count = z.int().min(0);
const amount = z.number().min(0);
/** NaN is null in JSON: a share of a window in which nothing happened. */
const maybe = z
  .number()
  .nullable()
  .transform((value) => value ?? Number.NaN);
const name = z.string().max(1000);
const interval = z.tuple([amount.nullable(), amount.nullable()]);

const STATISTICS = ['mean', ...Object.keys(PERCENTILES)] as Statistic[];

function ofEach<T extends z.ZodType>(type: T): Record<Statistic, T> {
  return Object.fromEntries(STATISTICS.map((statistic) => [statistic, type])) as Record<Statistic, T>;
}

/** Results from before there was a p95 do not have it. */
function sinceP95<T extends z.ZodType>(type: T) {
  return { p95: z.union([type, z.undefined().transform(() => null)]) };
}

const distribution = z.looseObject({
  ...ofEach(amount.nullable()),
  ...sinceP95(amount.nullable()),
  min: amount.nullable(),
  max: amount.nullable(),
  count,
  ci95: z.looseObject({ ...ofEach(interval.nullable()), ...sinceP95(interval.nullable()) }),
  replications: z.int().min(1),
});

const measured = { name, slowdown: distribution, sojournNs: distribution };

const reservation = z.looseObject({
  atNs: z.number(),
  groups: z.array(z.looseObject({ types: z.array(name), workers: z.array(count) })),
});

const overall = z.looseObject({ slowdown: distribution, sojournNs: distribution });

const parameters = z.record(name, z.union([z.number(), z.string(), z.boolean(), z.null()]));

const manifest = z.looseObject({
  version: name,
  commit: name.nullable(),
  node: name,
  cpu: name,
  configHash: name,
  policyCode: z.looseObject({ sha256: name, file: name.exactOptional() }).exactOptional(),
  costs: z
    .record(
      name,
      z
        .number()
        .nullable()
        .transform((value) => value ?? Number.NaN),
    )
    .exactOptional(),
  notes: z.array(z.string()).exactOptional(),
  startedAt: name,
  wallSeconds: z.number(),
});

/** Fields that it does not name are kept: a hardware result has more, and so has one of a newer psp. */
export const resultSchema = z.looseObject({
  schema: z.literal('psp.result/1'),
  world: z.enum(['sim', 'hw']),
  policy: name,
  policyParameters: parameters,
  policyDefaults: parameters.exactOptional(),
  system: name.exactOptional(),
  dispatcherUtilisation: maybe.exactOptional(),
  dispatcherServed: maybe.exactOptional(),
  parked: maybe.exactOptional(),
  workload: name,
  workers: z.int().min(1),
  load: amount.nullable(),
  offeredRps: amount.nullable(),
  achievedRps: maybe,
  seed: name,
  warmup: z.number().min(0).max(1),
  warmupRequests: count,
  warmupRule: z.enum(['given', 'found', 'unsettled']),
  outcome: z.enum(OUTCOMES),
  reason: z.string().exactOptional(),
  unstable: z.boolean(),
  replications: z.int().min(1),
  grew: count.exactOptional(),
  precision: z
    .looseObject({
      statistic: z.enum(STATISTICS),
      type: name.exactOptional(),
      wanted: z.number(),
      reached: z.number().nullable(),
    })
    .exactOptional(),
  requests: count,
  completed: count,
  dropped: count,
  droppedMeasured: count,
  dropReasons: z.record(name, count),
  inFlight: count,
  interrupted: z.boolean(),
  durationNs: amount,
  digest: name,
  utilisation: maybe,
  overhead: maybe,
  preemptions: count,
  steals: count,
  reservations: z.array(reservation),
  reservationsLeftOut: count,
  overall,
  types: z
    .array(
      z.looseObject({
        ...measured,
        arrived: count,
        completed: count,
        dropped: count,
        droppedMeasured: count,
        serviceNs: distribution,
      }),
    )
    .min(1),
  slices: z
    .array(
      z.looseObject({
        fromNs: amount,
        toNs: amount,
        overall: overall.exactOptional(),
        types: z.array(z.looseObject(measured)),
      }),
    )
    .exactOptional(),
  manifest,
}) satisfies z.ZodType<Result>;

/** Something read that is not what psp writes: where, what was expected and what was found. */
export type Read<T> = { readonly value: T } | { readonly wrong: string };

/** Checks data of any origin against a schema. */
export function readAs<T>(schema: z.ZodType<T>, data: unknown): Read<T> {
  const read = schema.safeParse(data);
  if (read.success) return { value: read.data };
  const { path, message } = read.error.issues[0]!;
  const place = path.map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`)).join('');
  return { wrong: `${place.slice(place.startsWith('.') ? 1 : 0) || 'the whole'}: ${plain(message)}` };
}

/** `Invalid input: expected number, received undefined` in the words of psp. */
function plain(message: string): string {
  return message
    .replace(/^Invalid (?:input|option): /, '')
    .replace(/^Invalid input$/, 'expected another kind of value')
    .replace(', received undefined', ', found nothing')
    .replace(', received ', ', found ');
}

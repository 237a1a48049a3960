/** The shapes of psp.point/1 and psp.failure/1, checked wherever they are read: from a folder or from a queue. */

import { z } from 'zod';
import type { FailedPoint, Point } from './point.js';
import { resultSchema } from './result-schema.js';

/** A key names files, so it is a word and leads nowhere else. */
export const keySchema = z.string().regex(/^\w{1,64}$/, 'expected a key of letters and digits');
const text = z.string().max(100_000);

const curve = z.array(z.tuple([z.number(), z.number()])).max(10_000);
const curves = { slowdown: curve, sojournNs: curve };

export const pointSchema = z.object({
  schema: z.literal('psp.point/1'),
  key: keySchema,
  command: text,
  result: resultSchema,
  tails: z.object({ types: z.array(z.object({ name: text, ...curves })), overall: z.object(curves) }).exactOptional(),
}) satisfies z.ZodType<Point>;

export const failureSchema = z.object({
  schema: z.literal('psp.failure/1'),
  key: keySchema,
  command: text,
  label: text,
  workers: z.int(),
  seed: text,
  version: text,
  error: text,
}) satisfies z.ZodType<FailedPoint>;

/** The queue of points on Redis or Valkey, as coordinator and workers know it. */

import { gunzipSync, gzipSync } from 'node:zlib';
import { Redis } from 'ioredis';
import { EnvironmentError } from '../../units/errors.js';
import type { PlannedPoint, Point } from './point.js';
import { shownUrl } from './redis-url.js';

/** Keys in Redis begin with `psp:points:`. */
export const QUEUE = 'points';
export const PREFIX = 'psp';

/** What a job is given: a planned point as JSON, which has all a run needs. */
export type JobData = PlannedPoint;

/** What a job answers: the point as compressed JSON. */
export interface JobAnswer {
  readonly gzip: string;
}

export function packPoint(point: Point): JobAnswer {
  return { gzip: gzipSync(JSON.stringify(point)).toString('base64') };
}

export function unpackPoint({ gzip }: JobAnswer): Point {
  return JSON.parse(gunzipSync(Buffer.from(gzip, 'base64')).toString('utf8')) as Point;
}

const MOST_RETRY_MS = 1000;

/**
 * Connects. A connection that is lost later is made again, and what was asked meanwhile is asked then.
 *
 * @param onNote told when the connection is lost and when it is back
 * @throws EnvironmentError when nobody answers
 */
export async function connect(url: string, onNote: (message: string) => void): Promise<Redis> {
  const client = new Redis(url, {
    lazyConnect: true,
    maxRetriesPerRequest: null,
    retryStrategy: (times) => Math.min(100 * times, MOST_RETRY_MS),
  });
  let reason = '';
  client.on('error', ({ message }: Error) => {
    reason = message;
  });
  try {
    await client.connect();
  } catch (error) {
    client.disconnect();
    throw new EnvironmentError(`${shownUrl(url)}: cannot be reached: ${reason || (error as Error).message}`);
  }
  let lost = false;
  client.on('reconnecting', () => {
    if (!lost) onNote(`${shownUrl(url)}: lost; trying again`);
    lost = true;
  });
  client.on('ready', () => {
    if (lost) onNote(`${shownUrl(url)}: back`);
    lost = false;
  });
  return client;
}

/** The connection to the queue of points on Redis or Valkey, the same for coordinator and workers. */

import { Redis } from 'ioredis';
import { EnvironmentError } from '../../units/errors.js';
import { shownUrl } from './redis-url.js';

/** Keys in Redis begin with `psp:points:`. */
export const QUEUE = 'points';
export const PREFIX = 'psp';

const MOST_RETRY_MS = 1000;

export interface Connection {
  readonly client: Redis;
  /** Ends it for good, and those that BullMQ has made after its pattern. */
  end(): void;
}

/**
 * Connects. A connection that is lost later is made again; commands given meanwhile wait for it.
 *
 * @param onNote told when the connection is lost and when it is back
 * @throws EnvironmentError when nobody answers, or there is no such database
 */
export async function connect(url: string, onNote: (message: string) => void): Promise<Connection> {
  let ended = false;
  const client = new Redis(url, {
    lazyConnect: true,
    maxRetriesPerRequest: null,
    // BullMQ copies this for connections of its own.
    retryStrategy: (times) => (ended ? null : Math.min(100 * times, MOST_RETRY_MS)),
  });
  const end = () => {
    ended = true;
    client.disconnect();
  };
  let reason = '';
  client.on('error', ({ message }: Error) => {
    reason = message;
  });
  try {
    await client.connect();
    // The client asks for its database by itself, and stays on database 0 when there is no such one.
    await client.select(client.options.db ?? 0);
  } catch (error) {
    end();
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
  return { client, end };
}

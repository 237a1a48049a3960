/**
 * Server and load generator as two processes joined by a memif device: the real path without a NIC, root or huge pages.
 */

import { join } from 'node:path';
import type { ServerCounts } from '../../results/server-schema.js';
import { receiveError } from '../../units/errors.js';
import type { LoadCounts } from '../native/native.js';
import { makeRunFolder, removeRunFolder } from '../native/run-folder.js';
import type { ChildMessage, ClientOrder, ServerOrder } from './child-messages.js';
import { Child } from './child-process.js';

export interface LoopbackOrders {
  /** Both get the memif device of this run. */
  server(socket: string): ServerOrder;
  client(socket: string): ClientOrder;
}

export interface LoopbackLive {
  readonly client?: LoadCounts;
  readonly p99Slowdown?: number;
  readonly server?: ServerCounts;
  readonly reservedWorkers?: readonly number[];
}

export interface LoopbackOptions {
  /** Aborting ends the run in order, with the result so far. */
  readonly signal?: AbortSignal | undefined;
  readonly onLive?: ((live: LoopbackLive) => void) | undefined;
  /** Called when both run, with the processes' ids; for tests that kill them. */
  readonly onStarted?: ((processes: { server: number; client: number }) => void) | undefined;
}

export interface LoopbackResult {
  readonly client: ChildMessage<'clientDone'>;
  /** Absent when the server died. */
  readonly server?: ChildMessage<'serverDone'>;
  /** Why the server ended early. */
  readonly failure?: Error;
}

/** On a busy machine a server takes long to start. If it fails, nobody waits for it any more. */
const START_LIMIT_NS = 150e9;

/**
 * Runs both to the end. Leaves no process and no file behind.
 *
 * @throws EnvironmentError when either cannot start, or the client dies
 */
export async function runLoopback(orders: LoopbackOrders, options: LoopbackOptions = {}): Promise<LoopbackResult> {
  const folder = makeRunFolder();
  const socket = join(folder, 'memif.sock');
  const server = new Child('server');
  const client = new Child('load generator');
  const stopClient = (): void => client.send({ kind: 'stop' });
  if (options.signal?.aborted) stopClient();
  options.signal?.addEventListener('abort', stopClient, { once: true });
  try {
    server.send({ kind: 'server', order: { ...orders.server(socket), folder } });
    // It makes its trace while the server starts, and then waits for it.
    const order = orders.client(socket);
    client.send({
      kind: 'client',
      order: { ...order, folder, config: { ...order.config, connectNs: START_LIMIT_NS } },
    });
    await server.next('serverReady');
    await client.next('clientStarted');
    options.onStarted?.({ server: server.pid, client: client.pid });
    let live: LoopbackLive = {};
    const show = (more: LoopbackLive): void => {
      live = { ...live, ...more };
      options.onLive?.(live);
    };
    client.on('clientLive', ({ counts, p99Slowdown }) => show({ client: counts, p99Slowdown }));
    server.on('serverLive', ({ counts, reservedWorkers }) => {
      show({ server: counts, ...(reservedWorkers && { reservedWorkers }) });
    });
    const played = await client.next('clientDone');
    server.send({ kind: 'stop' });
    // A killed server sends no counts; the client's counts are still good.
    let failure: Error | undefined;
    const served = await server.next('serverDone').catch((error: Error) => {
      failure = error;
    });
    failure ??= served?.failure && receiveError(served.failure);
    return { client: played, ...(served && { server: served }), ...(failure && { failure }) };
  } finally {
    options.signal?.removeEventListener('abort', stopClient);
    await Promise.all([client.end(), server.end()]);
    removeRunFolder(folder);
  }
}

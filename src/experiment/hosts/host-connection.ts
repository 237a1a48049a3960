/** A connection from the orchestrator to the end of a run on a host, over the system's own ssh. */

import { setTimeout as sleep } from 'node:timers/promises';
import { EnvironmentError, InputError, receiveError } from '../../units/errors.js';
import { packageVersion } from '../package-info.js';
import { type FromHost, type HostMessage, type HostOrder, messageOfHost, type ToHost } from './host-messages.js';
import type { Host } from './hosts-file.js';
import { commandThere, startSsh } from './on-host.js';

/** What a host is told is said every so often, so that it knows that its orchestrator lives. */
const ALIVE_EVERY_MS = 1000;
/** A host that was told to end has ended after this time, or its connection is cut. */
const CLOSE_LIMIT_MS = 8000;
/** ssh gives up on a host after 10 s; Node starts in a second, on a busy machine in several. */
const GREETING_LIMIT_MS = 30_000;
/** The quickest of so many exchanges says best how far the clocks are apart. */
const PINGS = 5;
/** Bytes of a file in a message. */
const FILE_BYTES = 1 << 18;
const LAST_WORDS = 3;

/** Called with everything that a host says and does, a line each. */
export type HostLog = (host: Host, line: string) => void;

export interface HostConnection {
  readonly host: Host;
  /** Rejects when the end fails or its connection breaks; never resolves. */
  readonly failed: Promise<never>;
  send(message: ToHost): void;
  /** Sends an order, with the file that belongs to it, and begins. */
  begin(order: HostOrder, file?: Uint8Array): Promise<void>;
  /** Waits for a message. @throws EnvironmentError when it does not come in time, or the end fails */
  next<K extends FromHost['kind']>(kind: K, limitMs: number): Promise<HostMessage<K>>;
  /** Listens to all messages of a kind, which nobody waits for then. */
  on<K extends FromHost['kind']>(kind: K, listener: (message: HostMessage<K>) => void): void;
  /** Ends what runs there and waits until it has. */
  close(): Promise<void>;
}

/** Connects to a host and starts the end there. */
export function connectHost(host: Host, log: HostLog = () => {}): HostConnection {
  const ssh = startSsh(host, commandThere(host, ['node', 'dist/bin/main.js', 'testbed', 'end']));
  const arrived: FromHost[] = [];
  const waiting = new Map<string, (message: FromHost) => void>();
  const listeners = new Map<string, (message: FromHost) => void>();
  const lastWords: string[] = [];
  let fail = (_: Error): void => {};
  const failed = new Promise<never>((_, reject) => {
    fail = reject;
  });
  failed.catch(() => {});
  const take = (message: FromHost): void => {
    if (message.kind !== 'records' && message.kind !== 'pong') log(host, `[${message.kind}]`);
    if (message.kind === 'failed') {
      log(host, message.error.message);
      fail(ofHost(host, receiveError(message.error)));
      return;
    }
    const listener = listeners.get(message.kind);
    const waiter = waiting.get(message.kind);
    waiting.delete(message.kind);
    if (listener) listener(message);
    else if (waiter) waiter(message);
    else arrived.push(message);
  };
  const hear = (line: string): void => {
    if (line.trim() === '') return;
    log(host, line);
    lastWords.push(line);
    lastWords.splice(0, lastWords.length - LAST_WORDS);
  };
  ssh.onLine('stdout', (line) => {
    const message = messageOfHost(line);
    if (message) take(message);
    else hear(line);
  });
  ssh.onLine('stderr', hear);
  const alive = setInterval(() => send({ kind: 'alive' }), ALIVE_EVERY_MS);
  const ended = ssh.ended.then((end) => {
    clearInterval(alive);
    log(host, `[${end}]`);
    fail(new EnvironmentError(`${host.name}: ${[end, ...lastWords].join(': ')}`));
  });
  const send = (message: ToHost): void => ssh.write(`${JSON.stringify(message)}\n`);

  return {
    host,
    failed,
    send,
    async begin(order, file) {
      send({ kind: 'order', order });
      for (let at = 0; file && at < file.length; at += FILE_BYTES) {
        const part = file.subarray(at, at + FILE_BYTES);
        await ssh.drained();
        send({ kind: 'file', base64: Buffer.from(part).toString('base64') });
      }
      send({ kind: 'go' });
    },
    next<K extends FromHost['kind']>(kind: K, limitMs: number): Promise<HostMessage<K>> {
      const index = arrived.findIndex((message) => message.kind === kind);
      if (index >= 0) return Promise.resolve(arrived.splice(index, 1)[0] as HostMessage<K>);
      const waited = new Promise<FromHost>((resolve) => waiting.set(kind, resolve));
      const late = `${host.name}: expected '${kind}' within ${Math.round(limitMs / 1000)} s, found silence`;
      return inTime(Promise.race([waited, failed]), limitMs, late) as Promise<HostMessage<K>>;
    },
    on: (kind, listener) => void listeners.set(kind, listener as (message: FromHost) => void),
    async close() {
      ssh.endInput();
      await inTime(ended, CLOSE_LIMIT_MS, 'too long').catch(() => ssh.kill());
      await ended;
    },
  };
}

/** Rejects with an EnvironmentError when a promise takes too long. */
async function inTime<T>(promise: Promise<T>, limitMs: number, late: string): Promise<T> {
  const waiting = new AbortController();
  const { signal } = waiting;
  const limit = sleep(limitMs, undefined, { signal }).then(() => {
    throw new EnvironmentError(late);
  });
  limit.catch(() => {});
  try {
    return await Promise.race([promise, limit]);
  } finally {
    waiting.abort();
  }
}

/** What a host found wrong, with its name. */
function ofHost({ name }: Host, error: Error): Error {
  const message = `${name}: ${error.message}`;
  return error instanceof InputError ? new InputError(message, error.inRun) : new EnvironmentError(message);
}

/**
 * Waits for a host to answer.
 *
 * @throws EnvironmentError when psp there is of another version than here
 */
export async function greet(connection: HostConnection): Promise<HostMessage<'hello'>> {
  const hello = await connection.next('hello', GREETING_LIMIT_MS);
  if (hello.version !== packageVersion()) {
    throw new EnvironmentError(
      `${connection.host.name}: psp ${hello.version}: expected ${packageVersion()}, as here; ` +
        'psp testbed push updates it',
    );
  }
  return hello;
}

/** How far the clock of a host is ahead of the one here, ms. */
export async function clockAheadMs({ send, next }: HostConnection): Promise<number> {
  let best = { tookMs: Number.POSITIVE_INFINITY, aheadMs: 0 };
  for (let i = 0; i < PINGS; i++) {
    const sentMs = performance.now();
    const sentAt = Date.now();
    send({ kind: 'ping' });
    const { nowMs } = await next('pong', GREETING_LIMIT_MS);
    const tookMs = performance.now() - sentMs;
    if (tookMs < best.tookMs) best = { tookMs, aheadMs: nowMs - sentAt - tookMs / 2 };
  }
  return best.aheadMs;
}

/** Server and load generator as two processes on this machine, joined by a memif device: the real path without a NIC, root or huge pages. */
import { type ChildProcess, fork } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ClientOrder, FromChild, ServerOrder, ToChild } from './child-messages.js';
import type { ServerCounts } from './counts.js';
import { entryPoint, type LoadCounts } from './native.js';
import { StartupError } from './startup-error.js';

type Message<K extends FromChild['kind']> = Extract<FromChild, { kind: K }>;

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
  /** Told when both run, with the processes' ids; for tests that kill them. */
  readonly onStarted?: ((processes: { server: number; client: number }) => void) | undefined;
}

export interface LoopbackResult {
  readonly client: Message<'clientDone'>;
  /** Absent when the server died. */
  readonly server?: Message<'serverDone'>;
}

/** A process that was told to end has this long before it is killed. */
const END_LIMIT_MS = 8000;

/**
 * Runs both to the end. Never leaves a process or a file behind.
 *
 * @throws StartupError when either cannot start; Error when the client dies in mid-run
 */
export async function runLoopback(orders: LoopbackOrders, options: LoopbackOptions = {}): Promise<LoopbackResult> {
  const folder = await mkdtemp(join(tmpdir(), 'psp-'));
  const socket = join(folder, 'memif.sock');
  const server = new Child('server');
  const client = new Child('load generator');
  const stopClient = (): void => client.send({ kind: 'stop' });
  try {
    server.send({ kind: 'server', order: orders.server(socket) });
    await server.next('serverReady');
    client.send({ kind: 'client', order: orders.client(socket) });
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
    if (options.signal?.aborted) stopClient();
    options.signal?.addEventListener('abort', stopClient, { once: true });

    const played = await client.next('clientDone');
    server.send({ kind: 'stop' });
    // A server that was killed has no counts to give; the client's own still stand.
    const served = await server.next('serverDone').catch(() => undefined);
    return { client: played, ...(served && { server: served }) };
  } finally {
    options.signal?.removeEventListener('abort', stopClient);
    await Promise.all([client.end(), server.end()]);
    await rm(folder, { recursive: true, force: true });
  }
}

/** A child process and the messages it has sent. */
class Child {
  private readonly process: ChildProcess;
  private readonly exited: Promise<void>;
  private readonly arrived: FromChild[] = [];
  private readonly waiting: { kind: string; resolve(message: FromChild): void; reject(error: Error): void }[] = [];
  private readonly listeners = new Map<string, (message: FromChild) => void>();
  private over: Error | undefined;
  private readonly lastWords: string[] = [];

  constructor(private readonly role: string) {
    this.process = fork(entryPoint('child'), [], {
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      execArgv: [],
    });
    this.process.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.lastWords.push(...text.split('\n').filter((line) => line.trim() !== ''));
      this.lastWords.splice(0, this.lastWords.length - 5);
    });
    this.process.on('message', (message: FromChild) => this.take(message));
    this.exited = new Promise((resolve) => {
      this.process.once('exit', (code, signal) => {
        this.fail(
          new StartupError(`the ${this.role} ended unexpectedly (${signal ?? `exit code ${code}`})${this.said()}`),
        );
        resolve();
      });
    });
    this.process.once('error', (error) => this.fail(error));
  }

  get pid(): number {
    return this.process.pid!;
  }

  send(message: ToChild): void {
    if (this.process.connected) this.process.send(message);
  }

  on<K extends FromChild['kind']>(kind: K, listener: (message: Message<K>) => void): void {
    this.listeners.set(kind, listener as (message: FromChild) => void);
  }

  next<K extends FromChild['kind']>(kind: K): Promise<Message<K>> {
    const index = this.arrived.findIndex((message) => message.kind === kind);
    if (index >= 0) return Promise.resolve(this.arrived.splice(index, 1)[0] as Message<K>);
    if (this.over) return Promise.reject(this.over);
    return new Promise((resolve, reject) => {
      this.waiting.push({ kind, resolve: resolve as (message: FromChild) => void, reject });
    });
  }

  /** Waits for its end, and makes it. */
  async end(): Promise<void> {
    this.send({ kind: 'stop' });
    const kill = setTimeout(() => this.process.kill('SIGKILL'), END_LIMIT_MS);
    if (this.process.exitCode === null && this.process.signalCode === null) await this.exited;
    clearTimeout(kill);
  }

  private take(message: FromChild): void {
    if (message.kind === 'failed') {
      const error = message.name === 'StartupError' ? new StartupError(message.message) : new Error(message.message);
      this.fail(error);
      return;
    }
    const listener = this.listeners.get(message.kind);
    if (listener) listener(message);
    const index = this.waiting.findIndex((waiter) => waiter.kind === message.kind);
    if (index >= 0) this.waiting.splice(index, 1)[0]!.resolve(message);
    else if (!listener && !message.kind.endsWith('Live')) this.arrived.push(message);
  }

  private fail(error: Error): void {
    this.over ??= error;
    for (const waiter of this.waiting.splice(0)) waiter.reject(this.over);
  }

  private said(): string {
    const last = this.lastWords.at(-1);
    return last === undefined ? '' : `: ${last}`;
  }
}

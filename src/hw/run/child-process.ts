/** A server or load generator in a process of its own, from its parent's side. */

import { type ChildProcess, fork } from 'node:child_process';
import { entryPoint } from '../../files/entry-point.js';
import { EnvironmentError, receiveError } from '../../units/errors.js';
import type { ChildMessage, FromChild, ToChild } from './child-messages.js';

/** A process that was told to end is killed after this time. */
const END_LIMIT_MS = 8000;

export class Child {
  private readonly process: ChildProcess;
  private readonly exited: Promise<void>;
  private readonly arrived: FromChild[] = [];
  private readonly waiting: { kind: string; resolve(message: FromChild): void; reject(error: Error): void }[] = [];
  private readonly listeners = new Map<string, (message: FromChild) => void>();
  private over: Error | undefined;
  private readonly lastWords: string[] = [];

  /** @param onWords called with each line that the process writes to stderr */
  constructor(
    private readonly role: string,
    onWords?: (line: string) => void,
  ) {
    this.process = fork(entryPoint('hw/run/child'), [], {
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      execArgv: [],
    });
    this.process.stderr?.setEncoding('utf8').on('data', (text: string) => {
      const lines = text.split('\n').filter((line) => line.trim() !== '');
      for (const line of lines) onWords?.(line);
      this.lastWords.push(...lines);
      this.lastWords.splice(0, this.lastWords.length - 5);
    });
    this.process.on('message', (message: FromChild) => this.take(message));
    this.exited = new Promise((resolve) => {
      this.process.once('exit', (code, signal) => {
        this.fail(
          new EnvironmentError(`the ${this.role} ended unexpectedly (${signal ?? `exit code ${code}`})${this.said()}`),
        );
        resolve();
      });
    });
    this.process.on('error', (error) => this.fail(error));
  }

  get pid(): number {
    return this.process.pid!;
  }

  /** Sends a message. A message to a process that has just ended is lost without an error: its exit says why. */
  send(message: ToChild): void {
    if (this.process.connected) this.process.send(message, () => {});
  }

  on<K extends FromChild['kind']>(kind: K, listener: (message: ChildMessage<K>) => void): void {
    this.listeners.set(kind, listener as (message: FromChild) => void);
  }

  next<K extends FromChild['kind']>(kind: K): Promise<ChildMessage<K>> {
    const index = this.arrived.findIndex((message) => message.kind === kind);
    if (index >= 0) return Promise.resolve(this.arrived.splice(index, 1)[0] as ChildMessage<K>);
    if (this.over) return Promise.reject(this.over);
    return new Promise((resolve, reject) => {
      this.waiting.push({ kind, resolve: resolve as (message: FromChild) => void, reject });
    });
  }

  /**
   * Tells the process to end, and waits until it has. It is killed after `limitMs`.
   *
   * @returns the signal that ended it
   */
  async end(limitMs = END_LIMIT_MS): Promise<NodeJS.Signals | null> {
    this.send({ kind: 'stop' });
    const kill = setTimeout(() => this.process.kill('SIGKILL'), limitMs);
    if (this.process.exitCode === null && this.process.signalCode === null) await this.exited;
    clearTimeout(kill);
    return this.process.signalCode;
  }

  private take(message: FromChild): void {
    if (message.kind === 'failed') {
      this.fail(receiveError(message.error));
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

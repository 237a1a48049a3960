/**
 * What runs on a host of a testbed while its orchestrator's connection lives: one end of a run, in a process of its
 * own. Nothing of it outlives the connection: it ends when stdin does, and when its orchestrator has been silent.
 */

import { rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { ScaledTraceFile } from '../../hw/client/planned-trace.js';
import { configOfRole, type HardwareConfig, parseHardwareConfig } from '../../hw/machine/config.js';
import { examine } from '../../hw/machine/examine.js';
import { builtNative } from '../../hw/native/native.js';
import { makeRunFolder, removeRunFolder } from '../../hw/native/run-folder.js';
import type { ChildMessage, ClientOrder, FromChild, ServerOrder, ToChild } from '../../hw/run/child-messages.js';
import { Child } from '../../hw/run/child-process.js';
import { drainNsFor, lateAfterNs } from '../../hw/run/run-pair.js';
import { receivePolicy } from '../../policy-files/load-policies.js';
import { codeIdentity, ownHashes } from '../../policy-files/policy-hashes.js';
import { EnvironmentError, InputError, sendError } from '../../units/errors.js';
import { packageVersion } from '../package-info.js';
import {
  type FromHost,
  type HostClientOrder,
  type HostOrder,
  type HostServerOrder,
  lineOfHost,
  packRecords,
  type SentConfig,
  type ToHost,
} from './host-messages.js';
import type { HostRole } from './hosts-file.js';

/** An orchestrator says something every second. After this silence its connection is gone. */
const SILENCE_MS = 4000;
const LOOK_EVERY_MS = 200;
/** How long the process may take to end in order when its orchestrator has said so, or has gone. */
const STOP_LIMIT_MS = 3500;
const GONE_LIMIT_MS = 700;
/** Rows of records in a line. */
const ROWS = 1 << 14;

/** Serves one orchestrator. Returns the exit code when the run is over. */
export async function serveOrchestrator(input: NodeJS.ReadableStream, output: NodeJS.WritableStream): Promise<number> {
  const folder = makeRunFolder();
  const tell = (message: FromHost): Promise<void> =>
    new Promise((resolve) => output.write(lineOfHost(message), () => resolve()));
  const files: Buffer[] = [];
  let order: HostOrder | undefined;
  let end: RunningEnd | undefined;
  let heardMs = Date.now();
  let isDone = false;
  let isOver = false;
  let over = (_: number): void => {};
  const done = new Promise<number>((resolve) => {
    over = resolve;
  });
  const leave = async (code: number, limitMs: number): Promise<void> => {
    if (isOver) return;
    isOver = true;
    const answer = isDone ? 0 : code;
    await end?.stop(limitMs);
    over(answer);
  };
  const fail = async (error: unknown): Promise<void> => {
    if (!isOver) await tell({ kind: 'failed', error: sendError(error) });
    await leave(1, STOP_LIMIT_MS);
  };
  const begin = (): void => {
    end = startEnd(order!, files, folder, tell);
    end.done.then(() => {
      isDone = true;
    }, fail);
  };
  const take = (message: ToHost): void => {
    if (message.kind === 'order') order = message.order;
    else if (message.kind === 'file') files.push(Buffer.from(message.base64, 'base64'));
    else if (message.kind === 'go') begin();
    else if (message.kind === 'ping') void tell({ kind: 'pong', nowMs: Date.now() });
    else if (message.kind !== 'alive') end?.tell(message);
  };
  const lines = createInterface({ input });
  lines.on('line', (line) => {
    heardMs = Date.now();
    try {
      take(JSON.parse(line) as ToHost);
    } catch (error) {
      void fail(error);
    }
  });
  lines.once('close', () => void leave(1, STOP_LIMIT_MS));
  // A connection that is gone cannot be written to either. The command's own way out would leave the process behind.
  for (const stream of [output, process.stderr]) {
    stream.removeAllListeners('error').on('error', () => void leave(1, GONE_LIMIT_MS));
  }
  const watch = setInterval(() => {
    if (Date.now() - heardMs > SILENCE_MS) void leave(1, GONE_LIMIT_MS);
  }, LOOK_EVERY_MS);
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    process.on(signal, () => void leave(1, STOP_LIMIT_MS));
  }
  await tell({ kind: 'hello', version: packageVersion(), policies: ownHashes() });
  const code = await done;
  clearInterval(watch);
  lines.close();
  removeRunFolder(folder);
  return code;
}

/** One end of a run on this machine. */
interface RunningEnd {
  /** Resolves when everything about the run was told. */
  readonly done: Promise<void>;
  tell(message: { readonly kind: 'start'; readonly atMs: number } | { readonly kind: 'stop' }): void;
  /** Ends the process, by force after `limitMs`. */
  stop(limitMs: number): Promise<void>;
}

type Tell = (message: FromHost) => Promise<void>;

function startEnd(order: HostOrder, files: readonly Buffer[], folder: string, tell: Tell): RunningEnd {
  if (order.role === 'check') {
    const checks = examine({
      addon: builtNative(),
      ...(order.config && { config: configOf(order.config, order.as) }),
    });
    return { done: tell({ kind: 'checked', checks }), tell: () => {}, stop: async () => {} };
  }
  const message: Begin =
    order.role === 'server'
      ? { kind: 'server', order: serverOrder(order, folder) }
      : { kind: 'client', order: clientOrder(order, placeOf(order, files, folder), folder) };
  const role = order.role === 'server' ? 'server' : 'load generator';
  const fork = () => new Child(role, (line) => process.stderr.write(`${line}\n`));
  let child = fork();
  let isStopped = false;
  const forkAgain = async () => {
    await child.end(GONE_LIMIT_MS);
    // Nothing begins any more once the orchestrator has gone.
    if (isStopped) throw new EnvironmentError('interrupted');
    child = fork();
    return child;
  };
  const begun = beginInFreeProcess(child, message, forkAgain);
  return {
    done: message.kind === 'client' ? play(begun, tell) : serve(begun, tell),
    tell: (message) => child.send(message),
    async stop(limitMs) {
      isStopped = true;
      const signal = await child.end(limitMs);
      const { device } = message.order.config;
      // A process that was killed leaves it.
      if (signal && device.kind === 'memif' && device.listens) rmSync(device.socket, { force: true });
    },
  };
}

type Begin = Extract<ToChild, { order: unknown }>;
type Orderable = Pick<Child, 'send' | 'next'>;

interface Begun<C extends Orderable = Child> {
  readonly child: C;
  readonly ready: FromChild;
}

/** Processes to try until one opens its device. */
const MOST_PROCESSES = 4;

/**
 * Gives a process its order, and waits until it is ready. A device of af_packet takes the number of its fanout group
 * from the number of its process; if that of another process on this machine is the same, another process is tried.
 */
export async function beginInFreeProcess<C extends Orderable>(
  first: C,
  message: Begin,
  forkAgain: () => Promise<C>,
): Promise<Begun<C>> {
  let child = first;
  for (let tried = 1; ; tried++) {
    child.send(message);
    try {
      return { child, ready: await child.next(message.kind === 'client' ? 'clientConnected' : 'serverReady') };
    } catch (error) {
      if (tried === MOST_PROCESSES || !(error as Error).message.includes('PACKET_FANOUT')) throw error;
      child = await forkAgain();
    }
  }
}

async function serve(begun: Promise<Begun>, tell: Tell): Promise<void> {
  const { child, ready } = await begun;
  const { mac, net } = ready as ChildMessage<'serverReady'>;
  await tell({ kind: 'ready', mac, net });
  const { counts, reservations, watched, failure } = await child.next('serverDone');
  await tell({ kind: 'serverDone', counts, reservations, ...(watched && { watched }), ...(failure && { failure }) });
}

async function play(begun: Promise<Begun>, tell: Tell): Promise<void> {
  const { child, ready } = await begun;
  await tell({ kind: 'connected', digest: (ready as ChildMessage<'clientConnected'>).digest });
  const { counts, records, end, durationNs, watched } = await child.next('clientDone');
  for (let from = 0; from < records.sentNs.length; from += ROWS) {
    await tell({ kind: 'records', from, columns: packRecords(records, from, from + ROWS) });
  }
  await tell({ kind: 'clientDone', counts, end, durationNs, watched });
}

/** The path of a plug-in is relative to psp's folder, where this runs. */
function configOf({ text, fileName }: SentConfig, role: HostRole): HardwareConfig {
  return configOfRole(parseHardwareConfig(text, fileName), role);
}

function serverOrder(order: HostServerOrder, folder: string): ServerOrder {
  const { frame, classifier, server } = configOf(order.config, 'server');
  const { policy, code, workload, seed, dilation } = order;
  const chosen = receivePolicy(policy, code);
  if (codeIdentity(chosen).join() !== order.identity.join()) {
    throw new InputError(`${policy}: its code here is another than at the orchestrator: psp testbed push`);
  }
  return {
    ...{ frame, classifier, workload, policy, seed, dilation, folder },
    config: withWorkers(server!, order.workers),
    ...(code && { code }),
    ofHost: true,
  };
}

/** As many workers as the point has, on the first of the cores for workers. */
function withWorkers(config: NonNullable<HardwareConfig['server']>, workers: number): typeof config {
  const own = config.cores.workers;
  if (own && own.length < workers) {
    throw new InputError(`cores.workers: expected ${workers} cores, as the point has workers, found ${own.length}`);
  }
  return { ...config, workers, cores: { ...config.cores, ...(own && { workers: own.slice(0, workers) }) } };
}

function clientOrder(order: HostClientOrder, file: ScaledTraceFile | undefined, folder: string): ClientOrder {
  const { frame, classifier, client } = configOf(order.config, 'client');
  const { trace, dilation, longestNs, address } = order;
  return {
    ...{ frame, classifier, dilation, folder },
    config: {
      ...client!,
      ...(address && { address: { ...address, port: client!.address.port } }),
      share: trace.share,
      drainNs: drainNsFor(client!.drainNs, longestNs, dilation),
    },
    trace: { ...trace, ...(file && { file }) },
    lateAfterNs: lateAfterNs(dilation),
    closedLoop: false,
    ofHost: true,
  };
}

/** Keeps the trace file that came with the order. Its digest is checked when it is played. */
function placeOf({ trace }: HostClientOrder, files: readonly Buffer[], folder: string): ScaledTraceFile | undefined {
  if (!trace.file) return undefined;
  const path = join(folder, /\.gz$/i.test(trace.file.path) ? 'trace.csv.gz' : 'trace.csv');
  try {
    writeFileSync(path, Buffer.concat(files));
  } catch (error) {
    throw new EnvironmentError(`${path}: cannot be written: ${(error as Error).message}`);
  }
  return { ...trace.file, path, modifiedMs: statSync(path).mtimeMs };
}

/** A running server: native threads, the dispatcher's thread and the memory they share. DPDK allows one per process. */

import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { entryPoint } from '../../files/entry-point.js';
import { RESERVATIONS_KEPT } from '../../results/result.js';
import type { ServerCounts } from '../../results/server-schema.js';
import type { TypedPolicy } from '../../scheduler/policy-registry.js';
import { EnvironmentError, InputError, receiveError } from '../../units/errors.js';
import type { Workload } from '../../workload/workload.js';
import type { DispatcherMessage, DispatcherThreadData } from '../dispatcher/dispatcher-thread.js';
import { hardwarePolicy, schedulerTypes, sentPolicy } from '../dispatcher/hardware-policy.js';
import type { ClassifierConfig } from '../machine/classifier-config.js';
import { refuseUselessMac, type ServerConfig } from '../machine/config.js';
import {
  chooseNet,
  firstAllowedCore,
  ownsItsCores,
  refuseCrowdedCores,
  refuseMissingCores,
  serverCoresNeeded,
} from '../machine/cores.js';
import { type WatchedCores, waitedNs } from '../machine/cores-away.js';
import { readServerCounts } from '../memory/counts.js';
import {
  Control,
  createSharedMemory,
  DEFAULT_ARRIVALS_CAPACITY,
  DEFAULT_SLOTS,
  DispatcherState,
  RunState,
  type SharedMemory,
} from '../memory/layout.js';
import { readReservedWorkers, type TimedReservation } from '../memory/shared-reservation.js';
import { refuseMissingDevice } from '../native/device.js';
import { deviceArguments, type Eal, ealArguments, startEal, startupError } from '../native/eal.js';
import {
  type FrameFormat,
  loadNative,
  type Native,
  type NativeClock,
  type NativeServer,
  type NativeServerConfig,
  type NetForm,
  type PacketTimes,
} from '../native/native.js';
import { wireClassifier } from '../native/wire-codes.js';
import { type ClosedLog, createEventLogMemory, type EventLog, openEventLog } from './event-log.js';

export interface ServerSpec {
  readonly config: ServerConfig;
  readonly frame: FrameFormat;
  readonly classifier: ClassifierConfig;
  readonly workload: Workload;
  readonly policy: TypedPolicy;
  readonly seed: string | number;
  /** All times of the run are stretched by this. */
  readonly dilation: number;
  /** The event file to write. */
  readonly record?: string;
  /** Where DPDK keeps its files; absent: in a folder of this server. */
  readonly folder?: string;
}

/** With what the machine decides where the configuration does not. */
type SettledSpec = ServerSpec & { readonly config: { readonly net: NetForm } };

export interface RunningServer {
  /** Who polls its device. */
  readonly net: NetForm;
  /** The device's MAC address. */
  readonly mac: string;
  /** The clock that the stamps in its replies are read from. */
  readonly clock?: NativeClock;
  counts(): ServerCounts;
  /** Until it is stopped. */
  packetTimes(): PacketTimes | undefined;
  /** Since it takes requests, until it is stopped; nothing when nobody looks: its threads sleep or yield. */
  watchedCores(): WatchedCores | undefined;
  /** Workers reserved for each type's group now; nothing while none are. */
  reservedWorkers(): number[] | undefined;
  /** Every change of the reservation so far, up to {@link RESERVATIONS_KEPT}. */
  readonly reservations: readonly TimedReservation[];
  /**
   * Resolves when the server was stopped. Rejects with one line when the dispatcher failed, for instance in a policy.
   */
  readonly ended: Promise<void>;
  /** Why it failed, also if only the stop has shown it: a policy does not return. */
  failure(): Error | undefined;
  /**
   * Takes no new requests, lets those in flight finish (up to a limit), ends all threads and returns the final counts.
   */
  stop(): Promise<ServerCounts>;
}

/** Requests in flight at the stop have this long to finish. */
const STOP_LIMIT_MS = 2000;
/** A dispatcher looks at the stop word many times per second, unless its policy does not return. */
const DISPATCHER_STOP_LIMIT_MS = 3000;
/** The warm-up takes a second; on a busy machine, loading it takes many. */
const DISPATCHER_SILENCE_MS = 120_000;

/**
 * Starts a server and returns when it takes requests.
 *
 * @throws EnvironmentError with one line when this machine cannot run it
 * @throws InputError when the policy cannot run on a real machine
 */
export function startServer(spec: ServerSpec): Promise<RunningServer> {
  return startSettled({ ...spec, config: { ...spec.config, net: chooseNet(spec.config) } });
}

async function startSettled(spec: SettledSpec): Promise<RunningServer> {
  const { config, workload } = spec;
  // First everything that can be refused without touching the machine.
  hardwarePolicy(spec.policy, spec.dilation);
  const types = schedulerTypes(workload);
  const typeNames = types.map((type) => type.name);
  const classifier = wireClassifier(typeNames, spec.classifier);
  const { cores } = config;
  refuseMissingCores([cores.main, cores.net, cores.dispatcher, ...(cores.workers ?? [])]);
  refuseCrowdedCores(config);
  refuseUselessMac(config.address);
  const native = loadNative();
  refuseApplication(native, config.application);
  await refuseMissingDevice(config.device);
  const memory = createSharedMemory(
    {
      workers: config.workers,
      types: types.length,
      slots: DEFAULT_SLOTS,
      arrivalsCapacity: DEFAULT_ARRIVALS_CAPACITY,
    },
    native.misalignment,
  );
  const control = new Int32Array(memory.buffer, memory.base, Control.bytes / 4);
  const reservations: TimedReservation[] = [];
  const events = spec.record === undefined ? undefined : createEventLogMemory();
  const thread = startDispatcher(spec, memory, reservations, events);
  let log: EventLog | undefined;
  let server: NativeServer | undefined;
  let eal: Eal | undefined;
  const endThreads = async (): Promise<void> => {
    // The dispatcher ends before the workers give up what they run, so that its counts stand. The net thread ends last,
    // for replies.
    Atomics.store(control, Control.runState / 4, RunState.halted);
    await thread.end();
    server?.stop();
    eal?.stop();
    if (log) tellLog(spec.record!, await log.close());
  };
  try {
    await Promise.race([dispatcherReady(memory, control, spec.policy.text), thread.failed]);
    if (events) log = await openEventLog(events, spec.record!, { ...spec, workers: config.workers });
    // Last, because from here on a memif client finds the socket.
    const device = deviceArguments(config.device, config.queues);
    eal = startEal(native, ealArguments(device, config.eal, cores.main ?? firstAllowedCore()), spec.folder);
    server = new native.Server(
      nativeConfig(spec, device.name, typeNames, classifier),
      new Uint8Array(memory.buffer, memory.base, memory.totalBytes),
    );
  } catch (error) {
    await endThreads();
    throw startupError(error, eal?.words);
  }

  const clock = server.clock();
  let stopping: Promise<ServerCounts> | undefined;
  const stop = async (): Promise<ServerCounts> => {
    Atomics.compareExchange(control, Control.runState / 4, RunState.running, RunState.draining);
    await Promise.race([quiet(memory), thread.exited]);
    await endThreads();
    return settled(memory);
  };
  return {
    net: config.net,
    mac: server.mac(),
    ...(clock && { clock }),
    counts: () => readServerCounts(memory),
    packetTimes: () => server.packetTimes(),
    watchedCores: watchCores(spec, server),
    reservedWorkers: () => readReservedWorkers(memory),
    reservations,
    ended: Promise.race([thread.failed, thread.exited]),
    failure: thread.failure,
    stop: () => {
      stopping ??= stop();
      return stopping;
    },
  };
}

/** Threads that sleep are late in a run with stretched times where cores sleep, too. */
function keepsAwake({ config: { poll }, dilation }: Pick<ServerSpec, 'config' | 'dilation'>): boolean {
  return poll === 'sleep' && dilation > 1 && ownsItsCores();
}

/** Only a core that is kept awake, or on which a thread spins, is seen to be away. */
function watchCores(spec: SettledSpec, server: NativeServer): RunningServer['watchedCores'] {
  const { workers, poll, net } = spec.config;
  if (keepsAwake(spec)) return () => ({ cores: availableParallelism(), gapsNs: [...(server.gapsNs() ?? [])] });
  if (poll !== 'spin') return () => undefined;
  const beforeNs = waitedNs();
  return () => ({ cores: serverCoresNeeded(workers, net), gapsNs: [], waitedNs: waitedNs() - beforeNs });
}

function nativeConfig(
  { config, frame, dilation }: SettledSpec,
  device: string,
  types: readonly string[],
  classifier: NativeServerConfig['classifier'],
): NativeServerConfig {
  const { cores, application, net, poll } = config;
  return {
    port: {
      device,
      queues: config.queues,
      descriptors: config.descriptors,
      frames: DEFAULT_SLOTS - 1,
      promiscuous: config.promiscuous,
      owned: config.device.kind === 'pci',
    },
    self: config.address,
    frame,
    poll,
    inlineNet: net === 'inline',
    ...(cores.net !== undefined && { netCore: cores.net }),
    workerCores: cores.workers ?? [],
    keepAwake: keepsAwake({ config, dilation }),
    application: {
      name: application.name,
      plugin: application.plugin ?? '',
      parameters: JSON.stringify(application.parameters ?? {}),
    },
    types,
    classifier,
  };
}

/** @throws EnvironmentError when there is no such application, or it is no plug-in of this version */
function refuseApplication(native: Native, { name, plugin = '' }: ServerConfig['application']): void {
  try {
    native.checkApplication(name, plugin);
  } catch (error) {
    throw startupError(error);
  }
}

interface DispatcherThread {
  /** Never resolves; rejects when the thread dies of an error. */
  readonly failed: Promise<never>;
  readonly exited: Promise<void>;
  /** What {@link failed} rejects with. */
  failure(): Error | undefined;
  /** Waits until it has exited; ends it if its policy does not return. */
  end(): Promise<void>;
}

function startDispatcher(
  spec: SettledSpec,
  memory: SharedMemory,
  reservations: TimedReservation[],
  events: SharedArrayBuffer | undefined,
): DispatcherThread {
  const workerData: DispatcherThreadData = {
    memory,
    ...sentPolicy(spec.policy),
    workload: spec.workload.source,
    seed: spec.seed,
    dilation: spec.dilation,
    poll: spec.config.poll,
    net: spec.config.net,
    ...(spec.config.cores.dispatcher !== undefined && { core: spec.config.cores.dispatcher }),
    ...(events && { events }),
  };
  const worker = new Worker(entryPoint('hw/dispatcher/dispatcher-thread'), { workerData });
  const { text } = spec.policy;
  let failure: Error | undefined;
  let fail = (_: Error): void => {};
  const failed = new Promise<never>((_, reject) => {
    fail = (error) => {
      failure ??= schedulerFailed(text, error);
      reject(failure);
    };
    worker.on('message', (message: DispatcherMessage) => {
      if (message.kind === 'failed') fail(receiveError(message.error));
      else if (reservations.length < RESERVATIONS_KEPT) reservations.push(message.change);
    });
    worker.once('error', fail);
  });
  // Without a handler, an error that nobody awaits would end the process.
  failed.catch(() => {});
  const exited = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
  const end = async (): Promise<void> => {
    const waiting = new AbortController();
    const { signal } = waiting;
    const hangs = sleep(DISPATCHER_STOP_LIMIT_MS, true, { signal }).catch(() => false);
    if (await Promise.race([exited.then(() => false), hangs])) {
      const seconds = DISPATCHER_STOP_LIMIT_MS / 1000;
      fail(new InputError(`${text}: a call of the policy did not return within ${seconds} s`, true));
      await worker.terminate();
    }
    waiting.abort();
  };
  return { failed, exited, failure: () => failure, end };
}

/** An error that says what to mend stays as it is. Any other is a bug in the policy (or in the dispatcher). */
function schedulerFailed(policy: string, error: Error): Error {
  if (error instanceof EnvironmentError || error instanceof InputError) return error;
  return new EnvironmentError(`the policy ${policy} failed: ${error.message.split('\n')[0]}`);
}

/** Waits until its warm-up is over. It keeps the clock of the shared memory, which shows whether it goes on. */
async function dispatcherReady(memory: SharedMemory, control: Int32Array, policy: string): Promise<void> {
  const clock = new Float64Array(memory.buffer, memory.base + Control.clockNs, 1);
  let [seenNs, seenAt] = [clock[0]!, Date.now()];
  while (Atomics.load(control, Control.dispatcherState / 4) !== DispatcherState.ready) {
    if (clock[0] !== seenNs) [seenNs, seenAt] = [clock[0]!, Date.now()];
    if (Date.now() - seenAt > DISPATCHER_SILENCE_MS) {
      const seconds = DISPATCHER_SILENCE_MS / 1000;
      throw new InputError(`${policy}: a call of the policy did not return within ${seconds} s of the warm-up`, true);
    }
    await sleep(2);
  }
}

/** The final counts. They include what workers finished after the dispatcher had ended. */
function settled(memory: SharedMemory): ServerCounts {
  const counts = readServerCounts(memory);
  const late = counts.finishedByWorkers - counts.completed;
  return { ...counts, completed: counts.completed + late, running: counts.running - late };
}

/** Waits until nothing is in flight. After the limit, what is still in flight is counted as held. */
async function quiet(memory: SharedMemory): Promise<void> {
  const limit = Date.now() + STOP_LIMIT_MS;
  let quietLooks = 0;
  // Twice in a row: a frame can be between two counts at one look, but not at two that are milliseconds apart.
  while (quietLooks < 2 && Date.now() < limit) {
    await sleep(5);
    const counts = readServerCounts(memory);
    const told = counts.requests - counts.droppedNoSlot - counts.droppedArrivalsFull - counts.droppedStopping;
    const done = counts.repliesSent + counts.repliesDropped + counts.repliesWithheld + counts.dropped;
    quietLooks = told === done && counts.slotsInUse === 0 ? quietLooks + 1 : 0;
  }
}

/** A log that is not whole does not end the run, but the user must know. */
function tellLog(path: string, { lost, error }: ClosedLog): void {
  if (error !== undefined) process.stderr.write(`psp: ${error}: the recording ends there\n`);
  else if (lost > 0) process.stderr.write(`psp: ${path}: the log was full and lost ${lost} events\n`);
}

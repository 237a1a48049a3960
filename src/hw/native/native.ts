/** The native addon: its types, and where it is. Nothing else in src/hw names its file. */

import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { EnvironmentError } from '../../units/errors.js';
import { checkNativeLayout } from '../memory/layout.js';

export interface NativePort {
  readonly device: string;
  readonly queues: number;
  readonly descriptors: number;
  readonly frames: number;
  readonly promiscuous: boolean;
  /** The device is psp's alone, so that its MAC may be set. */
  readonly owned: boolean;
}

export interface NativeEndpoint {
  readonly mac?: string;
  readonly ip: string;
  readonly port: number;
}

export type Poll = 'spin' | 'yield' | 'sleep';
/**
 * Who polls the device: a net thread of its own, or the dispatcher's thread, which needs one core less and no hand-off
 * between the two.
 */
export type NetForm = 'inline' | 'thread';
export type FrameFormat = 'psp' | 'psp-mb' | 'ix' | 'udp';

export interface NativeServerConfig {
  readonly port: NativePort;
  readonly self: NativeEndpoint;
  readonly frame: FrameFormat;
  readonly poll: Poll;
  readonly inlineNet: boolean;
  readonly netCore?: number;
  readonly workerCores: readonly number[];
  /** Keep the cores of this process from sleeping. */
  readonly keepAwake: boolean;
  /** `plugin` is the file of a plug-in, or empty; `parameters` are JSON. */
  readonly application: { readonly name: string; readonly plugin: string; readonly parameters: string };
  /** The names of the types that the classifier knows. */
  readonly types: readonly string[];
  readonly classifier: {
    readonly offset: number;
    readonly width: number;
    readonly endian: 'little' | 'big';
    readonly codes: readonly { readonly code: number; readonly type: number }[];
    /** Tried in this order, before the codes. */
    readonly patterns: readonly { readonly offset: number; readonly bytes: Uint8Array; readonly type: number }[];
  };
}

export interface NativeServer {
  stop(): void;
  mac(): string;
  /** Until it is stopped. */
  clock(): NativeClock | undefined;
  /** Until it is stopped. */
  packetTimes(): PacketTimes | undefined;
  /**
   * When a core was away for a millisecond or more (another program, or the machine's host, had it), on its clock:
   * from, to, from, to, … Until it is stopped, and only for cores that are kept awake.
   */
  gapsNs(): Float64Array | undefined;
}

/**
 * How long the net thread was busy for each packet, real ns: `counts[i]` packets took i to i + 1 times `bucketNs`, the
 * last more.
 */
export interface PacketTimes {
  readonly bucketNs: number;
  readonly counts: Uint32Array;
}

export interface NativeLoadConfig {
  readonly port: NativePort;
  readonly self: NativeEndpoint;
  readonly server: NativeEndpoint;
  readonly frame: FrameFormat;
  readonly poll: Poll;
  readonly cores: readonly number[];
  readonly concurrency: number;
  readonly closedLoop: boolean;
  readonly lateAfterNs: number;
  readonly drainNs: number;
  /** The number of the first request on the wire. */
  readonly idBase: number;
  /** The device connects to the server by calling it, and calls again until it is answered. */
  readonly calls: boolean;
  readonly connectNs: number;
  /** Take answers from any address and port. */
  readonly anySource: boolean;
}

/** The requests to send; times and demands are those of the wire. */
export interface NativeTrace {
  readonly length: number;
  readonly plannedNs: Float64Array;
  readonly demandNs: Float64Array;
  readonly code: Uint32Array;
  readonly flow: Uint32Array;
}

/**
 * Relates the times of two processes on one machine: `ns` is tick `epochTicks + ns / nsPerTick` of the counter that
 * both read.
 */
export interface NativeClock {
  readonly epochTicks: number;
  readonly nsPerTick: number;
}

/** What happened to each request; NaN where it did not happen, -1 for an unknown worker. */
export interface NativeRecords {
  readonly sentNs: Float64Array;
  readonly repliedNs: Float64Array;
  readonly receivedNs: Float64Array;
  readonly dispatchedNs: Float64Array;
  readonly startedNs: Float64Array;
  readonly endedNs: Float64Array;
  /** The worker that ran it last. */
  readonly worker: Int32Array;
}

export interface LoadCounts {
  readonly sent: number;
  readonly received: number;
  readonly late: number;
  readonly skipped: number;
  readonly foreign: number;
  readonly duplicates: number;
  readonly malformed: number;
  readonly badChecksum: number;
  /** Frames over memif whose sender left the IPv4 checksum to a NIC. They are taken. */
  readonly withoutChecksum: number;
  readonly sendAttempts: number;
  /** Where the last datagram not from the server came from: address times 2^16, plus port; 0: there was none. */
  readonly stranger: number;
  /** The generator's clock, ns since its start. */
  readonly nowNs: number;
}

/** Why a load generator ended; `running` while it has not. */
export type LoadEnd = 'running' | 'complete' | 'drained' | 'stopped' | 'serverGone';

export interface NativeLoadGenerator {
  /** Starts to look for the server. */
  connect(): void;
  /** Was it found? Throws the reason when it cannot be. */
  connection(): boolean;
  start(): void;
  stop(): void;
  counts(): LoadCounts;
  end(): LoadEnd;
  /** After the start, until it is closed. */
  clock(): NativeClock | undefined;
  close(): void;
}

export interface Native {
  /** Was it built with librocksdb? */
  readonly hasRocksdb: boolean;
  /** The names of the built-in applications. */
  readonly applications: readonly string[];
  readonly layoutOffsets: Readonly<Record<string, number>>;
  /** Loads a built-in application, or a plug-in if there is a path. Throws why it cannot be. */
  checkApplication(name: string, plugin: string): void;
  /** Returns what DPDK said, which is often nothing. */
  startEal(args: readonly string[]): string;
  stopEal(): void;
  misalignment(bytes: Uint8Array): number;
  pinThread(core: number): void;
  prepareThread(poll: Poll): void;
  yieldThread(): void;
  armBell(words: Uint32Array, index: number): void;
  disarmBell(words: Uint32Array, index: number): void;
  waitBell(words: Uint32Array, index: number, timeoutNs: number): void;
  ringBell(words: Uint32Array, index: number): void;
  /** Returns the function with which the calling thread, a dispatcher, polls the port of the server over `words`. */
  openNet(words: Uint32Array): () => number;
  readonly Server: new (config: NativeServerConfig, shared: Uint8Array) => NativeServer;
  readonly LoadGenerator: new (
    config: NativeLoadConfig,
    trace: NativeTrace,
    records: NativeRecords,
  ) => NativeLoadGenerator;
}

/**
 * The native side of a dispatcher that is measured alone: one thread is net thread and all workers, and ends requests
 * at once.
 */
export interface NativeProbeWorld {
  completed(): number;
  /** ns from the publication of an arrival until its start is seen, at these quantiles, since the last call. */
  latencies(quantiles: readonly number[]): number[];
  /** Returns the share of its time that it had a core. */
  stop(): number;
}

/** The addon that measures single parts. */
export interface NativeProbe {
  readonly ProbeWorld: new (
    shared: Uint8Array,
    offer: { readonly window: number; readonly rate: number; readonly core: number },
  ) => NativeProbeWorld;
  /** Runs the dispatcher's loop in C++, for c-FCFS only. Returns the number of dispatches. */
  cppDispatcher(shared: Uint8Array, seconds: number): number;
  threadCpuSeconds(): number;
  ringHops(batches: number, rounds: number, core: number, otherCore: number): Float64Array;
}

/** build/Release of the package: three folders above both src/hw/native and dist/hw/native. */
const ADDON = new URL('../../../build/Release/psp_native.node', import.meta.url);
const PROBE = new URL('../../../build/Release/psp_probe.node', import.meta.url);

/** What a person has to do to get the addon. */
export const HOW_TO_BUILD =
  'on Debian or Ubuntu: apt-get install -y libdpdk-dev librocksdb-dev pkg-config g++ make python3, ' +
  'then npx psp build-native';

let loaded: Native | undefined;

/** @throws EnvironmentError when the addon is not built, cannot be loaded here, or belongs to another version */
export function loadNative(): Native {
  loaded ??= load(ADDON, (native: Native) => checkNativeLayout(native.layoutOffsets));
  return loaded;
}

/** @throws EnvironmentError as {@link loadNative} */
export function loadProbe(): NativeProbe {
  return load(PROBE);
}

function load<T>(addon: URL, check?: (loaded: T) => void): T {
  const path = fileURLToPath(addon);
  if (!existsSync(path)) throw new EnvironmentError(`the DPDK addon is not built; ${HOW_TO_BUILD}`);
  try {
    const native = createRequire(import.meta.url)(path) as T;
    check?.(native);
    return native;
  } catch (error) {
    throw new EnvironmentError(
      `the DPDK addon cannot be loaded: ${(error as Error).message.split('\n')[0]}; ${HOW_TO_BUILD}`,
    );
  }
}

/** What the addon can do; nothing when it is missing or cannot be loaded. */
export function builtNative(): Pick<Native, 'hasRocksdb' | 'applications'> | undefined {
  try {
    return loadNative();
  } catch {
    return undefined;
  }
}

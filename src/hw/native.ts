/** The native addon: its types, and how it is found. Nothing else of src/hw touches it by name. */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { checkNativeLayout } from './layout.js';
import { StartupError } from './startup-error.js';

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
export type FrameFormat = 'psp' | 'psp-mb' | 'ix';

export interface NativeServerConfig {
  readonly port: NativePort;
  readonly self: NativeEndpoint;
  readonly frame: FrameFormat;
  readonly poll: Poll;
  readonly netCore?: number;
  readonly workerCores: readonly number[];
  readonly application: { readonly name: string; readonly path: string; readonly scanType: number };
  readonly classifier: {
    readonly offset: number;
    readonly width: number;
    readonly endian: 'little' | 'big';
    readonly codes: readonly { readonly code: number; readonly type: number }[];
  };
}

export interface NativeServer {
  stop(): void;
  mac(): string;
  /** Until it is stopped. */
  clock(): NativeClock | undefined;
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
  /** What the first request of the trace is called on the wire. */
  readonly idBase: number;
  /** The device reaches the server by calling it, and calls again until it is answered. */
  readonly calls: boolean;
  readonly connectNs: number;
}

/** The requests to send; times and demands are those of the wire. */
export interface NativeTrace {
  readonly length: number;
  readonly plannedNs: Float64Array;
  readonly demandNs: Float64Array;
  readonly code: Uint32Array;
  readonly flow: Uint32Array;
}

/** Relates a process's times to those of another on the same machine: `ns` is tick `epochTicks + ns / nsPerTick` of the counter both read. */
export interface NativeClock {
  readonly epochTicks: number;
  readonly nsPerTick: number;
}

/** What happened to each; NaN where it did not happen. */
export interface NativeRecords {
  readonly sentNs: Float64Array;
  readonly repliedNs: Float64Array;
  readonly receivedNs: Float64Array;
  readonly dispatchedNs: Float64Array;
  readonly startedNs: Float64Array;
  readonly endedNs: Float64Array;
}

export interface LoadCounts {
  readonly sent: number;
  readonly received: number;
  readonly late: number;
  readonly skipped: number;
  readonly foreign: number;
  readonly duplicates: number;
  readonly malformed: number;
  readonly sendAttempts: number;
  /** The generator's clock, ns since its start. */
  readonly nowNs: number;
}

/** Why a load generator ended; `running` while it has not. */
export type LoadEnd = 'running' | 'complete' | 'drained' | 'stopped' | 'serverGone';

export interface NativeLoadGenerator {
  /** Begins to look for the server. */
  connect(): void;
  /** Is it found? Throws why it cannot be. */
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
  /** Was librocksdb there when it was built? */
  readonly hasRocksdb: boolean;
  readonly layoutOffsets: Readonly<Record<string, number>>;
  /** Answers what DPDK had to say, often nothing. */
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
  readonly Server: new (config: NativeServerConfig, shared: Uint8Array) => NativeServer;
  readonly LoadGenerator: new (
    config: NativeLoadConfig,
    trace: NativeTrace,
    records: NativeRecords,
  ) => NativeLoadGenerator;
}

/** build/Release of the package: two folders above both src/hw and dist/hw. */
const ADDON = new URL('../../build/Release/psp_native.node', import.meta.url);

/** What a person has to do to have the addon. */
export const HOW_TO_BUILD =
  'on Debian or Ubuntu: apt-get install -y libdpdk-dev librocksdb-dev pkg-config g++ make python3, then npm run build:native';

let loaded: Native | undefined;

/** @throws StartupError when the addon is not built, cannot be loaded here, or belongs to another version. */
export function loadNative(): Native {
  if (loaded) return loaded;
  const path = fileURLToPath(ADDON);
  if (!existsSync(path)) throw new StartupError(`the DPDK addon is not built; ${HOW_TO_BUILD}`);
  try {
    const native = createRequire(import.meta.url)(path) as Native;
    checkNativeLayout(native.layoutOffsets);
    loaded = native;
    return native;
  } catch (error) {
    throw new StartupError(
      `the DPDK addon cannot be loaded: ${(error as Error).message.split('\n')[0]}; ${HOW_TO_BUILD}`,
    );
  }
}

/**
 * The file a thread or a process of src/hw starts from. When the sources run directly (tests), the compiled file is used: neither a
 * worker thread nor a child process understands TypeScript.
 */
export function entryPoint(name: string): URL {
  const compiled = import.meta.url.endsWith('.ts') ? `../../dist/hw/${name}.js` : `./${name}.js`;
  return new URL(compiled, import.meta.url);
}

/** Is the addon there, does it load, and what can it do? Nothing when it is not. */
export function builtNative(): Pick<Native, 'hasRocksdb'> | undefined {
  try {
    return loadNative();
  } catch {
    return undefined;
  }
}

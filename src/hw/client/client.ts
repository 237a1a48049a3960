/** A load generator: opens the device, plays a trace against a server, and returns what happened to every request. */

import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ClientConfig, refuseUselessMac } from '../machine/config.js';
import { firstAllowedCore, refuseMissingCores } from '../machine/cores.js';
import { sendingGaps, type WatchedCores } from '../machine/cores-away.js';
import { refuseMissingDevice } from '../native/device.js';
import { deviceArguments, ealArguments, startEal, startupError } from '../native/eal.js';
import {
  type FrameFormat,
  type LoadCounts,
  type LoadEnd,
  loadNative,
  type NativeClock,
  type NativeLoadGenerator,
  type NativeRecords,
  type NativeTrace,
} from '../native/native.js';

export interface ClientSpec {
  readonly config: ClientConfig;
  readonly frame: FrameFormat;
  readonly trace: NativeTrace;
  /** A request sent later than this after its planned time counts as late. */
  readonly lateAfterNs: number;
  /** Send as fast as `config.concurrency` allows, whatever the plan says. */
  readonly closedLoop?: boolean;
  /** Where DPDK keeps its files; absent: in a folder of this load generator. */
  readonly folder?: string;
  /** Awaited once the server is found: several load generators begin at one moment. */
  readonly beforeStart?: () => Promise<void>;
  /** Called before the first request is sent. */
  readonly onStart?: () => void;
  /** Called about once a second during the run; the records may be read only. */
  readonly onProgress?: (counts: LoadCounts, records: NativeRecords) => void;
  /** Aborting ends the run in order: what is under way is waited for. Also while the server is being looked for. */
  readonly signal?: AbortSignal;
}

export interface ClientResult {
  readonly records: NativeRecords;
  readonly counts: LoadCounts;
  readonly end: Exclude<LoadEnd, 'running'>;
  /** From the first planned time to the end, on the client's clock. */
  readonly durationNs: number;
  /** By each load generator that played. */
  readonly watched: readonly WatchedCores[];
  /** The clock of its times; absent when it never started. */
  readonly clock?: NativeClock;
}

const LOOK_EVERY_MS = 20;
const CONNECTED_LOOK_MS = 2;
const PROGRESS_EVERY_MS = 1000;
/** Long enough for a server that is starting. */
const DEFAULT_CONNECT_NS = 10e9;
/** The pool holds as many frames as may wait for a slow server. */
const FRAMES = 16383;

/**
 * Plays the trace.
 *
 * @throws EnvironmentError with one line when this machine cannot run it or the server is not there
 */
export async function runClient(spec: ClientSpec): Promise<ClientResult> {
  const { config } = spec;
  refuseMissingCores([config.mainCore, ...config.cores]);
  refuseUselessMac(config.address);
  refuseUselessMac(config.server);
  const native = loadNative();
  const connectNs = config.connectNs ?? DEFAULT_CONNECT_NS;
  await refuseMissingDevice(config.device, { waitNs: connectNs, signal: spec.signal });
  if (spec.signal?.aborted) return nothingPlayed(spec.trace.length);
  const queues = config.cores.length;
  const device = deviceArguments(config.device, queues);
  const records = createRecords(spec.trace.length);
  let load: NativeLoadGenerator | undefined;
  const eal = startEal(native, ealArguments(device, config.eal, config.mainCore ?? firstAllowedCore()), spec.folder);
  try {
    load = new native.LoadGenerator(
      {
        port: {
          device: device.name,
          queues,
          descriptors: config.descriptors,
          frames: FRAMES,
          promiscuous: config.promiscuous,
          owned: config.device.kind === 'pci',
        },
        self: config.address,
        server: config.server,
        frame: spec.frame,
        poll: config.poll,
        cores: config.cores,
        concurrency: config.concurrency ?? 0xffff_ffff,
        closedLoop: spec.closedLoop ?? false,
        lateAfterNs: spec.lateAfterNs,
        drainNs: config.drainNs,
        // A server may still send replies to an earlier run; they must not count as replies to this one.
        idBase: randomInt(2 ** 32),
        calls: config.device.kind === 'memif',
        connectNs,
        anySource: config.anySource ?? false,
      },
      spec.trace,
      records,
    );
    load.connect();
    while (!load.connection()) {
      if (spec.signal?.aborted) return nothingPlayed(spec.trace.length);
      await sleep(CONNECTED_LOOK_MS);
    }
    await spec.beforeStart?.();
    if (spec.signal?.aborted) return nothingPlayed(spec.trace.length);
    spec.onStart?.();
    load.start();
    await finished(load, records, spec);
    const end = load.end();
    if (end === 'running') throw new Error('the load generator did not stop');
    const counts = load.counts();
    const clock = load.clock();
    const cores = config.cores.length;
    // Without planned times nobody knows when a request was due.
    const watched = spec.closedLoop ? [] : [{ cores, gapsNs: sendingGaps(spec.trace, records, cores) }];
    return { records, counts, end, durationNs: counts.nowNs, watched, ...(clock && { clock }) };
  } catch (error) {
    throw startupError(error, eal.words);
  } finally {
    load?.close();
    eal.stop();
  }
}

async function finished(load: NativeLoadGenerator, records: NativeRecords, spec: ClientSpec): Promise<void> {
  let progressAt = Date.now() + PROGRESS_EVERY_MS;
  while (load.end() === 'running') {
    if (spec.signal?.aborted) load.stop();
    await sleep(LOOK_EVERY_MS);
    if (spec.onProgress && Date.now() >= progressAt) {
      progressAt += PROGRESS_EVERY_MS;
      spec.onProgress(load.counts(), records);
    }
  }
}

const NOTHING_COUNTED: LoadCounts = {
  ...{ sent: 0, received: 0, late: 0, skipped: 0, foreign: 0, duplicates: 0, malformed: 0 },
  ...{ badChecksum: 0, withoutChecksum: 0, sendAttempts: 0, stranger: 0, nowNs: 0 },
};

/** The result of a run that was ended before the server was found. */
function nothingPlayed(length: number): ClientResult {
  return { records: createRecords(length), counts: NOTHING_COUNTED, end: 'stopped', durationNs: 0, watched: [] };
}

/** Of requests that nothing has happened to yet: NaN and -1. */
export function createRecords(length: number): NativeRecords {
  const column = (): Float64Array => new Float64Array(length).fill(Number.NaN);
  return {
    sentNs: column(),
    repliedNs: column(),
    receivedNs: column(),
    dispatchedNs: column(),
    startedNs: column(),
    endedNs: column(),
    worker: new Int32Array(length).fill(-1),
  };
}

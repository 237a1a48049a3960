/** A hardware run on this machine, from its specification to its records: `psp run --hw`. */

import type { ServerCounts } from '../../results/server-schema.js';
import type { TypedPolicy } from '../../scheduler/policy-registry.js';
import { InputError } from '../../units/errors.js';
import { formatRate } from '../../units/rate.js';
import { type Offer, offeredRps, type Workload } from '../../workload/workload.js';
import type { ClientResult } from '../client/client.js';
import {
  ALONE,
  LEAD_NS,
  makeTrace,
  type PlannedTrace,
  partOf,
  type TraceLength,
  type TracePart,
} from '../client/planned-trace.js';
import { hardwarePolicy, sentPolicy } from '../dispatcher/hardware-policy.js';
import { doesRealWork } from '../machine/application-config.js';
import { defaultClassifier } from '../machine/classifier-config.js';
import { DEFAULT_DRAIN_NS, DEFAULT_UDP_PORT, type ServerConfig } from '../machine/config.js';
import { allowedCores, type LoopbackCores, loopbackCores } from '../machine/cores.js';
import { type CoresAway, coresAway, type WatchedCores } from '../machine/cores-away.js';
import { closingLine, type RunCounts, reconcileRun } from '../memory/counts.js';
import { MAX_WORKERS } from '../memory/layout.js';
import type { TimedReservation } from '../memory/shared-reservation.js';
import {
  type FrameFormat,
  type LoadCounts,
  type LoadEnd,
  loadNative,
  type NativeClock,
  type NativeRecords,
  type NetForm,
  type PacketTimes,
} from '../native/native.js';
import { chooseDilation, type Dilation, fitDemands, givenDilation } from './dilation.js';
import { type LoopbackLive, type LoopbackOrders, runLoopback } from './loopback.js';
import { believable, byQuickest, onOneClock, toOneClock } from './stamps.js';

export interface HardwareSpec extends TraceLength {
  readonly workload: Workload;
  readonly policy: TypedPolicy;
  readonly offer: Offer;
  readonly workers: number;
  /** How much to stretch time; `auto` from the number of cores. */
  readonly dilate: number | 'auto';
  /** Who polls the server's device; absent: from the number of cores. */
  readonly net?: NetForm;
  /** What the workers do; absent: spin, or sleep when they share cores. */
  readonly application?: ServerConfig['application'];
  readonly frame?: FrameFormat;
  /** Arrivals are skipped while this many requests are unanswered. */
  readonly concurrency?: number;
  /** Silence after the last send (real time) that ends the run. */
  readonly drainNs?: number;
  /** The event file to write. */
  readonly record?: string;
}

export interface HardwareLive {
  /** Undilated requests answered per second so far. */
  readonly achievedRps: number;
  readonly inFlight: number;
  readonly p99Slowdown: number;
  readonly reservedWorkers?: readonly number[];
}

export interface HardwareOptions {
  readonly signal?: AbortSignal;
  /** About once a second. */
  readonly onProgress?: (live: HardwareLive) => void;
  /** Called with one line about what was chosen, before anything starts. */
  readonly onNote?: (line: string) => void;
  /** The processes of a loopback; for tests that kill them. */
  readonly onStarted?: (processes: { server: number; client: number }) => void;
}

/**
 * What happened to each request, undilated ns since the start of the trace. Times of the server are on the client's
 * clock when both ends ran on this machine; else only differences between them mean something.
 */
export type HardwareRecords = NativeRecords;

export interface HardwareRun {
  readonly dilation: Dilation;
  readonly trace: PlannedTrace;
  readonly records: HardwareRecords;
  /** Replies whose stamps cannot be true; in the records they have none. */
  readonly stampsRefused: number;
  readonly client: LoadCounts;
  /** When cores were away; absent when nobody looked. */
  readonly away?: CoresAway;
  /** Who polled the server's device; absent when only the load generator ran here. */
  readonly net?: NetForm;
  /** Of whoever polled the server's device. */
  readonly packetTimes?: PacketTimes;
  /** Absent when the server died in mid-run. */
  readonly server?: ServerCounts;
  /** Both ends reconciled; absent without the server's. */
  readonly counts?: RunCounts;
  /** Counts that do not add up; empty unless something is broken. */
  readonly wrong: readonly string[];
  readonly end: Exclude<LoadEnd, 'running'> | 'policyFailed';
  /** Why the server ended early, where that is known. */
  readonly failure?: string;
  /** Undilated. */
  readonly durationNs: number;
  /** Undilated, since the start of the trace. */
  readonly reservations: readonly TimedReservation[];
  readonly closingLine: string;
}

/** Addresses of Perséphone's experiment; here they are on no network. */
const SERVER_ADDRESS = { ip: '192.168.10.10', port: DEFAULT_UDP_PORT };
const CLIENT_ADDRESS = { ip: '192.168.10.11', port: 0 };
/** A burst after a stalled second must fit into the rings between the two processes. */
const MEMIF_DESCRIPTORS = 1024;
/** A request this late counts as late: undilated, and in real time, because a sleeping sender is not more exact. */
const LATE_AFTER_NS = 1e3;
const LATE_AFTER_REAL_NS = 5e3;
/** What a user is told about who polls the device. */
const NET_NOTES: Readonly<Record<NetForm, string>> = {
  inline: '; poll: inline (the dispatcher polls the network)',
  thread: '; poll: thread (a net thread polls the network)',
};

/**
 * Runs server and load generator on this machine, joined by memif.
 *
 * @throws EnvironmentError with one line when this machine cannot run it
 * @throws InputError when the specification is wrong
 */
export async function runHardware(spec: HardwareSpec, options: HardwareOptions = {}): Promise<HardwareRun> {
  const { workload, workers } = spec;
  if (workers > MAX_WORKERS) {
    throw new InputError(`--workers: expected at most ${MAX_WORKERS} on a machine, found ${workers}`);
  }
  hardwarePolicy(spec.policy);
  // Loaded here too, so that a missing addon is said before anything else.
  loadNative();
  const part = partOf(spec, ALONE);
  const trace = await makeTrace(workload, spec.offer, part);
  const dilation = fitDemands(dilationOf(spec), longestServiceNs(trace), spec.dilate === 'auto');
  hardwarePolicy(spec.policy, dilation.factor);
  options.onNote?.(`${dilation.reason}${NET_NOTES[dilation.net]}`);
  const played = await runLoopback(loopbackOrders(spec, part, dilation, longestServiceNs(trace)), {
    signal: options.signal,
    onStarted: options.onStarted,
    onLive: (live) => {
      if (live.client) options.onProgress?.(liveOf(live, live.client, dilation.factor));
    },
  });

  return withFailure(finishedRun(dilation, trace, played.client, played.server), played.failure);
}

/** The run, as its server's failure leaves it. */
export function withFailure(run: HardwareRun, failure: Error | undefined): HardwareRun {
  if (!failure) return run;
  const end = failure instanceof InputError ? 'policyFailed' : run.end === 'stopped' ? 'stopped' : 'serverGone';
  // A scheduler that failed leaves counts that do not add up; the failure explains that.
  return { ...run, failure: failure.message, wrong: [], end };
}

/** What the two processes are told. */
function loopbackOrders(spec: HardwareSpec, part: TracePart, dilation: Dilation, longestNs: number): LoopbackOrders {
  const { workload, policy, seed, offer, workers } = spec;
  const { shared, factor, net } = dilation;
  const cores = shared ? undefined : loopbackCores(workers, net);
  const frame = spec.frame ?? 'psp';
  const wire = { frame, classifier: defaultClassifier(frame), dilation: factor };
  const end = { eal: [], poll: shared ? 'sleep' : 'spin', descriptors: MEMIF_DESCRIPTORS, promiscuous: false } as const;
  return {
    server: (socket) => ({
      ...wire,
      config: {
        ...end,
        device: { kind: 'memif', socket, listens: true },
        address: SERVER_ADDRESS,
        workers,
        net,
        application: spec.application ?? { name: shared ? 'sleep' : 'spin' },
        cores: cores ? serverCoresOf(cores) : {},
        queues: 1,
      },
      workload: workload.source,
      ...sentPolicy(policy),
      seed,
      ...(spec.record !== undefined && { record: spec.record }),
    }),
    client: (socket) => ({
      ...wire,
      config: {
        ...end,
        device: { kind: 'memif', socket, listens: false },
        address: CLIENT_ADDRESS,
        server: SERVER_ADDRESS,
        cores: [cores?.client ?? -1],
        ...(spec.concurrency !== undefined && { concurrency: spec.concurrency }),
        drainNs: spec.drainNs ?? drainNsFor(DEFAULT_DRAIN_NS, longestNs, factor),
        share: ALONE,
      },
      trace: { workload: workload.source, offer, ...part },
      lateAfterNs: lateAfterNs(factor),
      closedLoop: false,
    }),
  };
}

function serverCoresOf({ client: _, ...server }: LoopbackCores): ServerConfig['cores'] {
  return server;
}

/** Puts together what both ends returned, in undilated time. */
export function finishedRun(
  dilation: Dilation,
  trace: PlannedTrace,
  client: ClientResult,
  server?: {
    readonly counts: ServerCounts;
    readonly reservations: readonly TimedReservation[];
    /** Of a server on the same machine. */
    readonly clock?: NativeClock;
    readonly packetTimes?: PacketTimes;
    readonly watched?: WatchedCores;
  },
): HardwareRun {
  const { factor } = dilation;
  const reconciled = server && reconcileRun(trace.length, client.counts, server.counts);
  const translate = toOneClock(client, server?.clock);
  // Of the server's own times, which need not be as exact as stamps.
  const toClient = translate ?? byQuickest(client.records);
  const undilate = (ns: number) => (ns - LEAD_NS) / factor;
  const durationNs = undilate(client.durationNs);
  const watched = server?.watched;
  const ends = [
    ...(watched ? [{ ...watched, gapsNs: watched.gapsNs.map(toClient) }] : []),
    // A server that keeps all cores of this machine awake watches those of the load generator, too.
    ...(translate && watched && watched.waitedNs === undefined ? [] : client.watched),
  ];
  const away = coresAway(ends, durationNs, factor, undilate);
  const { records, refused } = believable(client.records);
  return {
    dilation,
    trace,
    records: undilated(translate ? onOneClock(records, translate) : records, factor),
    stampsRefused: refused,
    client: client.counts,
    ...(server && { server: server.counts, net: dilation.net }),
    ...(away && { away }),
    ...(server?.packetTimes && { packetTimes: server.packetTimes }),
    ...(reconciled && { counts: reconciled.counts }),
    wrong: reconciled?.wrong ?? [],
    end: client.end,
    durationNs,
    reservations: (server?.reservations ?? []).map((timed) => ({
      ...timed,
      // A reservation from before the first request was in force from the start.
      atNs: Math.max(0, undilate(toClient(timed.atNs))),
    })),
    closingLine: closingLine(client.durationNs, client.counts),
  };
}

/** How late a request may be sent before it counts as late, real ns. */
export function lateAfterNs(dilation: number): number {
  return Math.max(LATE_AFTER_REAL_NS, LATE_AFTER_NS * dilation);
}

/** @throws InputError */
export function dilationOf(
  spec: Pick<HardwareSpec, 'dilate' | 'net' | 'application' | 'workers' | 'workload' | 'offer'>,
): Dilation {
  const cores = allowedCores().length;
  if (spec.dilate === 'auto') {
    // Real work cannot be stretched.
    if (spec.application && doesRealWork(spec.application)) return givenDilation(1, spec.workers, cores, spec.net);
    return chooseDilation(spec.workload, offeredRps(spec.workload, spec.offer), spec.workers, cores, spec.net);
  }
  if (!(spec.dilate >= 1 && spec.dilate <= 1e6)) {
    throw new InputError(`--dilate: expected auto or a number from 1 to 1000000, found ${spec.dilate}`);
  }
  return givenDilation(spec.dilate, spec.workers, cores, spec.net);
}

/**
 * Silence that ends a run, real ns: a server says nothing while all its workers run the longest request, so that is
 * added.
 */
export function drainNsFor(silenceNs: number, longestNs: number, factor: number): number {
  return silenceNs + 2 * longestNs * factor;
}

export function longestServiceNs(trace: PlannedTrace): number {
  let longest = 0;
  for (const ns of trace.serviceNs) if (ns > longest) longest = ns;
  return longest;
}

function undilated(records: NativeRecords, factor: number): HardwareRecords {
  const since = (column: Float64Array, startNs: number): Float64Array => column.map((ns) => (ns - startNs) / factor);
  return {
    sentNs: since(records.sentNs, LEAD_NS),
    repliedNs: since(records.repliedNs, LEAD_NS),
    receivedNs: since(records.receivedNs, LEAD_NS),
    dispatchedNs: since(records.dispatchedNs, LEAD_NS),
    startedNs: since(records.startedNs, LEAD_NS),
    endedNs: since(records.endedNs, LEAD_NS),
    worker: records.worker,
  };
}

function liveOf(live: LoopbackLive, client: LoadCounts, factor: number): HardwareLive {
  return {
    achievedRps: client.nowNs > 0 ? (client.received / (client.nowNs / 1e9)) * factor : 0,
    inFlight: client.sent - client.received,
    p99Slowdown: live.p99Slowdown ?? Number.NaN,
    ...(live.reservedWorkers && { reservedWorkers: live.reservedWorkers }),
  };
}

/** The live figures as one line of a terminal. */
export function showLive(live: HardwareLive, typeNames: readonly string[]): string {
  const reserved = live.reservedWorkers
    ? `, reserved ${live.reservedWorkers.map((n, type) => `${typeNames[type]} ${n}`).join(' ')}`
    : '';
  const p99 = Number.isNaN(live.p99Slowdown) ? '' : `, p99 slowdown ${live.p99Slowdown.toFixed(1)}`;
  return `${formatRate(live.achievedRps)}, ${live.inFlight} in flight${p99}${reserved}`;
}

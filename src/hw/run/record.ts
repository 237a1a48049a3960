/** Makes the record that a psp.result/1 is laid out from, of what happened to each request. */

import { createBacklogs } from '../../metrics/backlog.js';
import { Histogram } from '../../metrics/histogram.js';
import { createRecorder } from '../../metrics/recorder.js';
import { demandIn, leastRoom } from '../../metrics/room.js';
import type { RunRecord } from '../../metrics/run-record.js';
import { NANOSECONDS, SLOWDOWN, summarize } from '../../metrics/summarize.js';
import type { HardwareFields } from '../../results/hardware-fields.js';
import { DROP_REASONS } from '../../scheduler/scheduler.js';
import type { Workload } from '../../workload/workload.js';
import { digestOfTrace } from '../client/planned-trace.js';
import { discarded, lostByPolicy } from '../memory/counts.js';
import type { HardwareRun } from './run-pair.js';

/** Samples of the backlog of a run: enough to distinguish growth from chance. */
const BACKLOG_SAMPLES = 256;

/** @param warmup share of the requests, from the beginning of the trace, that are not measured */
export function recordOfRun(
  run: HardwareRun,
  workload: Workload,
  warmup: number,
): { record: RunRecord; parts: FieldParts } {
  const { trace, server } = run;
  const typeNames = workload.types.map((type) => type.name);
  const first = measuredFrom(trace, warmup);
  const measured = measureRequests(run, typeNames.length, first);
  const { arrived, completed } = measured;
  const dropped = new Float64Array(typeNames.length);
  server?.droppedByType.forEach((reasons, type) => {
    if (type < dropped.length) dropped[type] = sum(reasons);
  });
  const dropReasons = dropReasonsOf(server);
  // The server does not say when it dropped; the client knows which requests had no answer.
  const droppedMeasured = dropped.map((count, type) => Math.min(count, measured.unanswered[type]!));
  const busyNs = sum(server?.workerBusyNs ?? []) / run.dilation.factor;
  const window = {
    ...measured.window,
    // The workers count their time over the whole run; the window has its share of the completions.
    busyNs: sum(completed) > 0 ? (busyNs * measured.window.completed) / sum(completed) : 0,
    overheadNs: 0,
    dispatcherNs: 0,
  };
  const reservations = reservationsOf(run, typeNames);
  const reservationsLeftOut = Math.max(0, (server?.reservations ?? 0) - reservations.length);
  const histograms = typeNames.map((_, type) => measured.recorder.histograms(type));
  const demand = demandIn({ histograms, droppedMeasured, window });
  const room = reservationsLeftOut > 0 ? undefined : leastRoom({ typeNames, demand, reservations, window });
  const inFlight = run.counts?.heldByServer ?? 0;
  const neverFinished = server ? lostByPolicy(server, run.end === 'drained') : 0;
  return {
    record: {
      typeNames,
      arrived,
      completed,
      dropped,
      droppedMeasured,
      dropReasons,
      inFlight,
      // Requests that were planned and never sent, because too many were unanswered, were not served either.
      lost: Math.max(0, measured.unansweredInWindow - sum(droppedMeasured)),
      ...(neverFinished > 0 && { neverFinished }),
      skipped: first,
      ...backlogGrowth(run, typeNames, first),
      isSteady: false,
      interrupted: run.end !== 'complete' && run.end !== 'drained',
      digest: digestOfTrace(workload, trace),
      preemptions: server?.preempted ?? 0,
      steals: server?.stolen ?? 0,
      reservations,
      reservationsLeftOut,
      ...(room && { room }),
      histograms,
      window,
    },
    parts: partsOf(
      run,
      Math.max(0, sum(arrived) - sum(completed) - sum(Object.values(dropReasons)) - inFlight),
      measured,
    ),
  };
}

type Measured = ReturnType<typeof measureRequests>;

/** Counts and histograms of the requests; those before `first` are counted only. */
function measureRequests({ trace, records }: HardwareRun, types: number, first: number) {
  const arrived = new Float64Array(types);
  const completed = new Float64Array(types);
  /** Of each type, after the warm-up. */
  const unanswered = new Float64Array(types);
  const recorder = createRecorder(types);
  const fromSend = createRecorder(1);
  const server = { waitNs: new Histogram(), handoffNs: new Histogram(), serviceNs: new Histogram() };
  const fromNs = trace.arrivalNs[first] ?? 0;
  let toNs = fromNs;
  for (let i = 0; i < trace.length; i++) {
    if (!Number.isNaN(records.sentNs[i]!)) toNs = Math.max(toNs, trace.arrivalNs[i]!);
  }
  const window = { fromNs, toNs, arrived: 0, completed: 0 };
  let unansweredInWindow = 0;
  for (let i = 0; i < trace.length; i++) {
    const repliedNs = records.repliedNs[i]!;
    if (i >= first && trace.arrivalNs[i]! <= toNs) {
      window.arrived++;
      if (Number.isNaN(repliedNs)) unansweredInWindow++;
    }
    if (Number.isNaN(records.sentNs[i]!)) continue;
    const type = trace.type[i]!;
    arrived[type]!++;
    if (Number.isNaN(repliedNs)) {
      if (i >= first) unanswered[type]!++;
      continue;
    }
    completed[type]!++;
    if (repliedNs >= fromNs && repliedNs <= toNs) window.completed++;
    if (i < first) continue;
    recorder.record(type, wholeNs(repliedNs - trace.arrivalNs[i]!), trace.serviceNs[i]!, i);
    fromSend.record(0, wholeNs(repliedNs - records.sentNs[i]!), trace.serviceNs[i]!, i);
    if (Number.isNaN(records.endedNs[i]!)) continue;
    server.waitNs.record(wholeNs(records.dispatchedNs[i]! - records.receivedNs[i]!));
    server.handoffNs.record(wholeNs(records.startedNs[i]! - records.dispatchedNs[i]!));
    server.serviceNs.record(wholeNs(records.endedNs[i]! - records.startedNs[i]!));
  }
  return { arrived, completed, unanswered, unansweredInWindow, window, recorder, fromSend, server };
}

function dropReasonsOf(server: HardwareRun['server']): Record<string, number> {
  const byType = server?.droppedByType ?? [];
  return {
    ...Object.fromEntries(DROP_REASONS.map((reason, at) => [reason, sum(byType.map((reasons) => reasons[at]!))])),
    ...(server && {
      noSlot: server.droppedNoSlot,
      arrivalsFull: server.droppedArrivalsFull,
      stopping: server.droppedStopping,
      replyNotSent: server.repliesDropped,
    }),
  };
}

function reservationsOf({ reservations }: HardwareRun, typeNames: readonly string[]): RunRecord['reservations'] {
  return reservations.map(({ atNs, reservation }) => ({
    atNs: Math.round(atNs),
    groups: reservation.groups.map(({ types, workers }) => ({ types: types.map((type) => typeNames[type]!), workers })),
  }));
}

/** What one run adds to the fields of a result, before it is summed up. */
export interface FieldParts {
  readonly counts: Pick<HardwareFields, 'lost' | 'late' | 'skipped' | 'stampsRefused'>;
  readonly discarded: HardwareFields['discarded'];
  readonly poll?: 'inline' | 'thread';
  readonly end: HardwareFields['end'];
  readonly failure?: string;
  readonly unreconciled: readonly string[];
  readonly serverCounted: boolean;
  readonly coresAwayNs: number | null;
  readonly closingLine: string;
  /** Measured from the actual send. */
  readonly sent: { readonly slowdown: Histogram; readonly sojournNs: Histogram };
  readonly server: Readonly<Record<'waitNs' | 'handoffNs' | 'serviceNs', Histogram>>;
}

function partsOf(run: HardwareRun, lost: number, { fromSend, server }: Measured): FieldParts {
  const { slowdown, sojournNs } = fromSend.histograms(0);
  return {
    counts: { lost, late: run.client.late, skipped: run.client.skipped, stampsRefused: run.stampsRefused },
    discarded: discarded(run.client),
    ...(run.net && { poll: run.net }),
    end: run.end,
    ...(run.failure !== undefined && { failure: run.failure }),
    unreconciled: run.wrong,
    serverCounted: run.server !== undefined,
    coresAwayNs: run.away ? Math.round(run.away.totalNs) : null,
    closingLine: run.closingLine,
    sent: { slowdown, sojournNs },
    server,
  };
}

/** From the best end to the worst. */
export const ENDS: readonly HardwareFields['end'][] = ['complete', 'drained', 'stopped', 'serverGone', 'policyFailed'];

/** The fields of one run, or of several that are pooled: counts are sums, and the worst end is that of all. */
export function fieldsOf(parts: readonly FieldParts[]): HardwareFields {
  const first = parts[0]!;
  const count = (key: keyof FieldParts['counts']) => sum(parts.map(({ counts }) => counts[key]));
  const thrown = (key: 'foreign' | 'malformed' | 'badChecksum' | 'duplicates') =>
    sum(parts.map(({ discarded }) => discarded[key]));
  const pooled = (of: (part: FieldParts) => Histogram, unit: typeof SLOWDOWN) => {
    const all = new Histogram();
    for (const part of parts) all.merge(of(part));
    return summarize(all, unit);
  };
  const away = parts.flatMap(({ coresAwayNs }) => (coresAwayNs === null ? [] : [coresAwayNs]));
  const lastFrom = parts.findLast(({ discarded }) => discarded.lastFrom !== undefined)?.discarded.lastFrom;
  const failure = parts.find((part) => part.failure !== undefined)?.failure;
  return {
    lost: count('lost'),
    late: count('late'),
    skipped: count('skipped'),
    stampsRefused: count('stampsRefused'),
    ...(first.poll && { poll: first.poll }),
    end: ENDS[Math.max(...parts.map(({ end }) => ENDS.indexOf(end)))]!,
    ...(failure !== undefined && { failure }),
    unreconciled: parts.flatMap(({ unreconciled }) => unreconciled),
    serverCounted: parts.every(({ serverCounted }) => serverCounted),
    coresAwayNs: away.length === 0 ? null : sum(away),
    discarded: {
      foreign: thrown('foreign'),
      malformed: thrown('malformed'),
      badChecksum: thrown('badChecksum'),
      duplicates: thrown('duplicates'),
      ...(lastFrom !== undefined && { lastFrom }),
    },
    closingLine: parts.map(({ closingLine }) => closingLine).join('\n'),
    fromActualSend: {
      slowdown: pooled(({ sent }) => sent.slowdown, SLOWDOWN),
      sojournNs: pooled(({ sent }) => sent.sojournNs, NANOSECONDS),
    },
    server: {
      waitNs: pooled(({ server }) => server.waitNs, NANOSECONDS),
      handoffNs: pooled(({ server }) => server.handoffNs, NANOSECONDS),
      serviceNs: pooled(({ server }) => server.serviceNs, NANOSECONDS),
    },
  };
}

function sum(values: readonly number[] | Float64Array): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}

/**
 * How the backlogs grew while requests came. They are looked at after equal numbers of arrivals, as in the simulator; a
 * request that was lost or dropped is never part of them.
 */
function backlogGrowth({ trace, records }: HardwareRun, typeNames: readonly string[], first: number) {
  const answered = (i: number) => !Number.isNaN(records.sentNs[i]!) && !Number.isNaN(records.repliedNs[i]!);
  const leaving = Uint32Array.from({ length: trace.length }, (_, i) => i)
    .filter(answered)
    .sort((a, b) => records.repliedNs[a]! - records.repliedNs[b]!);
  const every = Math.max(1, Math.floor((trace.length - first) / BACKLOG_SAMPLES));
  const backlogs = createBacklogs(typeNames);
  const inSystem = new Float64Array(typeNames.length);
  let gone = 0;
  for (let i = 0; i < trace.length; i++) {
    if (!answered(i)) continue;
    inSystem[trace.type[i]!]!++;
    if (i < first || (i - first) % every !== 0) continue;
    while (gone < leaving.length && records.repliedNs[leaving[gone]!]! <= trace.arrivalNs[i]!) {
      inSystem[trace.type[leaving[gone++]!]!]!--;
    }
    backlogs.add((type) => inSystem[type]!);
  }
  return backlogs.growth();
}

/** Number of the first request that is measured. */
export function measuredFrom({ length }: { readonly length: number }, warmup: number): number {
  return Math.min(length, Math.floor(warmup * length));
}

/** A time in whole ns, at least 1. */
export function wholeNs(ns: number): number {
  return Math.max(1, Math.round(ns));
}

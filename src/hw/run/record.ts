/** From what happened to each request to the record a psp.result/1 is laid out from. */

import { createBacklog, type Growth } from '../../metrics/backlog.js';
import { Histogram } from '../../metrics/histogram.js';
import { createRecorder } from '../../metrics/recorder.js';
import { demandIn, leastRoom } from '../../metrics/room.js';
import type { RunRecord } from '../../metrics/run-record.js';
import { NANOSECONDS, SLOWDOWN, summarize } from '../../metrics/summarize.js';
import type { HardwareFields } from '../../results/hardware-fields.js';
import { DROP_REASONS } from '../../scheduler/scheduler.js';
import { createTraceDigest, foldTraceDigest, showTraceDigest } from '../../workload/trace-digest.js';
import type { Workload } from '../../workload/workload.js';
import type { HardwareRun } from './run-pair.js';

/** Looks at the backlog in a run: as many as a growth is told from chance by. */
const BACKLOG_SAMPLES = 256;

/** @param warmup share of the requests, from the beginning of the trace, that are not measured */
export function recordOfRun(
  run: HardwareRun,
  workload: Workload,
  warmup: number,
): { record: RunRecord; fields: HardwareFields } {
  const { trace, records } = run;
  const typeNames = workload.types.map((type) => type.name);
  const arrived = new Float64Array(typeNames.length);
  const completed = new Float64Array(typeNames.length);
  const unansweredMeasured = new Float64Array(typeNames.length);
  const recorder = createRecorder(typeNames.length);
  const fromSend = createRecorder(1);
  const server = { waitNs: new Histogram(), handoffNs: new Histogram(), serviceNs: new Histogram() };
  const first = measuredFrom(trace, warmup);
  const fromNs = trace.arrivalNs[first] ?? 0;
  let toNs = fromNs;
  for (let i = 0; i < trace.length; i++) {
    if (!Number.isNaN(records.sentNs[i]!)) toNs = Math.max(toNs, trace.arrivalNs[i]!);
  }
  let arrivedInWindow = 0;
  let completedInWindow = 0;
  let unansweredInWindow = 0;
  for (let i = 0; i < trace.length; i++) {
    if (i >= first && trace.arrivalNs[i]! <= toNs) {
      arrivedInWindow++;
      if (Number.isNaN(records.repliedNs[i]!)) unansweredInWindow++;
    }
    if (Number.isNaN(records.sentNs[i]!)) continue;
    const type = trace.type[i]!;
    arrived[type]!++;
    const repliedNs = records.repliedNs[i]!;
    if (Number.isNaN(repliedNs)) {
      if (i >= first) unansweredMeasured[type]!++;
      continue;
    }
    completed[type]!++;
    if (repliedNs >= fromNs && repliedNs <= toNs) completedInWindow++;
    if (i < first) continue;
    recorder.record(type, wholeNs(repliedNs - trace.arrivalNs[i]!), trace.serviceNs[i]!, i);
    fromSend.record(0, wholeNs(repliedNs - records.sentNs[i]!), trace.serviceNs[i]!, i);
    if (Number.isNaN(records.endedNs[i]!)) continue;
    server.waitNs.record(wholeNs(records.dispatchedNs[i]! - records.receivedNs[i]!));
    server.handoffNs.record(wholeNs(records.startedNs[i]! - records.dispatchedNs[i]!));
    server.serviceNs.record(wholeNs(records.endedNs[i]! - records.startedNs[i]!));
  }
  const sum = (counts: Float64Array): number => counts.reduce((all, count) => all + count, 0);
  const dropped = new Float64Array(typeNames.length);
  run.server?.droppedByType.forEach((reasons, type) => {
    if (type < dropped.length) dropped[type] = reasons.reduce((all, n) => all + n, 0);
  });
  const dropReasons: Record<string, number> = Object.fromEntries(
    DROP_REASONS.map((reason, index) => [
      reason,
      run.server?.droppedByType.reduce((all, reasons) => all + reasons[index]!, 0) ?? 0,
    ]),
  );
  if (run.server) {
    dropReasons.noSlot = run.server.droppedNoSlot;
    dropReasons.arrivalsFull = run.server.droppedArrivalsFull;
    dropReasons.stopping = run.server.droppedStopping;
    dropReasons.replyNotSent = run.server.repliesDropped;
  }
  const unanswered = sum(arrived) - sum(completed);
  const droppedInAll = Object.values(dropReasons).reduce((all, n) => all + n, 0);
  const held = run.counts?.heldByServer ?? 0;
  const busyNs = (run.server?.workerBusyNs ?? []).reduce((all, ns) => all + ns, 0) / run.dilation.factor;
  const inWindowNs = sum(completed) > 0 ? (busyNs * completedInWindow) / sum(completed) : 0;
  // The server does not say when it dropped; the client knows which requests had no answer.
  const droppedMeasured = dropped.map((count, type) => Math.min(count, unansweredMeasured[type]!));
  const reservations = run.reservations.map(({ atNs, reservation }) => ({
    atNs: Math.round(atNs),
    groups: reservation.groups.map((group) => ({
      types: group.types.map((type) => typeNames[type]!),
      workers: group.workers,
    })),
  }));
  const reservationsLeftOut = Math.max(0, (run.server?.reservations ?? 0) - run.reservations.length);
  const window = {
    fromNs,
    toNs,
    arrived: arrivedInWindow,
    completed: completedInWindow,
    // The workers count their time over the whole run; the window has its share of the completions.
    busyNs: inWindowNs,
    overheadNs: 0,
    dispatcherNs: 0,
  };
  const histograms = typeNames.map((_, type) => recorder.histograms(type));
  const demand = demandIn({ histograms, droppedMeasured, window });
  const room = reservationsLeftOut > 0 ? undefined : leastRoom({ typeNames, demand, reservations, window });
  const digest = createTraceDigest(typeNames);
  foldTraceDigest(digest, trace);
  return {
    record: {
      typeNames,
      arrived,
      completed,
      dropped,
      droppedMeasured,
      dropReasons,
      inFlight: held,
      // Those that were planned and never sent, because too many were unanswered, were not served either.
      lost: Math.max(0, unansweredInWindow - sum(droppedMeasured)),
      skipped: first,
      growth: backlogGrowth(run, first),
      isSteady: false,
      interrupted: run.end !== 'complete' && run.end !== 'drained',
      digest: showTraceDigest(digest),
      preemptions: run.server?.preempted ?? 0,
      steals: run.server?.stolen ?? 0,
      reservations,
      reservationsLeftOut,
      ...(room && { room }),
      histograms,
      window,
    },
    fields: {
      lost: Math.max(0, unanswered - droppedInAll - held),
      late: run.client.late,
      skipped: run.client.skipped,
      stampsRefused: run.stampsRefused,
      end: run.end,
      ...(run.failure !== undefined && { failure: run.failure }),
      unreconciled: run.wrong,
      serverCounted: run.server !== undefined,
      coresAwayNs:
        run.gaps === undefined
          ? null
          : Math.round(run.gaps.reduce((all, { fromNs, toNs }) => all + toNs - fromNs, 0) * run.dilation.factor),
      closingLine: run.closingLine,
      fromActualSend: {
        slowdown: summarize(fromSend.histograms(0).slowdown, SLOWDOWN),
        sojournNs: summarize(fromSend.histograms(0).sojournNs, NANOSECONDS),
      },
      server: {
        waitNs: summarize(server.waitNs, NANOSECONDS),
        handoffNs: summarize(server.handoffNs, NANOSECONDS),
        serviceNs: summarize(server.serviceNs, NANOSECONDS),
      },
    },
  };
}

/**
 * Did the queues grow for as long as the requests came? What is in the system is looked at after equal numbers of arrivals, as in the simulator; a request
 * that was lost or dropped is in it for no time.
 */
function backlogGrowth({ trace, records }: HardwareRun, first: number): Growth {
  const leaves: number[] = [];
  for (let i = 0; i < trace.length; i++) {
    if (!Number.isNaN(records.sentNs[i]!) && !Number.isNaN(records.repliedNs[i]!)) leaves.push(records.repliedNs[i]!);
  }
  const left = Float64Array.from(leaves).sort();
  const every = Math.max(1, Math.floor((trace.length - first) / BACKLOG_SAMPLES));
  const backlog = createBacklog();
  let entered = 0;
  let gone = 0;
  for (let i = 0; i < trace.length; i++) {
    if (Number.isNaN(records.sentNs[i]!) || Number.isNaN(records.repliedNs[i]!)) continue;
    entered++;
    if (i < first || (i - first) % every !== 0) continue;
    while (gone < left.length && left[gone]! <= trace.arrivalNs[i]!) gone++;
    backlog.add(entered - gone);
  }
  return backlog.growth();
}

/** Number of the first request that is measured. */
export function measuredFrom({ length }: { readonly length: number }, warmup: number): number {
  return Math.min(length, Math.floor(warmup * length));
}

/** A latency in whole ns, at least 1. */
export function wholeNs(ns: number): number {
  return Math.max(1, Math.round(ns));
}

/** What both ends counted, and whether it adds up. */

import { type Discarded, thrownAway } from '../../results/hardware-fields.js';
import type { ServerCounts } from '../../results/server-schema.js';
import { DROP_REASONS } from '../../scheduler/scheduler.js';
import type { FrameFormat, LoadCounts } from '../native/native.js';
import { DispatcherStat, dispatcherStats, Mailbox, NetStat, type SharedMemory } from './layout.js';

export function readServerCounts(memory: SharedMemory): ServerCounts {
  const { buffer, base } = memory;
  const net = new Float64Array(buffer, base + memory.netStatsOffset, NetStat.words);
  const reasons = DROP_REASONS.length;
  const stats = dispatcherStats(memory.types, memory.workers);
  const own = new Float64Array(buffer, base + memory.dispatcherStatsOffset, stats.size);
  const worker = (index: number): Float64Array =>
    new Float64Array(buffer, base + memory.mailboxesOffset + index * Mailbox.bytes, Mailbox.bytes / 8);
  const workers = Array.from({ length: memory.workers }, (_, index) => worker(index));
  const sum = (byte: number): number => workers.reduce((total, box) => total + box[byte / 8]!, 0);
  return {
    framesReceived: net[NetStat.framesReceived]!,
    requests: net[NetStat.requests]!,
    unknownType: net[NetStat.unknownType]!,
    arpAnswered: net[NetStat.arpAnswered]!,
    foreign: net[NetStat.foreign]!,
    malformed: net[NetStat.malformed]!,
    truncated: net[NetStat.truncated]!,
    oversized: net[NetStat.oversized]!,
    badChecksum: net[NetStat.badChecksum]!,
    withoutChecksum: net[NetStat.withoutChecksum]!,
    looksLikeIx: net[NetStat.looksLikeIx]!,
    droppedNoSlot: net[NetStat.droppedNoSlot]!,
    droppedArrivalsFull: net[NetStat.droppedArrivalsFull]!,
    droppedStopping: net[NetStat.droppedStopping]!,
    arrived: own[DispatcherStat.arrived]!,
    dispatched: own[DispatcherStat.dispatched]!,
    completed: own[DispatcherStat.completed]!,
    preempted: own[DispatcherStat.preempted]!,
    dropped: own[DispatcherStat.dropped]!,
    droppedByType: Array.from({ length: memory.types + 1 }, (_, type) =>
      Array.from(own.subarray(DispatcherStat.droppedByType + type * reasons).subarray(0, reasons)),
    ),
    completedByType: Array.from({ length: memory.types + 1 }, (_, type) =>
      Array.from(own.subarray(stats.completions + type * memory.workers).subarray(0, memory.workers)),
    ),
    queued: own[DispatcherStat.queued]!,
    running: own[DispatcherStat.inFlight]!,
    stolen: own[DispatcherStat.stolen]!,
    reservations: own[DispatcherStat.reservations]!,
    repliesSent: net[NetStat.repliesSent]!,
    repliesDropped: net[NetStat.repliesDropped]! + sum(Mailbox.repliesDropped),
    repliesWithheld: sum(Mailbox.repliesWithheld),
    finishedByWorkers: sum(Mailbox.completed),
    failed: sum(Mailbox.failed),
    deviceMissed: net[NetStat.deviceMissed]!,
    deviceNoBuffer: net[NetStat.deviceNoBuffer]!,
    deviceTxErrors: net[NetStat.deviceTxErrors]!,
    slotsInUse: net[NetStat.slotsInUse]!,
    workerBusyNs: workers.map((box) => box[Mailbox.busyNs / 8]!),
  };
}

/** Requests dropped by the server, for whatever reason. */
export function droppedByServer(counts: ServerCounts): number {
  return counts.droppedNoSlot + counts.droppedArrivalsFull + counts.droppedStopping + counts.dropped;
}

/**
 * Requests that the policy was told of and that are nowhere any more: it has lost them. Those that it still counts as
 * waiting are lost, too, if `isOver`: nothing runs, and no reply came to the clients.
 */
export function lostByPolicy(counts: ServerCounts, isOver = false): number {
  const { arrived, completed, dropped, queued, running } = counts;
  return Math.max(0, arrived - completed - dropped - running - (isOver && running === 0 ? 0 : queued));
}

/**
 * Checks that every request that entered the server is counted exactly once. Returns what does not add up, in words.
 * The server must have stopped: while it runs, its threads are counted at different moments.
 */
export function reconcileServer(counts: ServerCounts): string[] {
  const wrong: string[] = [];
  const expectEqual = (what: string, left: number, right: number): void => {
    if (left !== right) wrong.push(`${what}: ${left} against ${right}`);
  };
  const { foreign, malformed, truncated, oversized, badChecksum, arpAnswered } = counts;
  // A datagram for this port that is too short for a request is counted as truncated, not as a request.
  expectEqual(
    'frames received against frames classified',
    counts.framesReceived,
    counts.requests + foreign + malformed + truncated + oversized + badChecksum + arpAnswered,
  );
  expectEqual(
    'requests received against requests dropped by the net thread or told to the scheduler',
    counts.requests,
    counts.droppedNoSlot + counts.droppedArrivalsFull + counts.droppedStopping + counts.arrived,
  );
  expectEqual(
    'requests told to the scheduler against completed, dropped, queued, running and lost by it',
    counts.arrived,
    counts.completed + counts.dropped + counts.queued + counts.running + lostByPolicy(counts),
  );
  expectEqual(
    'completed against replies sent, dropped and not wanted',
    counts.completed,
    counts.repliesSent + counts.repliesDropped + counts.repliesWithheld,
  );
  expectEqual('starts against their ends', counts.dispatched, counts.completed + counts.preempted + counts.running);
  expectEqual(
    'drops against drops by type and reason',
    counts.dropped,
    counts.droppedByType.flat().reduce((sum, n) => sum + n, 0),
  );
  return wrong;
}

/** How many requests the server dropped, by reason; only reasons that occurred. */
export function dropsByReason(counts: ServerCounts): Readonly<Record<string, number>> {
  const all: [string, number][] = [
    ['noSlot', counts.droppedNoSlot],
    ['arrivalsFull', counts.droppedArrivalsFull],
    ['stopping', counts.droppedStopping],
    ...DROP_REASONS.map((reason, index): [string, number] => [
      reason,
      counts.droppedByType.reduce((sum, reasons) => sum + reasons[index]!, 0),
    ]),
  ];
  return Object.fromEntries(all.filter(([, n]) => n > 0));
}

/** The server's closing line: everything it counted. */
export function serverClosingLine(counts: ServerCounts): string {
  const reasons = Object.entries(dropsByReason(counts)).map(([reason, n]) => `${n} ${reason}`);
  const held = counts.queued + counts.running;
  return (
    `received ${counts.requests} requests (${counts.unknownType} of unknown type), completed ${counts.completed}, ` +
    `dropped ${droppedByServer(counts)}${reasons.length > 0 ? ` (${reasons.join(', ')})` : ''}, ` +
    `${held > 0 ? `${held} unfinished, ` : ''}replies sent ${counts.repliesSent}, not sent ${counts.repliesDropped}; ` +
    `other frames: ${counts.foreign} foreign, ${counts.malformed} malformed, ${counts.truncated} truncated, ` +
    `${counts.oversized} oversized, ` +
    `${counts.badChecksum} with a bad checksum, ${counts.arpAnswered} ARP${withoutChecksum(counts)}; ` +
    `device: ${counts.deviceMissed} missed, ` +
    `${counts.deviceNoBuffer} without a buffer, ${counts.deviceTxErrors} not sent`
  );
}

/** Both ends of a run together. */
export interface RunCounts {
  /** Requests in the trace. Some may have been skipped, or never sent because the run was cut short. */
  readonly planned: number;
  readonly sent: number;
  readonly received: number;
  readonly late: number;
  readonly skipped: number;
  readonly unsent: number;
  /** Sent but not answered, and where they ended. */
  readonly unanswered: number;
  readonly dropped: number;
  readonly repliesDropped: number;
  readonly lostToServer: number;
  readonly lostToClient: number;
  readonly heldByServer: number;
}

/**
 * Puts the counts of both ends together: sent = received + dropped (by reason) + replies dropped + held + lost on the
 * wire each way. What one end sent and the other did not get was lost on the wire. `wrong` says what cannot be, such as
 * more received than sent.
 */
export function reconcileRun(
  planned: number,
  client: LoadCounts,
  server: ServerCounts,
): { counts: RunCounts; wrong: string[] } {
  const wrong = reconcileServer(server);
  const lostToServer = client.sent - server.requests;
  const lostToClient = server.repliesSent - client.received - client.duplicates;
  if (lostToServer < 0) wrong.push(`the server received ${server.requests} requests, the client sent ${client.sent}`);
  if (lostToClient < 0) {
    wrong.push(
      `the client received ${client.received + client.duplicates} replies, the server sent ${server.repliesSent}`,
    );
  }
  const counts: RunCounts = {
    planned,
    sent: client.sent,
    received: client.received,
    late: client.late,
    skipped: client.skipped,
    unsent: planned - client.sent - client.skipped,
    unanswered: client.sent - client.received,
    dropped: droppedByServer(server),
    repliesDropped: server.repliesDropped,
    lostToServer,
    lostToClient,
    heldByServer: server.queued + server.running + lostByPolicy(server),
  };
  const accounted =
    counts.received +
    counts.dropped +
    counts.repliesDropped +
    counts.heldByServer +
    lostToServer +
    lostToClient +
    client.duplicates;
  if (accounted !== counts.sent) wrong.push(`sent ${counts.sent}, accounted for ${accounted}`);
  return { counts, wrong };
}

/** The client's closing line, in the words of Perséphone's client. */
export function closingLine(durationNs: number, client: LoadCounts): string {
  const unanswered = client.sent - client.received;
  const events = client.sent + client.received;
  return (
    `Duration: ${(durationNs / 1e9).toFixed(2)}s -> Sent: ${client.sent}, Received: ${client.received}, ` +
    `${unanswered} sent but not answered, ${client.late} behind schedule, ${client.skipped} skipped, ` +
    `${events} events processed, ${client.sendAttempts} send attempts` +
    `${thrownAway(discarded(client))}${withoutChecksum(client)}`
  );
}

/** Frames that came back to a client and were no answers to its requests. */
export function discarded({ foreign, malformed, badChecksum, duplicates, stranger }: LoadCounts): Discarded {
  return { foreign, malformed, badChecksum, duplicates, ...(stranger > 0 && { lastFrom: showSender(stranger) }) };
}

function showSender(stranger: number): string {
  const ip = Math.floor(stranger / 65536);
  return `${[24, 16, 8, 0].map((shift) => Math.floor(ip / 2 ** shift) % 256).join('.')}:${stranger % 65536}`;
}

function withoutChecksum({ withoutChecksum }: { readonly withoutChecksum: number }): string {
  return withoutChecksum > 0 ? `, ${withoutChecksum} taken without an IPv4 checksum` : '';
}

/** What the counts of a server say about its clients: hints at what is set up wrong. */
export function serverHints({ looksLikeIx, truncated, requests }: ServerCounts, frame: FrameFormat): string[] {
  if (looksLikeIx > 0) {
    return [
      `${looksLikeIx} requests have the form of IX frames, but this server reads ${frame}: types and demands of such ` +
        'requests are wrong; set frame: ix here, or --frame psp-mb at the client',
    ];
  }
  if (frame === 'ix' && truncated > 0 && requests === 0) {
    return [`${truncated} datagrams are too short for IX frames: does the client send psp or psp-mb?`];
  }
  return [];
}

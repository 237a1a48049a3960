/**
 * One of the two processes of a loopback run; the first message from its parent says which. It ends when the parent
 * ends.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import { receivePolicy } from '../../policy-files/load-policies.js';
import { sendError } from '../../units/errors.js';
import { rebuildWorkload } from '../../workload/parse-workload.js';
import { runClient } from '../client/client.js';
import { liveP99Slowdown } from '../client/live.js';
import { digestOfTrace, makeTrace, wireTrace } from '../client/planned-trace.js';
import { schedulerTypes } from '../dispatcher/hardware-policy.js';
import { holdDevice } from '../native/device.js';
import { UNKNOWN_CODE, wireCodes } from '../native/wire-codes.js';
import { startServer } from '../server/server.js';
import type { ClientOrder, FromChild, ServerOrder, ToChild } from './child-messages.js';

const LIVE_EVERY_MS = 1000;
/** A timer is late by about a millisecond, so the last ones are waited for without it. */
const SPIN_MS = 2;

const ending = new AbortController();
// A signal to the group reaches the children, too, but the parent decides when they end.
process.on('SIGINT', () => {});
process.on('SIGTERM', () => ending.abort());
process.on('disconnect', () => {
  ending.abort();
  // If the orderly end hangs, do not wait for it.
  setTimeout(() => process.exit(1), 5000).unref();
});
process.on('message', (message: ToChild) => {
  if (message.kind === 'stop') ending.abort();
  else if (message.kind === 'start') begin(message.atMs);
  else void work(message);
});

function tell(message: FromChild): Promise<void> {
  return new Promise((resolve) => {
    if (!process.connected) resolve();
    else process.send!(message, () => resolve());
  });
}

/** When a client of several machines begins, ms since 1970. */
let begin = (_: number): void => {};
const beginning = new Promise<number>((resolve) => {
  begin = resolve;
});

async function work(message: Exclude<ToChild, { kind: 'stop' | 'start' }>): Promise<void> {
  try {
    await (message.kind === 'server' ? serve(message.order) : load(message.order));
  } catch (error) {
    await tell({ kind: 'failed', error: sendError(error) });
  }
  if (process.connected) process.disconnect();
}

async function serve(order: ServerOrder): Promise<void> {
  const { policy, code, ofHost, ...rest } = order;
  if (ofHost) await holdDevice(order.config.device, ending.signal);
  const server = await startServer({
    ...rest,
    policy: receivePolicy(policy, code),
    workload: rebuildWorkload(order.workload),
  });
  const live = setInterval(() => {
    const reservedWorkers = server.reservedWorkers();
    void tell({ kind: 'serverLive', counts: server.counts(), ...(reservedWorkers && { reservedWorkers }) });
  }, LIVE_EVERY_MS);
  await tell({ kind: 'serverReady', mac: server.mac, net: server.net });
  await Promise.race([server.ended.catch(() => {}), aborted(ending.signal)]);
  clearInterval(live);
  const [packetTimes, watched] = [server.packetTimes(), server.watchedCores()];
  const counts = await server.stop();
  const failure = server.failure();
  await tell({
    kind: 'serverDone',
    counts,
    reservations: server.reservations,
    ...(server.clock && { clock: server.clock }),
    ...(packetTimes && { packetTimes }),
    ...(watched && { watched }),
    ...(failure && { failure: sendError(failure) }),
  });
}

async function load(order: ClientOrder): Promise<void> {
  const workload = rebuildWorkload(order.trace.workload);
  const { workload: _, offer, ...part } = order.trace;
  const planned = await makeTrace(workload, offer, part);
  const codes = wireCodes(
    schedulerTypes(workload).map((type) => type.name),
    order.classifier,
  );
  const trace = wireTrace(planned, codes, UNKNOWN_CODE, order.dilation);
  if (order.ofHost) await holdDevice(order.config.device, ending.signal);
  let started = false;
  const tellStarted = (): void => {
    if (!started) void tell({ kind: 'clientStarted' });
    started = true;
  };
  const result = await runClient({
    config: order.config,
    ...(order.folder !== undefined && { folder: order.folder }),
    frame: order.frame,
    trace,
    lateAfterNs: order.lateAfterNs,
    closedLoop: order.closedLoop,
    signal: ending.signal,
    ...(order.ofHost && { beforeStart: () => startTogether(digestOfTrace(workload, planned)) }),
    onStart: tellStarted,
    onProgress: (counts, records) =>
      void tell({ kind: 'clientLive', counts, p99Slowdown: liveP99Slowdown(trace, records) }),
  });
  // A run that was ended while it looked for the server never started, but its parent waits for this message.
  tellStarted();
  await tell({ kind: 'clientDone', ...result });
}

/** Tells that the server is found, and waits for the moment that the parent then names, or for the end. */
async function startTogether(digest: string): Promise<void> {
  await tell({ kind: 'clientConnected', digest });
  const atMs = await Promise.race([beginning, aborted(ending.signal)]);
  if (atMs === undefined) return;
  await sleep(Math.max(0, atMs - Date.now() - SPIN_MS), undefined, { signal: ending.signal }).catch(() => {});
  while (Date.now() < atMs && !ending.signal.aborted);
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

/**
 * One of the two processes of a loopback run; the first message from its parent says which. It ends when the parent
 * ends.
 */

import { receivePolicy } from '../../policy-files/load-policies.js';
import { sendError } from '../../units/errors.js';
import { rebuildWorkload } from '../../workload/parse-workload.js';
import { runClient } from '../client/client.js';
import { liveP99Slowdown } from '../client/live.js';
import { makeTrace, wireTrace } from '../client/planned-trace.js';
import { schedulerTypes } from '../dispatcher/hardware-policy.js';
import { UNKNOWN_CODE, wireCodes } from '../native/wire-codes.js';
import { startServer } from '../server/server.js';
import type { ClientOrder, FromChild, ServerOrder, ToChild } from './child-messages.js';

const LIVE_EVERY_MS = 1000;

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
  else void work(message);
});

function tell(message: FromChild): Promise<void> {
  return new Promise((resolve) => {
    if (!process.connected) resolve();
    else process.send!(message, () => resolve());
  });
}

async function work(message: Exclude<ToChild, { kind: 'stop' }>): Promise<void> {
  try {
    await (message.kind === 'server' ? serve(message.order) : load(message.order));
  } catch (error) {
    await tell({ kind: 'failed', error: sendError(error) });
  }
  if (process.connected) process.disconnect();
}

async function serve(order: ServerOrder): Promise<void> {
  const { policy, code, ...rest } = order;
  const server = await startServer({
    ...rest,
    policy: receivePolicy(policy, code),
    workload: rebuildWorkload(order.workload),
  });
  const live = setInterval(() => {
    const reservedWorkers = server.reservedWorkers();
    void tell({ kind: 'serverLive', counts: server.counts(), ...(reservedWorkers && { reservedWorkers }) });
  }, LIVE_EVERY_MS);
  await tell({ kind: 'serverReady', mac: server.mac });
  await Promise.race([server.ended.catch(() => {}), aborted(ending.signal)]);
  clearInterval(live);
  const [packetTimes, gapsNs] = [server.packetTimes(), server.gapsNs()];
  const counts = await server.stop();
  const failure = server.failure();
  await tell({
    kind: 'serverDone',
    counts,
    reservations: server.reservations,
    ...(server.clock && { clock: server.clock }),
    ...(packetTimes && { packetTimes }),
    ...(gapsNs && { gapsNs }),
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
    onStart: tellStarted,
    onProgress: (counts, records) =>
      void tell({ kind: 'clientLive', counts, p99Slowdown: liveP99Slowdown(trace, records) }),
  });
  // A run that was ended while it looked for the server never started, but its parent waits for this message.
  tellStarted();
  await tell({ kind: 'clientDone', ...result });
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

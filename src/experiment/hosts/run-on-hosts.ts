/** One run on the machines of a testbed: a server, and clients that share its trace and begin at one moment. */

import { readFile } from 'node:fs/promises';
import { type ClientResult, createRecords } from '../../hw/client/client.js';
import {
  ALONE,
  type ClientShare,
  digestOfTrace,
  makeTrace,
  type PlannedTrace,
  partOf,
} from '../../hw/client/planned-trace.js';
import { hardwarePolicy, sentPolicy } from '../../hw/dispatcher/hardware-policy.js';
import type { LoadCounts, NativeRecords, NetForm } from '../../hw/native/native.js';
import { type Dilation, fitDemands, givenDilation } from '../../hw/run/dilation.js';
import { ENDS } from '../../hw/run/record.js';
import {
  finishedRun,
  type HardwareRun,
  type HardwareSpec,
  longestServiceNs,
  withFailure,
} from '../../hw/run/run-pair.js';
import { codeIdentity } from '../../policy-files/policy-hashes.js';
import { parsePolicy } from '../../scheduler/policy-registry.js';
import { EnvironmentError, receiveError } from '../../units/errors.js';
import { parseWorkload } from '../../workload/parse-workload.js';
import { clockAheadMs, connectHost, greet, type HostConnection, type HostLog } from './host-connection.js';
import { type HostClientOrder, type HostMessage, unpackRecords } from './host-messages.js';
import type { Testbed, TestbedMachine } from './read-testbed.js';

/** DPDK, the warm-up of the dispatcher and a link that comes up; on a busy machine much longer. */
const READY_LIMIT_MS = 150_000;
/** The first request is sent this long after all clients were told when. */
const START_IN_MS = 300;
/** What a client takes beside its trace: it drains, and sends its records. */
const BESIDE_TRACE_MS = 120_000;
const STOP_LIMIT_MS = 30_000;

export interface HostsOptions {
  readonly signal?: AbortSignal;
  readonly onLog?: HostLog;
  /** Called when all hosts have answered, or with why one does not: it is missing, or of another version. */
  readonly onGreeted?: (refused?: Error) => void;
}

/**
 * Runs a specification on all machines. Leaves nothing behind on any of them.
 *
 * @throws InputError when the specification is wrong
 * @throws EnvironmentError with the name of the host that failed and its last words
 */
export async function runOnHosts(
  { server, clients }: Testbed,
  spec: HardwareSpec,
  { signal, onLog, onGreeted }: HostsOptions = {},
): Promise<HardwareRun> {
  const plan = await planOf(spec);
  return connected([server, ...clients], { signal, onLog }, async (atServer, atClients) => {
    await greetAll([atServer, ...atClients], onGreeted);
    const net = await startServer(atServer, server, spec, plan);
    const playing = await orNot(atServer, startClients(atClients, clients, spec, plan));
    const played = await orNot(atServer, Promise.all(playing.map((client) => client())));
    const served = await stopServer(atServer);
    const client = together(played, plan.records);
    const run = finishedRun({ ...plan.dilation, net }, plan.trace, client, served);
    return withFailure(run, served.failure && receiveError(served.failure));
  });
}

/** Does something over connections to a server and clients, which end with it or with the signal. */
async function connected<T>(
  machines: readonly TestbedMachine[],
  { signal, onLog }: { readonly signal: AbortSignal | undefined; readonly onLog?: HostLog | undefined },
  work: (atServer: HostConnection, atClients: readonly HostConnection[]) => Promise<T>,
): Promise<T> {
  if (signal?.aborted) throw new EnvironmentError('interrupted');
  const connections = machines.map(({ host }) => connectHost(host, onLog));
  const closeAll = () => Promise.all(connections.map(({ close }) => close()));
  const onAbort = () => void closeAll();
  signal?.addEventListener('abort', onAbort, { once: true });
  try {
    return await work(connections[0]!, connections.slice(1));
  } finally {
    signal?.removeEventListener('abort', onAbort);
    await closeAll();
  }
}

/**
 * Does each client reach the server over the data ports? Sends one request from each.
 *
 * @returns what is wrong, by the name of the host; nothing for those that were answered
 * @throws EnvironmentError when the server does not start
 */
export async function probeClients({ server, clients }: Testbed, signal?: AbortSignal): Promise<Map<string, string>> {
  const workload = parseWorkload('name: probe\ntypes: [{ name: PROBE, ratio: 1, service: 1us }]', 'probe.yaml');
  const requests = clients.length;
  const policy = parsePolicy('c-fcfs');
  const spec = { workload, policy, offer: { rateRps: 1000 }, workers: 1, seed: '1', requests, dilate: 1 };
  const plan = await planOf(spec);
  return connected([server, ...clients], { signal }, async (atServer, atClients) => {
    await startServer(atServer, server, spec, plan);
    const faults = await Promise.all(
      atClients.map(async (connection, i): Promise<[string, string][]> => {
        const { name } = connection.host;
        try {
          const [play] = await startClients([connection], [clients[i]!], spec, plan, { clients: requests, index: i });
          const { counts } = await orNot(atServer, play!());
          return counts.received > 0 ? [] : [[name, 'its request was not answered']];
        } catch (error) {
          return [[name, (error as Error).message]];
        }
      }),
    );
    return new Map(faults.flat());
  });
}

interface HostsPlan {
  readonly trace: PlannedTrace;
  readonly dilation: Dilation;
  readonly longestNs: number;
  /** Filled with what happened to the requests of all clients. */
  readonly records: NativeRecords;
  /** The trace file that a run plays, if it does. */
  readonly file?: Uint8Array;
}

async function planOf(spec: HardwareSpec): Promise<HostsPlan> {
  const trace = await makeTrace(spec.workload, spec.offer, partOf(spec, ALONE));
  const longestNs = longestServiceNs(trace);
  const factor = spec.dilate === 'auto' ? 1 : spec.dilate;
  const dilation = fitDemands(givenDilation(factor, 0, 0), longestNs, false);
  hardwarePolicy(spec.policy, factor);
  const file = spec.trace && (await readFile(spec.trace.path));
  return { trace, dilation, longestNs, records: createRecords(trace.length), ...(file && { file }) };
}

async function greetAll(
  connections: readonly HostConnection[],
  onGreeted: HostsOptions['onGreeted'] = () => {},
): Promise<void> {
  try {
    await Promise.all(connections.map(greet));
  } catch (error) {
    onGreeted(error as Error);
    throw error;
  }
  onGreeted();
}

/** What is waited for, unless the server fails first. */
function orNot<T>({ failed }: HostConnection, promise: Promise<T>): Promise<T> {
  return Promise.race([promise, failed]);
}

async function startServer(
  connection: HostConnection,
  { config }: TestbedMachine,
  { workload, policy, workers, seed }: HardwareSpec,
  { dilation }: HostsPlan,
): Promise<NetForm> {
  await connection.begin({
    ...{ role: 'server', config, workers, seed, ...sentPolicy(policy) },
    workload: workload.source,
    identity: codeIdentity(policy),
    dilation: dilation.factor,
  });
  return (await connection.next('ready', READY_LIMIT_MS)).net;
}

type Played = HostMessage<'clientDone'>;

/** Starts all clients at one moment. Returns a call for each that waits for its end. */
async function startClients(
  connections: readonly HostConnection[],
  machines: readonly TestbedMachine[],
  spec: HardwareSpec,
  plan: HostsPlan,
  only?: ClientShare,
): Promise<(() => Promise<Played>)[]> {
  const shares = machines.map((_, index) => only ?? { clients: machines.length, index });
  const starts = await Promise.all(
    connections.map((connection, i) => {
      connection.on('records', (rows) => unpackRecords(plan.records, rows, shares[i]!));
      return readyClient(connection, orderOf(machines[i]!, shares[i]!, spec, plan), spec, plan);
    }),
  );
  const atMs = Date.now() + START_IN_MS;
  connections.forEach(({ send }, i) => {
    send({ kind: 'start', atMs: atMs + starts[i]! });
  });
  const { trace, dilation } = plan;
  const lengthMs = ((trace.arrivalNs[trace.length - 1] ?? 0) * dilation.factor) / 1e6;
  return connections.map(
    ({ next }) =>
      () =>
        next('clientDone', START_IN_MS + lengthMs + BESIDE_TRACE_MS),
  );
}

function orderOf(
  { host: { address }, config }: TestbedMachine,
  share: ClientShare,
  spec: HardwareSpec,
  { dilation, longestNs }: HostsPlan,
): HostClientOrder {
  return {
    ...{ role: 'client', config, longestNs, ...(address && { address }) },
    trace: { ...partOf(spec, share), workload: spec.workload.source, offer: spec.offer },
    dilation: dilation.factor,
  };
}

/** Returns how far the clock of a client that has found the server is ahead of the one here, ms. */
async function readyClient(
  connection: HostConnection,
  order: HostClientOrder,
  spec: HardwareSpec,
  plan: HostsPlan,
): Promise<number> {
  await connection.begin(order, plan.file);
  const { digest } = await connection.next('connected', READY_LIMIT_MS);
  const expected = digestOfTrace(spec.workload, shareOf(plan.trace, order.trace.share));
  if (digest !== expected) {
    throw new EnvironmentError(`${connection.host.name}: made the trace ${digest}: expected ${expected}, as here`);
  }
  return await clockAheadMs(connection);
}

function shareOf(trace: PlannedTrace, { clients, index }: ClientShare): PlannedTrace {
  const mine = <T extends Float64Array | Uint16Array | Uint32Array>(column: T): T =>
    column.filter((_, i) => i % clients === index) as T;
  const arrivalNs = mine(trace.arrivalNs);
  const { serviceNs, type, flow } = trace;
  return { length: arrivalNs.length, arrivalNs, serviceNs: mine(serviceNs), type: mine(type), flow: mine(flow) };
}

async function stopServer(connection: HostConnection): Promise<HostMessage<'serverDone'>> {
  connection.send({ kind: 'stop' });
  return connection.next('serverDone', STOP_LIMIT_MS);
}

/** All clients as one: counts are sums, and the worst end is that of all. */
function together(played: readonly Played[], records: NativeRecords): ClientResult {
  const counts: Record<string, number> = {};
  for (const each of played) {
    for (const [key, count] of Object.entries(each.counts)) counts[key] = (counts[key] ?? 0) + count;
  }
  const most = (values: readonly number[]) => Math.max(...values);
  const durationNs = most(played.map((each) => each.durationNs));
  // An address and a time are no counts.
  const own = { nowNs: durationNs, stranger: most(played.map((each) => each.counts.stranger)) };
  const worst = most(played.map(({ end }) => ENDS.indexOf(end)));
  return {
    records,
    counts: { ...counts, ...own } as unknown as LoadCounts,
    end: ENDS[worst] as Played['end'],
    durationNs,
    watched: played.flatMap(({ watched }) => watched),
  };
}

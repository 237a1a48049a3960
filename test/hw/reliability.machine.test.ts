import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ALONE } from '../../src/hw/client/planned-trace.js';
import { defaultClassifier } from '../../src/hw/machine/classifier-config.js';
import type { Device } from '../../src/hw/machine/config.js';
import { reconcileServer } from '../../src/hw/memory/counts.js';
import type { NetForm } from '../../src/hw/native/native.js';
import type { ClientOrder, ServerOrder } from '../../src/hw/run/child-messages.js';
import { Child } from '../../src/hw/run/child-process.js';
import { runHardware } from '../../src/hw/run/run-pair.js';
import { parsePolicy } from '../../src/scheduler/policy-registry.js';
import { withNamespace } from './namespace.js';
import { childrenOf, FORMS, isRoot, missingNative, onceIn, workloadNamed } from './support.js';

const BIMODAL = workloadNamed('bimodal');
const SERVER = { ip: '192.168.77.10', port: 6789 };
const common = { eal: [], poll: 'sleep', descriptors: 1024, promiscuous: false } as const;

function orderOf(net: NetForm, device: Device, queues = 1): ServerOrder {
  return {
    config: { ...common, net, device, address: SERVER, workers: 4, application: { name: 'sleep' }, cores: {}, queues },
    frame: 'psp',
    classifier: defaultClassifier('psp'),
    workload: BIMODAL.source,
    policy: 'c-fcfs',
    seed: 1,
    dilation: 100,
  };
}

function clientOrder(device: Device, requests: number, threads = 1): ClientOrder {
  return {
    config: {
      ...common,
      device,
      address: { ip: '192.168.77.11', port: 0 },
      server: SERVER,
      cores: Array(threads).fill(-1),
      drainNs: 500e6,
      share: ALONE,
    },
    frame: 'psp',
    classifier: defaultClassifier('psp'),
    trace: { workload: BIMODAL.source, offer: { load: 0.4, workers: 4 }, seed: 1, requests, share: ALONE },
    dilation: 100,
    lateAfterNs: 1e6,
    closedLoop: false,
  };
}

describe.skipIf(missingNative() !== undefined).each(FORMS)('a server, poll: %s', { timeout: 60_000 }, (net) => {
  const serverOrder = (device: Device, queues?: number) => orderOf(net, device, queues);

  let folder: string;
  let children: Child[];
  const start = (role: string): Child => {
    const child = new Child(role);
    children.push(child);
    return child;
  };
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'psp-test-'));
    children = [];
  });
  afterEach(async () => {
    await Promise.all(children.map((child) => child.end()));
    rmSync(folder, { recursive: true, force: true });
    expect(childrenOf(process.pid)).toEqual([]);
  });

  it('that falls silent is noticed, though its link stays up', async () => {
    const socket = join(folder, 'memif.sock');
    const server = start('server');
    server.send({ kind: 'server', order: serverOrder({ kind: 'memif', socket, listens: true }) });
    await server.next('serverReady');
    const client = start('client');
    client.send({ kind: 'client', order: clientOrder({ kind: 'memif', socket, listens: false }, 100_000) });
    await client.next('clientStarted');
    await sleep(500);
    process.kill(server.pid, 'SIGSTOP');
    try {
      const { counts, end } = await client.next('clientDone');
      expect(end).toBe('serverGone');
      expect(counts.received).toBeGreaterThan(0);
      expect(counts.sent).toBeLessThan(100_000);
    } finally {
      process.kill(server.pid, 'SIGCONT');
    }
  });

  it('outlives a client that is killed in mid-run, and serves the next one', async () => {
    const socket = join(folder, 'memif.sock');
    const server = start('server');
    server.send({ kind: 'server', order: serverOrder({ kind: 'memif', socket, listens: true }) });
    await server.next('serverReady');

    const victim = start('first client');
    victim.send({ kind: 'client', order: clientOrder({ kind: 'memif', socket, listens: false }, 100_000) });
    await victim.next('clientStarted');
    await sleep(500);
    process.kill(victim.pid, 'SIGKILL');

    const next = start('second client');
    next.send({ kind: 'client', order: clientOrder({ kind: 'memif', socket, listens: false }, 150) });
    const { counts, end } = await next.next('clientDone');
    expect(end).toBe('complete');
    expect(counts).toMatchObject({ sent: 150, received: 150 });

    server.send({ kind: 'stop' });
    const done = await server.next('serverDone');
    expect(done.counts.requests).toBeGreaterThan(150 + 20);
    expect(done.counts.queued + done.counts.running).toBe(0);
    // One frame may be an ARP question; everything else was a request, and every request is accounted for.
    expect(reconcileServer(done.counts)).toEqual([]);
  });

  it('serves several queues, from as many load threads, and every request is counted once', async () => {
    const socket = join(folder, 'memif.sock');
    const server = start('server');
    server.send({ kind: 'server', order: serverOrder({ kind: 'memif', socket, listens: true }, 3) });
    await server.next('serverReady');
    const client = start('client');
    client.send({ kind: 'client', order: clientOrder({ kind: 'memif', socket, listens: false }, 300, 3) });
    const { counts, end, records } = await client.next('clientDone');
    expect(end).toBe('complete');
    expect(counts).toMatchObject({ sent: 300, received: 300, duplicates: 0, skipped: 0 });
    expect(records.repliedNs.every((ns, i) => ns > records.sentNs[i]!)).toBe(true);
    server.send({ kind: 'stop' });
    const done = await server.next('serverDone');
    expect(done.counts).toMatchObject({ requests: 300, completed: 300, repliesSent: 300 });
    expect(reconcileServer(done.counts)).toEqual([]);
  });

  it('stops though its workers run for seconds, and counts what they gave up as running', async () => {
    const socket = join(folder, 'memif.sock');
    const server = start('server');
    // LONG takes 4 s then, twice as long as a server that stops waits for it.
    const dilation = 40_000;
    server.send({ kind: 'server', order: { ...serverOrder({ kind: 'memif', socket, listens: true }), dilation } });
    await server.next('serverReady');
    const client = start('client');
    const order = clientOrder({ kind: 'memif', socket, listens: false }, 40);
    const trace = { ...order.trace, offer: { load: 20, workers: 4 } };
    client.send({ kind: 'client', order: { ...order, trace, dilation } });
    await client.next('clientStarted');
    await sleep(500);
    const beganMs = Date.now();
    server.send({ kind: 'stop' });
    const { counts } = await server.next('serverDone');
    expect(Date.now() - beganMs).toBeLessThan(4000);
    expect(counts.queued + counts.running).toBeGreaterThan(0);
    expect(counts.slotsInUse).toBeGreaterThan(0);
    expect(reconcileServer(counts)).toEqual([]);
  });

  it('runs RocksDB: GET reads a key, SCAN walks 5000, every one right', async () => {
    const run = await runHardware({
      workload: workloadNamed('rocksdb'),
      policy: parsePolicy('c-fcfs'),
      offer: { rateRps: 300 },
      workers: 2,
      seed: 1,
      requests: 200,
      dilate: 'auto',
      net,
      application: { name: 'rocksdb', parameters: { path: join(folder, 'db'), scan: 'SCAN' } },
    });
    expect(run.dilation.factor).toBe(1);
    expect(run.wrong).toEqual([]);
    expect(run.counts).toMatchObject({ sent: 200, received: 200 });
    expect(run.server!.failed).toBe(0);
    // The fastest of each kind: other programs disturbed the others.
    const quickestNs = (type: number): number =>
      Math.min(
        ...Array.from(run.trace.type.keys(), (i) => run.records.endedNs[i]! - run.records.startedNs[i]!).filter(
          (ns, i) => run.trace.type[i] === type && !Number.isNaN(ns),
        ),
      );
    // A scan reads 5000 keys, a get one.
    expect(quickestNs(1)).toBeGreaterThan(20 * quickestNs(0));
  });

  it('preempts a SCAN of RocksDB, which goes on where it stopped and is right', async () => {
    const run = await runHardware({
      workload: workloadNamed('rocksdb'),
      policy: parsePolicy('ts:quantum=20us'),
      offer: { rateRps: 400 },
      workers: 2,
      seed: 1,
      requests: 200,
      dilate: 'auto',
      net,
      application: { name: 'rocksdb', parameters: { path: join(folder, 'db'), scan: 'SCAN' } },
    });
    expect(run.wrong).toEqual([]);
    expect(run.counts).toMatchObject({ sent: 200, received: 200 });
    expect(run.server!.preempted).toBeGreaterThan(20);
    // A scan counts its keys and bytes, so one that skips a key or reads one twice has failed.
    expect(run.server!.failed).toBe(0);
  });

  it.skipIf(!isRoot)(
    'answers ordinary kernel sockets over af_packet, ARP included, under the MAC of its configuration',
    () =>
      withNamespace(async ({ outer, run }) => {
        const server = start('server');
        const order = serverOrder({ kind: 'af_packet', interface: outer });
        const address = { ...SERVER, mac: '42:42:42:42:42:01' };
        server.send({ kind: 'server', order: { ...order, config: { ...order.config, address } } });
        await server.next('serverReady');

        // 40 requests in the plain format of the seeds, 10 of them of a type nobody knows, and 5 datagrams that are too
        // short.
        const client = run([process.execPath, '-e', KERNEL_CLIENT, SERVER.ip, String(SERVER.port)]);
        await client.ended;
        expect(JSON.parse(client.said())).toEqual({ answered: 40, bytes: [12] });

        server.send({ kind: 'stop' });
        const { counts } = await server.next('serverDone');
        expect(counts).toMatchObject({ requests: 40, completed: 40, unknownType: 10, truncated: 5, repliesSent: 40 });
        expect(counts.arpAnswered).toBeGreaterThan(0);
        expect(reconcileServer(counts)).toEqual([]);
      }),
  );

  // The server is not psp's.
  onceIn(net).skipIf(!isRoot)(
    'can be any kernel UDP server: the load generator answers ARP, and notices one that is dead',
    () =>
      withNamespace(async ({ outer, inner, ip, run, namespace }) => {
        const server = run([process.execPath, '-e', KERNEL_SERVER, '192.168.77.11', String(SERVER.port)]);
        await server.says('ready');
        const order = clientOrder({ kind: 'af_packet', interface: outer }, 150);
        const config = {
          ...order.config,
          address: { mac: '42:42:42:42:42:02', ip: SERVER.ip, port: 0 },
          server: { ip: '192.168.77.11', port: SERVER.port },
        };
        const client = start('client');
        client.send({ kind: 'client', order: { ...order, frame: 'psp-mb', config } });
        await client.next('clientStarted');
        // The kernel forgets the client's MAC, and must ask for it before it can answer again.
        ip('-n', namespace, 'neigh', 'flush', 'dev', inner);
        const answered = await client.next('clientDone');
        expect(answered).toMatchObject({ end: 'complete', counts: { sent: 150, received: 150 } });

        server.child.kill('SIGKILL');
        await server.ended;
        const second = start('second client');
        second.send({ kind: 'client', order: { ...order, frame: 'psp-mb', config } });
        const unanswered = await second.next('clientDone');
        expect(unanswered).toMatchObject({ end: 'serverGone', counts: { received: 0 } });
      }),
  );
});

/** Answers every request with its first 12 bytes. */
const KERNEL_SERVER = `
const dgram = require('node:dgram');
const [address, port] = process.argv.slice(1);
const socket = dgram.createSocket('udp4');
socket.on('message', (request, from) => socket.send(request.subarray(0, 12), from.port, from.address));
socket.bind(Number(port), address, () => console.log('ready'));
`;

/** Sends, waits for the replies, and prints how many came and how long they were. */
const KERNEL_CLIENT = `
const dgram = require('node:dgram');
const [address, port] = process.argv.slice(1);
const socket = dgram.createSocket('udp4');
const answered = new Set(), bytes = new Set();
const finish = () => {
  console.log(JSON.stringify({ answered: answered.size, bytes: [...bytes] }));
  socket.close();
  clearTimeout(limit);
};
const limit = setTimeout(finish, 8000);
socket.on('message', (reply) => {
  answered.add(reply.readUInt32LE(0));
  bytes.add(reply.length);
  if (answered.size === 40) finish();
});
for (let i = 0; i < 5; i++) socket.send(Buffer.alloc(7), Number(port), address);
for (let i = 0; i < 40; i++) {
  const request = Buffer.alloc(16);
  request.writeUInt32LE(i, 0);
  request.writeUInt32LE(i % 4 === 0 ? 99 : 1 + (i % 2), 4);
  request.writeUInt32LE(4, 8);
  request.writeUInt32LE(100000, 12);
  setTimeout(() => socket.send(request, Number(port), address), 20 * i);
}
`;

import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import type { NetForm } from '../../../src/hw/native/native.js';
import { type HardwareRun, type HardwareSpec, runHardware } from '../../../src/hw/run/run-pair.js';
import { parsePolicy } from '../../../src/scheduler/policy-registry.js';
import { childrenOf, FORMS, missingNative, onceIn, workloadNamed } from '../support.js';

// A folder of its own for temporary files: this test checks that nothing is left, and other tests run beside it.
const folder = mkdtempSync(join(tmpdir(), 'psp-loopback-'));
process.env.TMPDIR = folder;
afterAll(() => rmSync(folder, { recursive: true }));

const BIMODAL = workloadNamed('bimodal');

const specOf =
  (net: NetForm) =>
  (more: Partial<HardwareSpec> = {}): HardwareSpec => ({
    workload: BIMODAL,
    policy: parsePolicy('c-fcfs'),
    offer: { load: 0.5, workers: 4 },
    workers: 4,
    seed: 1,
    requests: 200,
    dilate: 100,
    net,
    ...more,
  });

/** Everything that was planned was sent, answered and counted, on both ends. */
function expectComplete(run: HardwareRun): void {
  const { length } = run.trace;
  expect(run.wrong).toEqual([]);
  expect(run.end).toBe('complete');
  expect(run.counts).toMatchObject({
    planned: length,
    sent: length,
    received: length,
    skipped: 0,
    unsent: 0,
    unanswered: 0,
    dropped: 0,
    repliesDropped: 0,
    lostToServer: 0,
    lostToClient: 0,
    heldByServer: 0,
  });
  expect(run.server).toMatchObject({
    requests: length,
    arrived: length,
    completed: length,
    repliesSent: length,
    unknownType: 0,
  });
}

/** Each worker ends a request before it starts the next, and all workers work. */
function expectOneAtATime({ records: { worker, startedNs, endedNs } }: HardwareRun): void {
  const order = [...worker.keys()].sort((a, b) => startedNs[a]! - startedNs[b]!);
  const freeNs = new Map<number, number>();
  for (const i of order) {
    expect(startedNs[i]!).toBeGreaterThanOrEqual(freeNs.get(worker[i]!) ?? 0);
    freeNs.set(worker[i]!, endedNs[i]!);
  }
  expect([...freeNs.keys()].sort()).toEqual([0, 1, 2, 3]);
}

describe.skipIf(missingNative() !== undefined).each(FORMS)(
  'loopback over memif, dilated, poll: %s',
  { timeout: 60_000 },
  (net) => {
    const spec = specOf(net);

    afterEach(() => {
      expect(childrenOf(process.pid)).toEqual([]);
      expect(readdirSync(folder)).toEqual([]);
    });

    it.each(['c-fcfs', 'd-fcfs', 'darc:window=60', 'ts:quantum=20us'])(
      '%s answers every request and counts it once',
      async (policy) => {
        const run = await runHardware(spec({ policy: parsePolicy(policy) }));
        expectComplete(run);
        for (let i = 0; i < run.trace.length; i++) {
          const { sentNs, repliedNs, receivedNs, dispatchedNs, startedNs, endedNs } = run.records;
          expect(sentNs[i]!).toBeGreaterThanOrEqual(run.trace.arrivalNs[i]!);
          expect(repliedNs[i]!).toBeGreaterThan(sentNs[i]!);
          expect(dispatchedNs[i]!).toBeGreaterThanOrEqual(receivedNs[i]!);
          expect(startedNs[i]!).toBeGreaterThanOrEqual(dispatchedNs[i]!);
          // A worker gives each request what it demands, except for a rounding of one nanosecond of stretched time.
          expect(endedNs[i]! - startedNs[i]!).toBeGreaterThanOrEqual(run.trace.serviceNs[i]! - 0.01);
          // Two processes calibrate their clocks separately, and differ by a few parts in a million.
          expect(repliedNs[i]! - sentNs[i]!).toBeGreaterThan((endedNs[i]! - receivedNs[i]!) * 0.9999);
        }
        if (!policy.startsWith('ts')) expectOneAtATime(run);
        expect(run.closingLine).toMatch(
          /^Duration: \d+\.\d\ds -> Sent: 200, Received: 200, 0 sent but not answered, \d+ behind schedule, 0 skipped, 400 events processed, \d+ send attempts$/,
        );
        if (policy.startsWith('darc')) {
          // One worker of four for the short requests, three for the long ones.
          expect(run.reservations.at(-1)!.reservation.groups.map((group) => group.workers.length)).toEqual([1, 3]);
        }
        if (policy.startsWith('ts')) expect(run.server!.preempted).toBeGreaterThan(50);
      },
    );

    it('plays the same trace for the same seed, and says what it chose', async () => {
      const notes: string[] = [];
      const run = await runHardware(spec({ requests: 50, dilate: 'auto' }), { onNote: (line) => notes.push(line) });
      expect(notes).toHaveLength(1);
      expect(notes[0]).toMatch(new RegExp(`^dilation \\d+: .*; poll: ${net} \\(`));
      expect(run.net).toBe(net);
      expectComplete(run);
      const again = await runHardware(spec({ requests: 50, seed: '1' }));
      expect(again.trace.arrivalNs).toEqual(run.trace.arrivalNs);
      expect(again.trace.serviceNs).toEqual(run.trace.serviceNs);
    });

    it('counts what a bounded queue drops, by type, and the client misses exactly those', async () => {
      const run = await runHardware(
        spec({ policy: parsePolicy('c-fcfs:queue=2'), offer: { load: 3, workers: 4 }, drainNs: 300e6 }),
      );
      expect(run.wrong).toEqual([]);
      expect(run.end).toBe('drained');
      expect(run.counts!.dropped).toBeGreaterThan(10);
      expect(run.counts!.unanswered).toBe(run.counts!.dropped);
      expect(run.counts!.received + run.counts!.dropped).toBe(200);
      const missed = [0, 0];
      run.records.repliedNs.forEach((ns, i) => {
        if (Number.isNaN(ns)) missed[run.trace.type[i]!]!++;
      });
      expect(run.server!.droppedByType.map((reasons) => reasons[0])).toEqual([...missed, 0]);
    });

    it('ends in order when it is interrupted, with the result so far', async () => {
      const stop = new AbortController();
      const run = await runHardware(spec({ requests: 20_000 }), {
        signal: stop.signal,
        onStarted: () => void setTimeout(() => stop.abort(), 300),
      });
      expect(run.wrong).toEqual([]);
      expect(run.end).toBe('stopped');
      expect(run.counts!.received).toBeGreaterThan(10);
      expect(run.counts!.unsent).toBeGreaterThan(1000);
      expect(run.counts!.planned).toBe(run.counts!.sent + run.counts!.unsent);
    });

    it('a killed server ends the client with its partial result', async () => {
      let killedMs = 0;
      const run = await runHardware(spec({ requests: 20_000 }), {
        onStarted: ({ server }) =>
          void setTimeout(() => {
            killedMs = Date.now();
            process.kill(server, 'SIGKILL');
          }, 300),
      });
      expect(run.end).toBe('serverGone');
      expect(run.server).toBeUndefined();
      expect(run.client.received).toBeGreaterThan(10);
      expect(run.client.sent).toBeGreaterThanOrEqual(run.client.received);
      expect(Date.now() - killedMs).toBeLessThan(15_000);
    });

    onceIn(net)('a killed load generator is an error in one line, and the server ends', async () => {
      const run = runHardware(spec({ requests: 20_000 }), {
        onStarted: ({ client }) => void setTimeout(() => process.kill(client, 'SIGKILL'), 100),
      });
      await expect(run).rejects.toThrow('the load generator ended unexpectedly (SIGKILL)');
    });
  },
);

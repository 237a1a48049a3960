import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { EventKind } from '../../src/events/event.js';
import { createEventFile, openEventFile } from '../../src/events/event-file.js';
import { createEventMemory, openEventRing } from '../../src/events/event-ring.js';
import { tapped } from '../../src/events/tap.js';
import { replayFile } from '../../src/experiment/run/event-recording.js';
import { createDispatcher } from '../../src/hw/dispatcher/dispatcher.js';
import { hardwarePolicy, schedulerTypes } from '../../src/hw/dispatcher/hardware-policy.js';
import { ScriptedNative } from '../../src/hw/dispatcher/scripted-native.js';
import { createSharedMemory } from '../../src/hw/memory/layout.js';
import { runHardware } from '../../src/hw/run/run-pair.js';
import { plainParameters } from '../../src/scheduler/policy.js';
import { parsePolicy, policies } from '../../src/scheduler/policy-registry.js';
import { createRequestSource } from '../../src/workload/generate.js';
import { STREAM, substream } from '../../src/workload/random.js';
import { psp } from '../cli/psp.js';
import { traceComplaints } from '../support/trace-events.js';
import { startPsp } from './loopback-commands.js';
import { childrenOf, FORMS, missingNative, workloadNamed } from './support.js';

const folder = mkdtempSync(join(tmpdir(), 'psp-recording-'));
afterAll(() => rmSync(folder, { recursive: true }));

const workload = workloadNamed('tpcc');

describe('a recorded dispatcher', () => {
  const runnable = policies.filter((policy) => !policy.clairvoyant).map(({ name }) => name);

  /**
   * Records the real dispatcher over scripted workers, which answer in bursts. Another reader drains its events from
   * the ring.
   */
  function record(policyText: string, path: string): void {
    const workers = 5;
    const { policy, parameters } = parsePolicy(policyText);
    const memory = createSharedMemory({ workers, types: workload.classified, slots: 4096, arrivalsCapacity: 1024 });
    const events = createEventMemory(1 << 14);
    const ring = openEventRing(events);
    const types = schedulerTypes(workload);
    const random = substream(3, STREAM.stealing);
    const dispatcher = createDispatcher(memory, (world, now) =>
      tapped(policy, ring).create({ workers, types, world, now, random }, parameters),
    );
    const trace = createRequestSource(workload, { load: 0.9, workers, seed: 3, requests: 3000, flows: true });
    const native = new ScriptedNative(memory, trace, () => {});
    const reader = openEventRing(events);
    const plain = plainParameters(parameters);
    const header = { policy: policyText, parameters: plain, workload: 'tpcc', workers, types, seed: '3' } as const;
    const file = createEventFile(path, { world: 'hw', ...header, replication: 0, dilation: 1 });
    for (let turn = 0; native.nextNs() !== Number.POSITIVE_INFINITY || native.inFlight() > 0; turn++) {
      native.advanceTo(native.nowNs + (turn % 7 === 0 ? 40_000 : 2_000));
      dispatcher.step();
      native.react();
      reader.drain(file.add, 1 << 14);
    }
    file.close(reader.lost());
  }

  it.each([...runnable, 'darc:window=300', 'ts:preempt=when-waiting', 'd-fcfs:queue=3'])(
    'under %s is decided again without a difference',
    (policy) => {
      const path = join(folder, 'dispatcher.events');
      record(policy, path);
      const { report } = replayFile(path);
      expect(report.difference).toBeUndefined();
      expect(report.damage).toBeUndefined();
      expect(report.gap).toBeUndefined();
      expect(report.decisions).toBeGreaterThanOrEqual(3000);
    },
  );
});

describe.skipIf(missingNative() !== undefined).each(FORMS)(
  'a recorded run on this machine, poll: %s',
  { timeout: 60_000 },
  (net) => {
    const all = policies.filter(({ clairvoyant, sharing }) => !clairvoyant && !sharing).map(({ name }) => name);
    // What a policy decides does not depend on who polls, so that most are recorded in one of the forms.
    const own = (_: string, i: number) => (i % 2 === 0) === (net === 'inline');
    const both = ['c-fcfs', 'darc'];
    const recorded = [...both, ...all.filter((name) => !both.includes(name)).filter(own)];
    const withParameters = ['darc:window=20', 'darc:declared', 'ts:quantum=20us', 'ts:quantum=5001ns'].filter(own);

    async function recordRun(policy: string, path: string, requests: number, dilate: number): Promise<void> {
      const offer = { load: 0.8, workers: 3 };
      const common = { workload: workloadNamed('bimodal'), workers: 3, seed: 1 } as const;
      const run = await runHardware({
        ...common,
        policy: parsePolicy(policy),
        offer,
        requests,
        dilate,
        net,
        record: path,
      });
      expect(run.end).toBe('complete');
    }

    it.each([...recorded, ...withParameters])('of %s is decided again without a difference', async (policy) => {
      const path = join(folder, 'run.events');
      // The factor is not whole, but stretched times must be.
      await recordRun(policy, path, 60, 100.5);
      const { header, report } = replayFile(path);
      expect(header).toMatchObject({ world: 'hw', policy, workload: 'bimodal', workers: 3, dilation: 100.5 });
      expect(report.difference).toBeUndefined();
      expect(report.damage).toBeUndefined();
      expect(report.gap).toBeUndefined();
      expect(report.decisions).toBeGreaterThanOrEqual(60);
      const declared = { meanNs: [100_500, 10_050_000], ratio: [0.5, 0.5] };
      expect(header.trueProfile).toEqual(policy === 'darc:declared' ? declared : undefined);
    });

    it('that is killed leaves what happened until a second before', async () => {
      const path = join(folder, 'killed.events');
      const args = [
        '--workload',
        'bimodal',
        '--policy',
        'darc:window=20',
        '--workers',
        '2',
        '--load',
        '0.4',
        '--dilate',
        '100',
        '--requests',
        '20k',
        '--poll',
        net,
      ];
      const run = startPsp(['run', '--hw', ...args, '--record', path], folder);
      const recorded = () => (existsSync(path) ? statSync(path).size : 0);
      for (let i = 0; i < 1000 && recorded() < 2000; i++) await sleep(50);
      for (const pid of [run.pid, ...childrenOf(run.pid)]) process.kill(pid, 'SIGKILL');
      await run.outcome();
      const { report } = replayFile(path);
      expect(report.decisions).toBeGreaterThan(10);
      expect(report.difference).toBeUndefined();
      expect(report.damage?.message).toContain('was the run killed?');
    });

    it('with one decision altered is caught', async () => {
      const path = join(folder, 'run.events');
      await recordRun('c-fcfs', path, 60, 100);
      const reader = openEventFile(path);
      const altered = join(folder, 'altered.events');
      const writer = createEventFile(altered, reader.header);
      let starts = 0;
      for (const { count, kind, a, b, c, timeNs } of reader.blocks()) {
        for (let i = 0; i < count; i++) {
          const isIt = kind[i] === EventKind.start && ++starts === 40;
          writer.add(kind[i]!, isIt ? (a[i]! + 1) % 3 : a[i]!, b[i]!, c[i]!, timeNs[i]!);
        }
      }
      reader.close();
      writer.close(0);
      const { report } = replayFile(altered);
      expect(report.decisions).toBe(39);
      expect(report.difference?.recorded).toMatch(/^start request /);
    });

    it('at the command line is replayed and drawn, in stretched time', async () => {
      const run = [
        'run',
        '--hw',
        '--workload',
        'bimodal',
        '--workers',
        '2',
        '--policy',
        'ts:quantum=20us',
        '--load',
        '0.7',
      ];
      const length = ['--requests', '60', '--dilate', '200', '--poll', net, '--record', 'shell.events'];
      const recorded = await psp([...run, ...length], { cwd: folder });
      expect(recorded, recorded.err).toMatchObject({ code: 0 });
      const drawn = async (name: string, ...window: string[]) => {
        const replayed = await psp(['replay', 'shell.events', '--timeline', name, ...window], { cwd: folder });
        expect(replayed, replayed.err).toMatchObject({ code: 0 });
        return readFileSync(join(folder, name), 'utf8');
      };
      expect(await drawn('shell.svg', '--for', '1s')).toMatch(/^<svg [\s\S]*2 workers[\s\S]*200 times/);
      const trace = await drawn('shell.json', '--for', '10s');
      expect(traceComplaints(trace)).toEqual([]);
      const { traceEvents } = JSON.parse(trace) as { traceEvents: { ph: string; dur: number; name: string }[] };
      const longest = Math.max(...traceEvents.filter(({ ph }) => ph === 'X').map(({ dur }) => dur));
      // A slice of 20 us lasts 4 ms here.
      expect(longest).toBeGreaterThan(4000 * 0.9);
      const beyond = await psp(['replay', 'shell.events', '--timeline', 'x.svg', '--from', '100s'], { cwd: folder });
      expect(beyond).toMatchObject({ code: 2, err: expect.stringContaining('expected a time within the recording') });
    });
  },
);

describe('a slice that is stretched', () => {
  it('is whole, and refused when it is longer than a recording can hold', () => {
    expect(hardwarePolicy(parsePolicy('ts:quantum=5001ns'), 200.5).parameters.quantumNs).toBe(1_002_701);
    expect(() => hardwarePolicy(parsePolicy('ts:quantum=3ms'), 1000)).toThrow(
      'ts:quantum: stretched 1000 times this is 3 s: expected at most 2.147483647 s of real time',
    );
  });
});

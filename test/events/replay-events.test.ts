import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { EventKind, isAnswer } from '../../src/events/event.js';
import { createEventFile, openEventFile } from '../../src/events/event-file.js';
import { planRuns } from '../../src/experiment/plan/plan.js';
import { recordSimulation, replayFile } from '../../src/experiment/run/event-recording.js';
import { recordedRequests } from '../../src/experiment/run/recorded-requests.js';
import { runSimulation } from '../../src/experiment/run/run-simulation.js';
import { runTimeline } from '../../src/experiment/run/run-timeline.js';
import type { Timeline } from '../../src/metrics/timeline.js';
import { parsePolicy, policies } from '../../src/scheduler/policy-registry.js';
import { NO_COSTS, type SystemCosts } from '../../src/sim/costs.js';
import { InputError } from '../../src/units/errors.js';
import { trueProfile } from '../../src/workload/workload.js';
import { run, shippedWorkload } from '../support/workloads.js';

const folder = mkdtempSync(join(tmpdir(), 'psp-events-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const workload = shippedWorkload('tpcc');
const WORKERS = 14;

/** Records a short simulated run. Returns the path of the file. */
async function record(policy: string, requests = 4000, costs?: SystemCosts): Promise<string> {
  const path = join(folder, `${policy.replaceAll(/[:=]/g, '_')}.events`);
  const types = workload.types.slice(0, workload.classified);
  const recording = recordSimulation(
    path,
    { policy: parsePolicy(policy), workers: WORKERS, seed: '1', replication: 0 },
    { name: 'tpcc', types, trueProfile: trueProfile(workload) },
  );
  const options = { requests, load: 0.85, workers: WORKERS, ...(costs && { costs }) };
  const { digest } = await run(policy, workload, { ...options, policy: recording.policy });
  recording.close();
  // The tap changes nothing.
  expect(digest).toBe((await run(policy, workload, options)).digest);
  return path;
}

const variants = [
  'darc:window=500',
  'darc:window=500:oracle',
  'darc:window=500:declared',
  'sept:declared',
  'ts-mq:preempt=when-waiting',
  'd-fcfs:queue=2',
];

describe('a recorded run', () => {
  it.each([...policies.map(({ name }) => name), ...variants])(
    'of %s is decided again without a difference',
    async (policy) => {
      const { report } = replayFile(await record(policy));
      expect(report.difference).toBeUndefined();
      expect(report.damage).toBeUndefined();
      expect(report.gap).toBeUndefined();
      expect(report.decisions).toBeGreaterThanOrEqual(4000);
    },
  );

  it.each([
    ['jbsq:k=1', { pollNs: 1000, dispatchNs: 50, noticeNs: 200 }, EventKind.dispatcherIdles],
    ['d-fcfs-steal', { parkNs: 500, wakeNs: 500 }, EventKind.parks],
  ] as const)('of %s in a system with more than workers is, too', async (policy, costs, kind) => {
    const path = await record(policy, 4000, { ...NO_COSTS, ...costs });
    expect(replayFile(path).report).toMatchObject({ decisions: expect.any(Number) });
    expect(replayFile(path).report.difference).toBeUndefined();
    // All are done, and no worker has two at once, not even for the time until the dispatcher hears of it.
    const { doneNs, stretches } = recordedRequests(path);
    expect(doneNs.filter((ns) => !Number.isFinite(ns))).toEqual([]);
    const freeNs: number[] = [];
    for (const { worker, fromNs, toNs } of stretches) {
      expect(fromNs).toBeGreaterThanOrEqual(freeNs[worker] ?? 0);
      freeNs[worker] = toNs;
    }
    expect(freeNs).toHaveLength(WORKERS + (kind === EventKind.dispatcherIdles ? 1 : 0));
    // Without it the scheduler decides otherwise.
    const { difference } = replayFile(
      alter(
        path,
        (each) => each === kind,
        20,
        () => [],
      ),
    ).report;
    expect(difference).toBeDefined();
  });

  /** Copies a recording, with one event changed. */
  function alter(
    path: string,
    pick: (kind: number) => boolean,
    nth: number,
    change: (event: number[]) => number[],
  ): string {
    const reader = openEventFile(path);
    const altered = `${path}.altered`;
    const writer = createEventFile(altered, reader.header);
    let seen = 0;
    for (const block of reader.blocks()) {
      for (let i = 0; i < block.count; i++) {
        let event = [block.kind[i]!, block.a[i]!, block.b[i]!, block.c[i]!];
        if (pick(event[0]!) && seen++ === nth) event = change(event);
        if (event.length > 0) writer.add(event[0]!, event[1]!, event[2]!, event[3]!, block.timeNs[i]!);
      }
    }
    reader.close();
    writer.close(0);
    return altered;
  }

  it('with one start on another worker is caught there, with the context', async () => {
    const path = await record('darc:window=500');
    const altered = alter(
      path,
      (kind) => kind === EventKind.start,
      1234,
      ([kind, worker, request, slice]) => [kind!, (worker! + 1) % WORKERS, request!, slice!],
    );
    const { difference, decisions } = replayFile(altered).report;
    expect(difference).toBeDefined();
    // Reservations are decisions too, so it is the 1235th start or a little later.
    expect(decisions).toBeGreaterThanOrEqual(1234);
    expect(decisions).toBeLessThan(1234 + 20);
    expect(difference!.recorded).toMatch(/^start request \d+ on worker \d+$/);
    expect(difference!.replayed).toMatch(/^start request \d+ on worker \d+$/);
    expect(difference!.recorded).not.toBe(difference!.replayed);
    expect(difference!.reservation?.groups.length).toBeGreaterThan(0);
    expect(difference!.idle.length + difference!.waiting.length).toBeGreaterThan(0);
  });

  it('with one decision left out, or one too many, is caught', async () => {
    const path = await record('ts:quantum=5us');
    const one = alter(path, isAnswer, 500, () => []);
    expect(replayFile(one).report.difference?.recorded).toBe('no further decision');
    const path2 = await record('c-fcfs');
    const two = alter(
      path2,
      (kind) => kind === EventKind.dispatch,
      700,
      ([, ...rest]) => [EventKind.preempt, ...rest],
    );
    expect(replayFile(two).report.difference).toMatchObject({ recorded: 'preempt worker 0', replayed: 'no decision' });
  });

  it('stops at a gap and says how much is missing', async () => {
    const path = await record('c-fcfs');
    const holed = alter(
      path,
      (kind) => kind === EventKind.arrive,
      2000,
      () => [EventKind.gap, 77, 0, 0],
    );
    const { report } = replayFile(holed);
    expect(report).toMatchObject({ gap: { lost: 77 } });
    expect(report.decisions).toBeGreaterThan(1900);
    expect(report.difference).toBeUndefined();
  });

  it('that lost its last events is replayed up to them', async () => {
    const path = await record('c-fcfs', 1000);
    const reader = openEventFile(path);
    const short = `${path}.short`;
    const writer = createEventFile(short, reader.header);
    for (const block of reader.blocks()) {
      // Cut in the middle of a decision: the last event is an arrival's dispatch or a completion.
      const last = block.kind.lastIndexOf(EventKind.start);
      for (let i = 0; i < last; i++)
        writer.add(block.kind[i]!, block.a[i]!, block.b[i]!, block.c[i]!, block.timeNs[i]!);
    }
    reader.close();
    writer.close(3);
    expect(replayFile(short).report).toMatchObject({ decisions: 999, gap: { lost: 3 } });
  });
});

describe('the timeline of a recording', () => {
  it.each(['darc:window=500', 'ts:quantum=5us:cost=0ns', 'd-fcfs-steal'])(
    'of %s is that of the run',
    async (policy) => {
      const record = join(folder, 'timeline.events');
      const settings = { workload: 'tpcc', policies: [policy], load: 0.9, requests: 3000, seed: '5', warmup: 0 };
      const [spec] = (await planRuns({ ...settings, record })).specs;
      await runSimulation(spec!);
      const window = { fromNs: 1e6, forNs: 1e6 };
      const { timeline } = replayFile(record, window);
      const expected = await runTimeline(spec!, window);
      expect(timeline!.runs.length).toBeGreaterThan(100);
      // A recording also has the type UNKNOWN, and knows how requests end that run at the end of the window.
      const waiting = expected.waiting.map(({ atNs, counts }) => ({ atNs, counts: [...counts, 0] }));
      const cut = (runs: Timeline['runs']) =>
        runs.map((run) => (run.toNs < expected.toNs ? run : { ...run, toNs: expected.toNs, end: 'runs on' }));
      expect({ ...timeline, runs: cut(timeline!.runs) }).toEqual({
        ...expected,
        waiting,
        runs: cut(expected.runs),
        typeNames: [...expected.typeNames, 'UNKNOWN'],
      });
    },
  );
});

describe('a damaged event file', () => {
  it('cut off anywhere is refused with the offset, or replayed up to there', async () => {
    const path = await record('d-fcfs', 12_000);
    const whole = readFileSync(path);
    const decisionsUpTo = (bytes: number): number => {
      const cut = `${path}.cut`;
      writeFileSync(cut, whole.subarray(0, bytes));
      try {
        const { report } = replayFile(cut);
        expect(report.difference).toBeUndefined();
        expect(report.damage?.message).toMatch(/^.*\.cut: offset \d+: the file ends in the middle of /);
        return report.decisions;
      } catch (error) {
        expect(error).toBeInstanceOf(InputError);
        return -1;
      }
    };
    expect(decisionsUpTo(0)).toBe(-1);
    expect(decisionsUpTo(20)).toBe(-1);
    const some = decisionsUpTo(whole.length - 40_000);
    expect(some).toBeGreaterThan(1000);
    expect(decisionsUpTo(whole.length - 1)).toBe(12_000);
    expect(decisionsUpTo(whole.length - 1)).toBeGreaterThan(some);
  });

  it('with a flipped bit in its header is refused, as is one of the older form', async () => {
    const path = await record('c-fcfs', 200);
    const whole = readFileSync(path);
    const flipped = Buffer.from(whole);
    flipped[whole.indexOf('"seed":"1"') + 8]! ^= 2;
    writeFileSync(path, flipped);
    expect(() => replayFile(path)).toThrow(
      /offset 20: checksum [0-9a-f]{8} instead of [0-9a-f]{8}: the header is damaged/,
    );
    const older = Buffer.from(whole);
    older.writeUInt32LE(1, 8);
    writeFileSync(path, older);
    expect(() => replayFile(path)).toThrow(
      'offset 8: written by an older psp (version 1 of the format): record the run again',
    );
  });

  it('of a parameter that cannot be, or of more workers than memory, is refused', async () => {
    const path = await record('c-fcfs', 200);
    const { header } = openEventFile(path);
    createEventFile(path, { ...header, parameters: { queue: -1 } }).close(0);
    expect(() => replayFile(path)).toThrow("c-fcfs: queue: expected 'unbounded' or an integer from 1, found '-1'");
    createEventFile(path, { ...header, parameters: { constructor: 1 } }).close(0);
    expect(() => replayFile(path)).toThrow('c-fcfs: has no parameter constructor');
    createEventFile(path, { ...header, workers: 1e9 }).close(0);
    expect(() => replayFile(path)).toThrow(/offset 20: the header: .*workers/s);
  });

  it('of which the end has another count than there are events is refused', async () => {
    const path = await record('c-fcfs', 200);
    const whole = readFileSync(path);
    const { header } = openEventFile(path);
    createEventFile(path, header).close(0);
    const empty = readFileSync(path);
    const endBytes = 12 + Buffer.byteLength('{"events":0,"lost":0}');
    const events = whole.subarray(20 + whole.readUInt32LE(12), whole.lastIndexOf('{"events":') - 12);
    writeFileSync(path, Buffer.concat([empty.subarray(0, -endBytes), events, empty.subarray(-endBytes)]));
    expect(replayFile(path).report.damage?.message).toMatch(/expected 0 events before the end, found \d+$/);
  });

  it.each<[string, readonly [number, number, number, number, number]]>([
    ['arrive: request 5 of type 9): there is no such type', [EventKind.arrive, 5, 9, 0, 10]],
    ['arrive: request 2147483647 of type 0): there is no such request', [EventKind.arrive, 2 ** 31 - 1, 0, 0, 10]],
    ['complete: worker 77): the worker runs nothing', [EventKind.complete, 77, 0, 0, 10]],
    ['sliceExpired: worker 0): the worker runs nothing', [EventKind.sliceExpired, 0, 0, 0, 10]],
    ['leaves: worker 0): the policy has no use for it', [EventKind.leaves, 0, 1, 0, 10]],
    ['a demand of 7 ns): the policy is not told demands', [EventKind.demand, 0, 0, 0, 7]],
  ])('with a right checksum around (%s is refused', (problem, event) => {
    const path = join(folder, 'hostile.events');
    const types = [{ name: 'A' }, { name: 'constructor' }];
    const header = { world: 'sim', policy: 'c-fcfs', parameters: {}, workload: 'x', workers: 2, types } as const;
    const writer = createEventFile(path, { ...header, seed: '1', replication: 0, dilation: 1 });
    writer.add(...event);
    writer.close(0);
    expect(replayFile(path).report.damage?.message).toMatch(/hostile\.events: offset \d+: event 0 \(/);
    expect(replayFile(path).report.damage?.message).toContain(`(${problem}`);
  });

  it('with a flipped bit is refused at the section it is in, and what came before counts', async () => {
    const path = await record('d-fcfs', 12_000);
    const bytes = readFileSync(path);
    bytes[bytes.length - 20_000]! ^= 4;
    writeFileSync(path, bytes);
    const { report } = replayFile(path);
    expect(report.damage?.message).toMatch(
      /offset \d+: checksum [0-9a-f]{8} instead of [0-9a-f]{8}: the section is damaged$/,
    );
    expect(report.decisions).toBeGreaterThan(1000);
  });

  it('that is something else is refused in words', () => {
    const path = join(folder, 'something.else');
    writeFileSync(path, 'arrival_ns,type,service_ns\n1,A,1000\n');
    expect(() => replayFile(path)).toThrow(
      `${path}: offset 0: expected an event file, which begins with PSPEVENT, found "arrival_"`,
    );
    expect(() => replayFile(join(folder, 'none'))).toThrow(/none: cannot be read: there is no such file/);
    expect(() => replayFile('/dev/null')).toThrow('/dev/null: expected an event file, found no regular file');
  });

  it('with a broken header or an unknown policy is refused in words', () => {
    const path = join(folder, 'strange.events');
    const reader = {
      world: 'sim',
      policy: 'dark',
      parameters: {},
      workload: 'x',
      workers: 2,
    } as const;
    createEventFile(path, { ...reader, types: [], seed: '1', replication: 0, dilation: 1 }).close(0);
    expect(() => replayFile(path)).toThrow(/strange\.events: unknown policy 'dark': did you mean 'darc'\?/);
    createEventFile(path, { ...reader, workers: 0, types: [], seed: '1', replication: 0, dilation: 1 }).close(0);
    expect(() => replayFile(path)).toThrow(/offset 20: the header: .*workers/s);
  });
});

import { expect, it } from 'vitest';
import { ALONE, LEAD_NS, makeTrace } from '../../../src/hw/client/planned-trace.js';
import type { WatchedCores } from '../../../src/hw/machine/cores-away.js';
import { readServerCounts } from '../../../src/hw/memory/counts.js';
import { createSharedMemory } from '../../../src/hw/memory/layout.js';
import { givenDilation } from '../../../src/hw/run/dilation.js';
import { recordOfRun } from '../../../src/hw/run/record.js';
import { finishedRun } from '../../../src/hw/run/run-pair.js';
import { believable, onOneClock, toOneClock } from '../../../src/hw/run/stamps.js';
import { workloadNamed } from '../support.js';

const BIMODAL = workloadNamed('bimodal');

/** One worker that takes the same time for every request, first come first served. */
async function played(serviceNs: number, gapNs: number) {
  const trace = await makeTrace(BIMODAL, { rateRps: 1e9 / gapNs }, { seed: 1, requests: 4000, share: ALONE });
  const sentNs = trace.arrivalNs.map((ns) => ns + LEAD_NS);
  let freeNs = 0;
  const repliedNs = sentNs.map((ns) => {
    freeNs = Math.max(freeNs, ns) + serviceNs;
    return freeNs;
  });
  const none = new Float64Array(trace.length).fill(Number.NaN);
  const worker = new Int32Array(trace.length).fill(-1);
  const records = { sentNs, repliedNs, receivedNs: none, dispatchedNs: none, startedNs: none, endedNs: none, worker };
  const counts = {
    ...{ sent: trace.length, received: trace.length, late: 0, skipped: 0, foreign: 0, duplicates: 0, malformed: 0 },
    ...{ badChecksum: 0, withoutChecksum: 0, stranger: 0, sendAttempts: trace.length, nowNs: freeNs },
  };
  const run = finishedRun(givenDilation(1, 1, 4), trace, {
    records,
    counts,
    end: 'complete',
    durationNs: freeNs,
    watched: [],
  });
  return recordOfRun(run, BIMODAL, 0.1).record;
}

it('a run in which the queue grew to the end is unstable, one that kept up is not', async () => {
  expect(await played(1000, 700)).toMatchObject({ growth: 'steady' });
  expect(await played(1000, 2000)).toMatchObject({ growth: 'none', lost: 0, window: { arrived: 3600 } });
  expect(await played(1000, 1200)).toMatchObject({ growth: 'none' });
});

it('stamps of a server on the same machine are read on the clock of the client', () => {
  const column = (...ns: number[]) => Float64Array.of(...ns);
  const stamps = column(0, 5000, Number.NaN);
  const records = {
    ...{ sentNs: column(0, 1, 2), repliedNs: column(9, 9, 9) },
    ...{ receivedNs: stamps, dispatchedNs: stamps, startedNs: stamps, endedNs: stamps, worker: Int32Array.of(0, 0, 0) },
  };
  const counts = {
    sent: 3,
    received: 3,
    late: 0,
    skipped: 0,
    foreign: 0,
    duplicates: 0,
    malformed: 0,
    ...{ badChecksum: 0, withoutChecksum: 0, stranger: 0 },
    sendAttempts: 3,
  };
  const result = { records, counts: { ...counts, nowNs: 0 }, end: 'complete' as const, durationNs: 0 };
  const client = { ...result, clock: { epochTicks: 10_000, nsPerTick: 0.5 } };
  // The server's clock began 2000 ticks before the client's, and its ticks are a little longer.
  const translated = onOneClock(records, toOneClock(client, { epochTicks: 8000, nsPerTick: 0.5001 })!);
  expect(translated.startedNs[0]).toBe(-1000);
  expect(translated.startedNs[1]).toBeCloseTo(-1000 + 5000 * (0.5 / 0.5001), 6);
  expect(translated.startedNs[2]).toBeNaN();
  expect(translated.sentNs).toBe(records.sentNs);
  // The clock of another machine is unknown.
  expect(toOneClock(client, undefined)).toBeUndefined();
});

it('reservations, and times without a core, happened when the requests say they did', async () => {
  const trace = await makeTrace(BIMODAL, { rateRps: 1e6 }, { seed: 1, requests: 10, share: ALONE });
  const column = new Float64Array(trace.length);
  // The quickest request took no time.
  const receivedNs = column.map((_, i) => 500e6 + (i === 3 ? 0 : 1e3));
  const records = {
    ...{ sentNs: column, repliedNs: column, receivedNs, dispatchedNs: column },
    ...{ startedNs: column, endedNs: column, worker: new Int32Array(trace.length) },
  };
  const counts = {
    ...{ sent: 10, received: 10, late: 0, skipped: 0, foreign: 0, duplicates: 0, malformed: 0 },
    ...{ badChecksum: 0, withoutChecksum: 0, stranger: 0, sendAttempts: 10, nowNs: 0 },
  };
  const client = {
    records,
    counts,
    end: 'complete' as const,
    durationNs: 1e9,
    watched: [{ cores: 1, gapsNs: [100e6, 110e6].map((ns) => ns + LEAD_NS) }],
    clock: { epochTicks: 1e6, nsPerTick: 0.5 },
  };
  const memory = createSharedMemory({ workers: 4, types: 2, slots: 16, arrivalsCapacity: 16 });
  const reservation = { groups: [] };
  const server = {
    counts: readServerCounts(memory),
    // The server's clock began half a second before the client's; the client's requests begin after a lead.
    reservations: [0, 500e6, 500e6 + LEAD_NS, 700e6 + LEAD_NS].map((atNs) => ({
      ...{ atNs, reservation, completed: 0, queued: 0 },
    })),
  };
  // Of two cores, each in order: one before any request was sent, one that began then, and one after the end.
  const times = [450e6, 460e6, 700e6, 702e6, 499e6, 600e6, 1600e6, 1700e6];
  const gapsNs = times.map((ns) => ns + LEAD_NS);
  const run = (watched?: WatchedCores, clock?: { epochTicks: number; nsPerTick: number }) => {
    const told = { ...server, ...(watched && { watched }), ...(clock && { clock }) };
    const played = finishedRun(givenDilation(100, 4, 2), trace, client, told);
    return {
      times: played.reservations.map(({ atNs }) => Math.round(atNs)),
      gaps: played.away?.gaps.map(({ fromNs, toNs }) => [Math.round(fromNs), Math.round(toNs)]),
      share: played.away?.share,
      // In real time, not undilated.
      awayNs: recordOfRun(played, BIMODAL, 0).parts.coresAwayNs,
    };
  };
  const reserved = [0, 0, 0, 2e6];
  const ofServer = [
    [0, 1e6],
    [2e6, 2.02e6],
  ];
  const ofClient = [1e6, 1.1e6];
  const share = (ns: number) => expect.closeTo(ns / (1e9 - LEAD_NS), 9);
  // On one machine, the server watches the cores of both.
  expect(run({ cores: 2, gapsNs }, { epochTicks: 1e6 - 1e9, nsPerTick: 0.5 })).toEqual({
    times: reserved,
    gaps: ofServer,
    ...{ share: share(102e6 / 2), awayNs: 102e6 },
  });
  // The clock of another machine is known from the quickest request.
  const [early, late] = ofServer;
  expect(run({ cores: 2, gapsNs })).toEqual({
    times: reserved,
    gaps: [early, ofClient, late],
    ...{ share: share(102e6 / 2), awayNs: 112e6 },
  });
  // Of threads that spin only the sum is known.
  expect(run({ cores: 4, gapsNs: [], waitedNs: 30e6 })).toEqual({
    times: reserved,
    gaps: [ofClient],
    ...{ share: share(10e6), awayNs: 40e6 },
  });
  expect(run()).toMatchObject({ gaps: [ofClient], awayNs: 10e6 });
});

it('stamps that cannot be true are refused and counted; those of slightly different clocks are not', () => {
  const rows = [
    // sent, replied, received, dispatched, started, ended
    [0, 1e6, 50, 60, 70, 5e5],
    [0, 1e6, 50, 60, 70, 50 + 1e6 + 500],
    [0, 1e6, 9e5, 8e5, 8e5, 9e5],
    [0, 1e6, 50, 60, 70, 2e6],
    [0, 1e6, 1e18, 1e18, 1e18, 1.8e19],
    [0, 1e6, Number.NaN, Number.NaN, Number.NaN, Number.NaN],
    [0, Number.NaN, Number.NaN, Number.NaN, Number.NaN, Number.NaN],
  ];
  const column = (at: number) => Float64Array.from(rows, (row) => row[at]!);
  const { records, refused } = believable({
    ...{ sentNs: column(0), repliedNs: column(1), receivedNs: column(2), dispatchedNs: column(3) },
    ...{ startedNs: column(4), endedNs: column(5), worker: Int32Array.from(rows, () => 3) },
  });
  expect(refused).toBe(3);
  expect([...records.worker]).toEqual([3, 3, -1, -1, -1, 3, 3]);
  expect([...records.endedNs]).toEqual([5e5, 1_000_550, NaN, NaN, NaN, NaN, NaN]);
  expect([...records.repliedNs].slice(0, 5)).toEqual([1e6, 1e6, 1e6, 1e6, 1e6]);
});

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { planRuns } from '../../src/experiment/plan/plan.js';
import type { Settings } from '../../src/experiment/plan/run-settings.js';
import { runSimulation } from '../../src/experiment/run/run-simulation.js';
import { runTimeline } from '../../src/experiment/run/run-timeline.js';
import type { Timeline } from '../../src/metrics/timeline.js';
import { idleWhileWaiting } from '../../src/report/timeline/idle.js';
import { timelineSvg } from '../../src/report/timeline/timeline-svg.js';
import { type TraceEvent, timelineTrace } from '../../src/report/timeline/timeline-trace.js';
import { traceComplaints } from '../support/trace-events.js';

const written: string[] = [];
afterAll(() => {
  for (const file of written) rmSync(dirname(file), { recursive: true });
});

async function timelineOf(more: Partial<Settings>, fromNs = 2e6, forNs = 1e6): Promise<Timeline> {
  const { specs } = await planRuns({ workload: 'bimodal', workers: 4, load: 0.9, requests: 5000, ...more });
  return runTimeline(specs[0]!, { fromNs, forNs });
}

function grouped<T, K>(items: readonly T[], key: (item: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const item of items) groups.set(key(item), [...(groups.get(key(item)) ?? []), item]);
  return groups;
}

const CASES: Record<string, Partial<Settings>> = {
  'c-fcfs': { policies: ['c-fcfs'] },
  ts: { policies: ['ts'] },
  darc: { policies: ['darc:window=100'] },
  'd-fcfs with drops': { policies: ['d-fcfs:queue=1'], load: 1.5 },
  'd-fcfs-steal': { policies: ['d-fcfs-steal:cost=1us'] },
  shinjuku: { systems: ['shinjuku'] },
  'a system that varies': { systems: [varyingSystem()] },
};

/** A file as psp calibrate writes it: costs with quantiles. */
function varyingSystem(): string {
  const file = join(mkdtempSync(join(tmpdir(), 'psp-test-')), 'varying.yaml');
  writeFileSync(
    file,
    'name: varying\ntitle: Varying\ndescription: a hand-off that varies\npolicy: c-fcfs\ndelays:\n  handoff: { ' +
      'time: 140ns, source: measured, quantiles: [[0, 90ns], [0.5, 140ns], [1, 2us]] }\n',
  );
  written.push(file);
  return file;
}

describe.each(Object.entries(CASES))('the timeline of %s', (_, settings) => {
  it('holds together', async () => {
    const timeline = await timelineOf(settings);
    const { fromNs, toNs, workers } = timeline;
    expect(timeline.runs.length).toBeGreaterThan(20);
    // No worker does two things at once.
    for (let worker = 0; worker < workers; worker++) {
      const spans = [...timeline.runs, ...timeline.overheads].filter((span) => span.worker === worker);
      spans.sort((a, b) => a.fromNs - b.fromNs);
      for (const [i, span] of spans.entries()) {
        expect(span.toNs).toBeGreaterThan(span.fromNs);
        if (i > 0) expect(span.fromNs).toBeGreaterThanOrEqual(spans[i - 1]!.toNs);
      }
    }
    // The parts of a request follow one another, and a request that is there whole has run for what its type demands.
    const parts = grouped(timeline.runs, ({ request }) => request);
    for (const all of parts.values()) {
      for (const [i, { part, fromNs: begins }] of all.entries()) {
        if (i > 0) expect(part).toBe(all[i - 1]!.part + 1);
        if (i > 0) expect(begins).toBeGreaterThanOrEqual(all[i - 1]!.toNs);
      }
      if (all[0]!.part === 0 && all.at(-1)!.end === 'completed') {
        const ranNs = all.reduce((sum, run) => sum + run.toNs - run.fromNs, 0);
        expect(ranNs).toBe(timeline.typeNames[all[0]!.type] === 'SHORT' ? 1000 : 100_000);
      }
    }
    expect(timeline.waiting[0]!.atNs).toBe(fromNs);
    for (const [i, { atNs, counts }] of timeline.waiting.entries()) {
      expect(Math.min(...counts)).toBeGreaterThanOrEqual(0);
      expect(atNs).toBeLessThan(toNs);
      if (i > 0) expect(atNs).toBeGreaterThan(timeline.waiting[i - 1]!.atNs);
    }
  });

  it('is a document of the Trace Event Format', async () => {
    const timeline = await timelineOf(settings);
    const text = timelineTrace(timeline, 'a "title"');
    expect(traceComplaints(text)).toEqual([]);
    const { traceEvents, displayTimeUnit } = JSON.parse(text) as {
      traceEvents: TraceEvent[];
      displayTimeUnit: string;
    };
    expect(displayTimeUnit).toBe('ns');
    const fromUs = timeline.fromNs / 1000;
    const toUs = timeline.toNs / 1000;
    let lastTs = Number.NEGATIVE_INFINITY;
    for (const event of traceEvents) {
      expect(['X', 'M', 'C', 'i', 's', 't', 'f']).toContain(event.ph);
      expect(event.name).not.toBe('');
      expect(Number.isInteger(event.pid)).toBe(true);
      if (event.ph === 'M') continue;
      expect(event.ts).toBeGreaterThanOrEqual(lastTs);
      lastTs = event.ts!;
      expect(event.ts).toBeGreaterThanOrEqual(fromUs);
      expect(event.ts).toBeLessThanOrEqual(toUs);
      if (event.ph !== 'C') expect(Number.isInteger(event.tid)).toBe(true);
      if (event.ph === 'X') {
        expect(event.dur).toBeGreaterThan(0);
        expect(event.ts! + event.dur!).toBeLessThanOrEqual(toUs + 1e-6);
      }
      if (event.ph === 'C') for (const count of Object.values(event.args!)) expect(typeof count).toBe('number');
      if (event.ph === 'i') expect(['p', 't']).toContain(event.s);
    }
    // Each row that is used has a name.
    const named = new Set(traceEvents.filter(({ name }) => name === 'thread_name').map(({ tid }) => tid));
    const used = traceEvents.filter(({ ph }) => ph === 'X').map(({ tid }) => tid);
    expect(used.filter((tid) => !named.has(tid))).toEqual([]);
    // An arrow begins with s, goes on with t, ends with f, and each of its points lies within a slice of its row.
    const arrows = grouped(
      traceEvents.filter(({ ph }) => ph === 's' || ph === 't' || ph === 'f'),
      ({ id }) => id,
    );
    for (const points of arrows.values()) expect(points.map(({ ph }) => ph).join('')).toMatch(/^st*f$/);
    for (const { tid, ts } of [...arrows.values()].flat()) {
      const slice = traceEvents.find(
        (event) =>
          event.ph === 'X' &&
          event.cat === 'request' &&
          event.tid === tid &&
          event.ts! <= ts! &&
          ts! < event.ts! + event.dur!,
      );
      expect(slice).toBeDefined();
    }
    const resumed = timeline.runs.filter(({ end }) => end === 'preempted').length;
    expect(arrows.size > 0).toBe(resumed > 1);
    expect(traceEvents.some(({ cat }) => cat === 'drop')).toBe(timeline.drops.length > 0);
    expect(traceEvents.some(({ cat }) => cat === 'steal')).toBe(timeline.steals.length > 0);
    expect(traceEvents.some(({ cat }) => cat === 'reservation')).toBe(timeline.reservations.length > 0);
  });

  it('is a picture whose numbers are numbers', async () => {
    const timeline = await timelineOf(settings);
    const svg = timelineSvg(timeline, { title: 'a < b & "c"', subtitle: 'x' });
    expect(svg).toContain('a &#60; b &#38; &#34;c&#34;');
    expect(svg).not.toMatch(/NaN|Infinity|undefined/);
    // Every element that is opened is closed.
    const open = svg.match(/<[a-z]+/gi)!.length;
    expect(svg.match(/<\/[a-z]+|\/>/gi)!.length).toBe(open);
    const bars = svg.match(/<g fill="#[0-9a-f]{6}">.*?<\/g>/gs)!.join('');
    for (const [, x, width] of bars.matchAll(/<rect x="([\d.]+)" y="[\d.]+" width="([\d.]+)"/g)) {
      expect(Number(x)).toBeGreaterThanOrEqual(84);
      expect(Number(x) + Number(width)).toBeLessThanOrEqual(941);
    }
  });
});

it('draws a system whose costs vary, as psp calibrate writes them, as the run itself has it', async () => {
  const { specs } = await planRuns({
    workload: 'bimodal',
    policies: ['d-fcfs-steal'],
    systems: [fileURLToPath(new URL('calibrated.yaml', import.meta.url))],
    requests: 2000,
    warmup: 0,
  });
  const timeline = await runTimeline(specs[0]!, { fromNs: 0, forNs: 1e9 });
  const { preemptions, steals, overhead, workers, durationNs } = await runSimulation(specs[0]!);
  expect(timeline.runs.filter(({ end }) => end === 'completed')).toHaveLength(2000);
  expect([preemptions, timeline.steals.length]).toEqual([0, steals]);
  // The costs that were drawn are those of the run: every switch as long as there.
  const untilNs = (toNs: number) => Math.min(toNs, durationNs);
  const switchedNs = timeline.overheads.reduce((sum, { fromNs, toNs }) => sum + untilNs(toNs) - untilNs(fromNs), 0);
  expect(switchedNs / (durationNs * workers)).toBeCloseTo(overhead, 4);
});

it('the cases cover what a timeline can show', async () => {
  const all = await Promise.all(Object.values(CASES).map((settings) => timelineOf(settings)));
  for (const key of ['overheads', 'dispatcher', 'drops', 'steals', 'reservations'] as const) {
    expect(all.some((timeline) => timeline[key].length > 0)).toBe(true);
  }
});

it('is idle while requests wait only where a policy keeps it idle', async () => {
  expect(idleWhileWaiting(await timelineOf(CASES['c-fcfs']!))).toEqual([]);
  const darc = idleWhileWaiting(await timelineOf(CASES.darc!));
  expect(darc.length).toBeGreaterThan(0);
  // With one of four workers reserved for SHORT, it is that one.
  expect(new Set(darc.map(({ worker }) => worker))).toEqual(new Set([0]));
});

it('colours and hatches reserved workers', async () => {
  const svg = timelineSvg(await timelineOf(CASES.darc!), { title: 'darc', subtitle: '' });
  expect(svg).toContain('kept idle while a request waits');
  expect(svg).toMatch(/<g fill="url\(#hatch0\)"><rect/);
  expect(timelineSvg(await timelineOf(CASES['c-fcfs']!), { title: '', subtitle: '' })).not.toMatch(/url\(#hatch/);
});

it('a window after the last request is refused', async () => {
  await expect(timelineOf({ requests: 100 }, 1e9)).rejects.toThrow(
    /^from: the last request comes at [\d.]+ ms, before the timeline begins$/,
  );
});

it('the picture in docs/timelines.md is the one its command draws', { timeout: 60_000 }, async () => {
  const timeline = await timelineOf({ policies: ['darc'], workers: 14, load: 0.85, requests: 2_000_000 }, 300e6, 600e3);
  const svg = timelineSvg(timeline, {
    title: 'darc on High Bimodal',
    subtitle: '14 workers · load 0.85 · seed 1 · 600us from 300ms',
  });
  await expect(svg).toMatchFileSnapshot('../../docs/timeline-darc.svg');
});

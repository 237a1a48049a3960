import { expect, it } from 'vitest';
import { createPainter, mixed, type PaintColors, type PaintLayout, pixelOf } from '../../src/lab/paint-recording.js';
import { packRecording, type Recording } from '../../src/lab/recording.js';
import type { Timeline, TimelineRun } from '../../src/metrics/timeline.js';

const COLORS: PaintColors = {
  ...{ paper: 1, line: 2, overhead: 3 },
  ...{ bars: [10, 11], waits: [20, 21], hatches: [30, 31] },
};
/** Two rows of 10 px, with a gap of 1 px around each, above a queue of 10 px. */
const LAYOUT: PaintLayout = { width: 100, height: 36, tops: [0, 10, 20], queueTop: 22, gridX: [50], ratio: 1 };

const run = (of: Partial<TimelineRun>): TimelineRun => ({
  ...{ worker: 0, request: 0, type: 0, fromNs: 0, toNs: 10, part: 0, end: 'completed' },
  ...of,
});

function recordingOf(runs: readonly TimelineRun[], more: Partial<Timeline> = {}): Recording {
  const timeline = {
    ...{ fromNs: 0, toNs: 100, workers: 2, typeNames: ['S', 'L'], runs, overheads: [], dispatcher: [] },
    ...{ waiting: [], drops: [], steals: [], reservations: [] },
    ...more,
  };
  const arrivalNs = Float64Array.from({ length: 8 }, (_, request) =>
    request === 3 ? 20 : (runs.find((each) => each.request === request)?.fromNs ?? 0),
  );
  const requests = { length: 8, arrivalNs, serviceNs: new Float64Array(8), type: new Uint16Array(8) };
  for (const { request, type } of runs) requests.type[request] = type;
  return packRecording(timeline, requests, false);
}

/** One line of what is painted, in the view from 0 to 100 ns: a pixel is a nanosecond. */
function lineOf(
  recording: Recording,
  y: number,
  view = { fromNs: 0, toNs: 100 },
): (from: number, to: number) => number[] {
  const { pixels } = createPainter()(recording, view, LAYOUT, COLORS);
  const line = [...pixels.subarray(y * LAYOUT.width, (y + 1) * LAYOUT.width)];
  return (from, to) => line.slice(from, to);
}

it('a colour is the same in memory and on paper', () => {
  expect(pixelOf('#0072b2')).toBe(0xffb27200);
  expect(pixelOf('#fff')).toBe(0xffffffff);
  expect(mixed(pixelOf('#000'), pixelOf('#fff'), 0.5)).toBe(0xff808080);
});

it('a request is a bar from its beginning to its end in the colour of its type, on the row of its worker', () => {
  const recording = recordingOf([
    run({ fromNs: 30, toNs: 60 }),
    run({ worker: 1, request: 1, type: 1, fromNs: 70, toNs: 90 }),
  ]);
  expect(lineOf(recording, 5)(28, 62)).toEqual([1, 1, ...Array(29).fill(10), 1, 1, 1]);
  expect(lineOf(recording, 15)(49, 52)).toEqual([1, 2, 1]);
  expect(lineOf(recording, 15)(69, 91)).toEqual([1, ...Array(19).fill(11), 1, 1]);
  // The gap between two rows.
  expect(new Set(lineOf(recording, 10)(0, 100))).toEqual(new Set([1, 2]));
});

it('what is shorter than a pixel is seen, the first of it, and what lies outside of the view is not', () => {
  const recording = recordingOf([
    run({ fromNs: 30.1, toNs: 30.2 }),
    run({ request: 1, type: 1, fromNs: 30.2, toNs: 30.4 }),
    run({ request: 2, fromNs: 90, toNs: 95 }),
  ]);
  expect(lineOf(recording, 5)(29, 32)).toEqual([1, 10, 1]);
  expect(new Set(lineOf(recording, 5, { fromNs: 31, toNs: 89 })(0, 100))).toEqual(new Set([1, 2]));
});

it('a wait is a line at the bottom of the row, over what it waits behind', () => {
  const recording = recordingOf([run({ type: 1, toNs: 60 }), run({ request: 3, fromNs: 60, toNs: 70 })]);
  expect(lineOf(recording, 8)(19, 22)).toEqual([11, 20, 20]);
  expect(lineOf(recording, 8)(58, 62)).toEqual([20, 20, 10, 10]);
  expect(lineOf(recording, 4)(19, 22)).toEqual([11, 11, 11]);
  // Also when what waits begins after the view.
  expect(lineOf(recording, 8, { fromNs: 0, toNs: 50 })(38, 42)).toEqual([11, 11, 20, 20]);
});

it('a preemption is a slanted cut, and the time it costs is in the middle of the row', () => {
  const overheads = [{ worker: 0, fromNs: 40, toNs: 43 }];
  const recording = recordingOf([run({ fromNs: 20, toNs: 40, end: 'preempted' })], { overheads });
  expect(lineOf(recording, 8)(37, 43)).toEqual([10, 10, 1, 1, 1, 1]);
  expect(lineOf(recording, 1)(36, 43)).toEqual([1, 1, 10, 10, 1, 1, 1]);
  expect(lineOf(recording, 5)(40, 44)).toEqual([3, 3, 3, 1]);
});

it('a worker that is kept for shorter requests is hatched; those of the longest are open to all', () => {
  const groups = [
    { types: [0], workers: [0] },
    { types: [1], workers: [1] },
  ];
  const recording = recordingOf([run({ toNs: 30 })], { reservations: [{ atNs: 20, groups }] });
  expect(lineOf(recording, 5)(19, 29)).toEqual(Array(10).fill(10));
  expect(lineOf(recording, 5)(31, 43)).toEqual(
    [30, 1, 1, 1, 1, 1].flatMap((_, i) => [(i * 2 + 36) % 6 === 0 ? 30 : 1, 1]),
  );
  expect(new Set(lineOf(recording, 15)(0, 100))).toEqual(new Set([1, 2]));
});

it('the queue is as deep as requests wait, by type, on a round scale', () => {
  const waiting = [
    { atNs: 0, counts: [0, 0] },
    { atNs: 20, counts: [2, 3] },
    { atNs: 40, counts: [0, 0] },
  ];
  const recording = recordingOf([], { waiting });
  const { pixels, depth } = createPainter()(recording, { fromNs: 0, toNs: 100 }, LAYOUT, COLORS);
  expect(depth).toBe(5);
  const column = (x: number) => Array.from({ length: 14 }, (_, i) => pixels[(22 + i) * LAYOUT.width + x]);
  expect(column(30)).toEqual([10, 10, 10, 10, 11, 11, 11, 11, 11, 11, 1, 1, 1, 1]);
  expect(new Set([...column(10), ...column(60)])).toEqual(new Set([1]));
});

import { describe, expect, it } from 'vitest';
import { collectTimeline } from '../../src/metrics/timeline.js';

const window = { fromNs: 1000, toNs: 2000, workers: 2, typeNames: ['A', 'B'] };

/**
 * Two workers; request 0 runs into the window, 1 is preempted and resumes on the other worker, 2 runs out of it, 3 and
 * 4 come too late.
 */
function told() {
  const { observer, finish } = collectTimeline(window);
  observer.arrives(0, 0, 100);
  observer.starts(0, 0, 0, 100, 100);
  observer.arrives(1, 1, 200);
  observer.starts(1, 1, 1, 900, 950);
  observer.stops(0, 1100, true, 1100);
  observer.arrives(2, 0, 1150);
  observer.arrives(5, 0, 1150);
  observer.drops(5, 0, 1150);
  observer.stops(1, 1200, false, 1300);
  observer.steals(0, 1, 1, 1300);
  observer.starts(0, 1, 1, 1300, 1350);
  observer.starts(1, 2, 0, 1400, 1400);
  observer.dispatcher(1500, 1510);
  observer.dispatcher(1510, 1530);
  observer.dispatcher(1600, 1610);
  observer.stops(0, 1750, true, 1800);
  observer.arrives(3, 0, 1990);
  observer.arrives(4, 0, 2100);
  observer.dispatcher(2100, 2110);
  return finish([
    { atNs: 0, groups: [{ types: [0], workers: [0, 1] }] },
    { atNs: 500, groups: [{ types: [1], workers: [0, 1] }] },
    { atNs: 1500, groups: [] },
    { atNs: 2500, groups: [] },
  ]);
}

describe('a timeline', () => {
  const timeline = told();

  it('has the stretches that touch the window, in the order they begin', () => {
    expect(timeline.runs).toEqual([
      { worker: 0, request: 0, type: 0, part: 0, fromNs: 100, toNs: 1100, end: 'completed' },
      { worker: 1, request: 1, type: 1, part: 0, fromNs: 950, toNs: 1200, end: 'preempted' },
      { worker: 0, request: 1, type: 1, part: 1, fromNs: 1350, toNs: 1750, end: 'completed' },
      { worker: 1, request: 2, type: 0, part: 0, fromNs: 1400, toNs: 2000, end: 'runs on' },
    ]);
  });

  it('has what workers and the dispatcher spent', () => {
    expect(timeline.overheads).toEqual([
      { worker: 1, fromNs: 1200, toNs: 1300 },
      { worker: 0, fromNs: 1300, toNs: 1350 },
      { worker: 0, fromNs: 1750, toNs: 1800 },
    ]);
    expect(timeline.dispatcher).toEqual([
      { fromNs: 1500, toNs: 1530 },
      { fromNs: 1600, toNs: 1610 },
    ]);
  });

  it('counts who waits, by type', () => {
    expect(timeline.waiting).toEqual([
      { atNs: 1000, counts: [0, 0] },
      { atNs: 1150, counts: [1, 0] },
      { atNs: 1200, counts: [1, 1] },
      { atNs: 1300, counts: [1, 0] },
      { atNs: 1400, counts: [0, 0] },
      { atNs: 1990, counts: [1, 0] },
    ]);
  });

  it('has the reservation that holds and those that follow, drops and steals', () => {
    expect(timeline.reservations.map(({ atNs }) => atNs)).toEqual([500, 1500]);
    expect(timeline.drops).toEqual([{ atNs: 1150, type: 0 }]);
    expect(timeline.steals).toEqual([{ atNs: 1300, thief: 0, victim: 1, count: 1 }]);
  });
});

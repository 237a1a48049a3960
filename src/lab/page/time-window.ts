import type { Span } from '../../metrics/timeline.js';
import type { Recording } from '../recording.js';
import { type Signal, signal } from '../signals.js';

/** What is seen at first, ns. */
export const FIRST_WINDOW_NS = 1e6;
export const SHORTEST_NS = 200;

/** The stretch of time that is seen, which never leaves what was recorded. */
export interface TimeWindow {
  readonly view: Signal<Span>;
  /** What was recorded of any policy. */
  bounds(): Span;
  set(fromNs: number, lengthNs: number): void;
  /** Makes it longer by a factor; what is seen at `atNs` stays in its place. */
  zoom(factor: number, atNs?: number): void;
  /** Moves it by a share of its length. */
  pan(share: number): void;
}

export function createTimeWindow(recordings: Signal<readonly Recording[]>): TimeWindow {
  const view = signal<Span>({ fromNs: 0, toNs: FIRST_WINDOW_NS });

  function bounds(): Span {
    const all = recordings.peek();
    if (all.length === 0) return { fromNs: 0, toNs: FIRST_WINDOW_NS };
    return { fromNs: Math.min(...all.map((each) => each.fromNs)), toNs: Math.max(...all.map((each) => each.toNs)) };
  }

  function set(fromNs: number, lengthNs: number): void {
    const all = bounds();
    const most = all.toNs - all.fromNs;
    const length = Math.max(Math.min(SHORTEST_NS, most), Math.min(lengthNs, most));
    const from = Math.max(all.fromNs, Math.min(fromNs, all.toNs - length));
    view.set({ fromNs: from, toNs: from + length });
  }

  return {
    view,
    bounds,
    set,
    zoom(factor, given) {
      const { fromNs, toNs } = view.peek();
      const atNs = given ?? (fromNs + toNs) / 2;
      set(atNs - (atNs - fromNs) * factor, (toNs - fromNs) * factor);
    },
    pan(share) {
      const { fromNs, toNs } = view.peek();
      set(fromNs + share * (toNs - fromNs), toNs - fromNs);
    },
  };
}

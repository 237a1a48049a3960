/** What is drawn of two recordings, and where. */

import type { Span } from '../../metrics/timeline.js';
import { TYPE_COLORS } from '../../report/charts/palette.js';
import type { PaintColors } from '../paint-recording.js';
import { mixed, pixelOf } from '../paint-recording.js';
import type { Recording } from '../recording.js';

/** A request that is lit up. */
export interface Chosen {
  /** In which of the timelines. */
  readonly index: number;
  readonly request: number;
}

export interface Scene {
  readonly recordings: readonly Recording[];
  readonly titles: readonly string[];
  readonly view: Span;
  /** Later than this is pale; undefined: nothing is. */
  readonly nowNs: number | undefined;
  readonly chosen: Chosen | undefined;
  readonly width: number;
  /** Pixels of the screen in one of the page. */
  readonly ratio: number;
  readonly colors: Colors;
}

export interface Colors {
  readonly ink: string;
  readonly soft: string;
  readonly paper: string;
  /** By type. */
  readonly bars: readonly string[];
  readonly paint: PaintColors;
}

/** As the style of the page has them now. */
export function readColors(): Colors {
  const style = getComputedStyle(document.documentElement);
  const read = (name: string) => style.getPropertyValue(name).trim();
  const [ink, soft, paper] = [read('--ink'), read('--soft'), read('--card')];
  const bars = TYPE_COLORS.map((_, type) => read(`--bar-${type}`));
  const ground = pixelOf(paper);
  const pale = (share: number) => bars.map((color) => mixed(pixelOf(color), ground, share));
  const paint = {
    paper: ground,
    line: pixelOf(read('--line')),
    overhead: pixelOf(soft),
    bars: bars.map(pixelOf),
    waits: pale(0.5),
    hatches: pale(0.45),
  };
  return { ink, soft, paper, bars, paint };
}

export const LEFT = 46;
export const RIGHT = 10;
export const TITLE = 24;
export const QUEUE_DEPTH = 44;
const GAP = 12;
export const AXIS = 26;
const ROWS = 210;
export const CANVAS_FONT = '12px system-ui, sans-serif';

function rowHeight(workers: number): number {
  return Math.max(2, Math.min(16, Math.floor(ROWS / workers)));
}

export interface Frame {
  readonly top: number;
  readonly row: number;
  readonly queueTop: number;
  readonly bottom: number;
}

/** Where the timeline of this index is, px. */
export function frameOf(recordings: readonly Recording[], index: number): Frame {
  let top = 0;
  for (let i = 0; ; i++) {
    const { workers } = recordings[i]!;
    const row = rowHeight(workers);
    const queueTop = top + TITLE + workers * row + 6;
    const bottom = queueTop + QUEUE_DEPTH;
    if (i === index) return { top: top + TITLE, row, queueTop, bottom };
    top = bottom + GAP;
  }
}

export function sceneHeight(recordings: readonly Recording[]): number {
  return recordings.length === 0 ? 0 : frameOf(recordings, recordings.length - 1).bottom + AXIS;
}

/** The colour of a type in the style of the page. */
export function colorOf(type: number): string {
  return `var(--bar-${type % TYPE_COLORS.length})`;
}

/** The time at a place, ns. */
export function timeAt({ view, width }: Pick<Scene, 'view' | 'width'>, x: number): number {
  return view.fromNs + ((x - LEFT) / (width - LEFT - RIGHT)) * (view.toNs - view.fromNs);
}

export interface Painter {
  readonly context: CanvasRenderingContext2D;
  readonly scene: Scene;
  readonly recording: Recording;
  readonly frame: Frame;
  readonly x: (ns: number) => number;
}

const longest = new WeakMap<Recording, number>();

export function longestOf(recording: Recording): number {
  const known = longest.get(recording);
  if (known !== undefined) return known;
  const { fromNs, toNs } = recording.runs;
  const most = fromNs.reduce((most, from, i) => Math.max(most, toNs[i]! - from), 0);
  longest.set(recording, most);
  return most;
}

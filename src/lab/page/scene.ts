/** What is drawn of two recordings, and where. */

import type { Span } from '../../metrics/timeline.js';
import { TYPE_COLORS } from '../../report/charts/palette.js';
import { firstAfter, type Recording } from '../recording.js';

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
  readonly colors: Colors;
}

export interface Colors {
  readonly ink: string;
  readonly soft: string;
  readonly paper: string;
  readonly line: string;
}

export const LEFT = 46;
export const RIGHT = 10;
export const TITLE = 24;
export const QUEUE_DEPTH = 44;
const GAP = 12;
export const AXIS = 26;
const ROWS = 250;
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

export function colorOf(type: number): string {
  return TYPE_COLORS[type % TYPE_COLORS.length]!;
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
  /** px per ns */
  readonly scale: number;
}

/** Index of the first run that may reach into the view: none lasts longer than the longest. */
export function firstIn({ recording, scene }: Painter): number {
  return Math.max(0, firstAfter(recording.runs.fromNs, scene.view.fromNs - longestOf(recording)) - 1);
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

/**
 * Paints a recording as pixels. A path of ten thousand bars takes a canvas without a graphics card 100 ms; this takes
 * few, because it visits only what is in the view and writes each pixel once.
 */

import type { Span } from '../metrics/timeline.js';
import { roundUp } from '../units/round-steps.js';
import { firstAfter, PREEMPTED, type Recording } from './recording.js';

/** Colours as {@link pixelOf} makes them. */
export interface PaintColors {
  readonly paper: number;
  readonly line: number;
  readonly overhead: number;
  /** Of requests, by type. */
  readonly bars: readonly number[];
  /** Of their waits. */
  readonly waits: readonly number[];
  /** Of the hatching of workers that are reserved for them. */
  readonly hatches: readonly number[];
}

/** Where things are, in pixels of the screen. */
export interface PaintLayout {
  readonly width: number;
  readonly height: number;
  /** Top of the row of each worker, and at last the bottom of all. */
  readonly tops: readonly number[];
  readonly queueTop: number;
  /** Vertical lines of the time axis. */
  readonly gridX: readonly number[];
  /** Pixels of the screen in one of the page. */
  readonly ratio: number;
}

export interface Painted {
  /** Row by row; the next painting overwrites it. */
  readonly pixels: Uint32Array<ArrayBuffer>;
  /** How many waiting requests the full depth of the queue stands for. */
  readonly depth: number;
}

/** In pixels of the page: lower rows have no gap between them. */
const GAP_FROM = 7;
/** A shorter stretch has no slanted cut: little would be left of it. */
const SLANTED_FROM = 6;
/** How far a cut goes to the left at its top, and how wide it is. */
const SLANT = 3;
const CUT = 2;
const HATCH_EVERY = 6;
const LEAST_DEPTH = 5;

/** A colour `#rgb` or `#rrggbb` as a pixel has it in memory (little-endian: 0xffbbggrr). */
export function pixelOf(color: string): number {
  const digits = color.slice(1);
  const rgb = Number.parseInt(digits.length === 3 ? digits.replace(/./g, '$&$&') : digits, 16);
  return (0xff000000 | ((rgb & 0xff) << 16) | (rgb & 0xff00) | (rgb >> 16)) >>> 0;
}

/** Pixels of a colour that covers a share of what is below. */
export function mixed(over: number, under: number, share: number): number {
  const part = (shift: number) =>
    Math.round(share * ((over >>> shift) & 0xff) + (1 - share) * ((under >>> shift) & 0xff)) << shift;
  return (0xff000000 | part(16) | part(8) | part(0)) >>> 0;
}

/** Spans by worker, in the order of time: those of one are `order[first[worker]]` … `order[first[worker + 1] - 1]`. */
interface Grouped {
  readonly order: Int32Array;
  readonly first: Int32Array;
}

interface ByWorker {
  readonly runs: Grouped;
  readonly overheads: Grouped;
  /** No request waits longer before it begins, ns. */
  readonly longestWaitNs: number;
}

const known = new WeakMap<Recording, ByWorker>();

function byWorker(recording: Recording): ByWorker {
  const before = known.get(recording);
  if (before) return before;
  const { runs, overheads, arrivalNs, workers } = recording;
  const waitedNs = runs.fromNs.map((fromNs, i) => (runs.part[i] === 0 ? fromNs - arrivalNs[runs.request[i]!]! : 0));
  const made: ByWorker = {
    runs: grouped(runs, workers),
    overheads: grouped(overheads, workers),
    longestWaitNs: waitedNs.reduce((most, each) => Math.max(most, each), 0),
  };
  known.set(recording, made);
  return made;
}

function grouped({ worker, fromNs }: { worker: Uint16Array; fromNs: Float64Array }, workers: number): Grouped {
  const order = Int32Array.from(worker, (_, i) => i).sort((a, b) => worker[a]! - worker[b]! || fromNs[a]! - fromNs[b]!);
  const first = new Int32Array(workers + 1);
  for (const each of worker) first[each + 1]!++;
  for (let i = 0; i < workers; i++) first[i + 1]! += first[i]!;
  return { order, first };
}

/** The first of a worker's spans that ends after a moment, as a place in `order`. */
function firstOf({ order, first }: Grouped, worker: number, toNs: Float64Array, atNs: number): number {
  let low = first[worker]!;
  let high = first[worker + 1]!;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (toNs[order[middle]!]! > atNs) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** One line of pixels for each thing that a row shows; 0: nothing. */
interface Lines {
  readonly base: Uint32Array;
  readonly bars: Uint32Array;
  readonly waits: Uint32Array;
  readonly overheads: Uint32Array;
  readonly hatches: Uint32Array;
  /** Right ends of stretches that are cut, px. */
  readonly cuts: Int32Array;
}

interface Painting {
  readonly recording: Recording;
  readonly view: Span;
  readonly layout: PaintLayout;
  readonly colors: PaintColors;
  readonly lines: Lines;
  readonly pixels: Uint32Array;
  /** px per ns */
  readonly scale: number;
}

export type RecordingPainter = (recording: Recording, view: Span, layout: PaintLayout, colors: PaintColors) => Painted;

/** A painter keeps its memory from frame to frame. */
export function createPainter(): RecordingPainter {
  let pixels = new Uint32Array(0);
  let lines = linesOf(0);
  return (recording, view, layout, colors) => {
    const { width, height, gridX } = layout;
    if (lines.base.length !== width) lines = linesOf(width);
    if (pixels.length !== width * height) pixels = new Uint32Array(width * height);
    const scale = width / (view.toNs - view.fromNs);
    const painting = { recording, view, layout, colors, lines, pixels, scale };
    lines.base.fill(colors.paper);
    for (const x of gridX) lines.base[x] = colors.line;
    for (let y = 0; y < height; y++) pixels.set(lines.base, y * width);
    for (let worker = 0; worker < recording.workers; worker++) paintRow(painting, worker);
    return { pixels, depth: paintQueue(painting) };
  };
}

function linesOf(width: number): Lines {
  const line = () => new Uint32Array(width);
  return { base: line(), bars: line(), waits: line(), overheads: line(), hatches: line(), cuts: new Int32Array(width) };
}

function fill(line: Uint32Array, color: number, from: number, to: number): void {
  line.fill(color, Math.max(0, from), Math.max(0, to));
}

function paintRow(painting: Painting, worker: number): void {
  const { layout, lines, pixels } = painting;
  const { width, tops, ratio } = layout;
  const { base, bars, waits, overheads, hatches } = lines;
  const cuts = fillRuns(painting, worker);
  fillOverheads(painting, worker);
  const isHatched = fillHatches(painting, worker);
  const inset = tops[worker + 1]! - tops[worker]! >= GAP_FROM * ratio ? Math.round(ratio) : 0;
  const top = tops[worker]! + inset;
  const bottom = tops[worker + 1]! - inset;
  const quarter = Math.max(1, Math.round((bottom - top) / 4));
  const hatchEvery = Math.round(HATCH_EVERY * ratio);
  let before: Uint32Array | undefined;
  for (let y = top; y < bottom; y++) {
    // Waits are at the bottom of a row, over what they wait behind; overheads in its middle.
    const over = y >= bottom - quarter ? waits : y >= top + quarter ? overheads : bars;
    const at = y * width;
    if (over === before && !isHatched) {
      pixels.copyWithin(at, at - width, at);
      continue;
    }
    before = over;
    for (let x = 0; x < width; x++) {
      const hatch = isHatched && (x + y) % hatchEvery < ratio ? hatches[x]! : 0;
      pixels[at + x] = over[x]! || bars[x]! || hatch || base[x]!;
    }
  }
  for (let i = 0; i < cuts; i++) cut(painting, lines.cuts[i]!, top, bottom);
}

/** Fills the lines of a worker's requests and their waits. Returns how many cuts there are. */
function fillRuns({ recording, view, layout, colors, lines, scale }: Painting, worker: number): number {
  const { runs, type, arrivalNs } = recording;
  const { bars, waits, cuts } = lines;
  const { runs: own, longestWaitNs } = byWorker(recording);
  const { width, ratio } = layout;
  bars.fill(0);
  waits.fill(0);
  /** The first pixel that is free. Of what is shorter than a pixel, the first is seen. */
  let free = 0;
  let count = 0;
  const end = own.first[worker + 1]!;
  for (let at = firstOf(own, worker, runs.toNs, view.fromNs); at < end; at++) {
    const i = own.order[at]!;
    const fromNs = runs.fromNs[i]!;
    if (fromNs > view.toNs + longestWaitNs) break;
    const request = runs.request[i]!;
    const kind = type[request]! % colors.bars.length;
    const left = Math.round((fromNs - view.fromNs) * scale);
    if (runs.part[i] === 0) {
      fill(waits, colors.waits[kind]!, Math.round((arrivalNs[request]! - view.fromNs) * scale), left);
    }
    if (left >= width) continue;
    const right = Math.round((runs.toNs[i]! - view.fromNs) * scale);
    const isCut = runs.end[i] === PREEMPTED && right - left >= SLANTED_FROM * ratio;
    const until = Math.max(left + 1, !isCut && right - left > 3 * ratio ? right - 1 : right);
    if (until <= free) continue;
    fill(bars, colors.bars[kind]!, Math.max(free, left), until);
    if (isCut && count < cuts.length) cuts[count++] = right;
    free = until;
  }
  return count;
}

function fillOverheads({ recording, view, colors, lines, scale }: Painting, worker: number): void {
  const { fromNs, toNs } = recording.overheads;
  const { overheads: own } = byWorker(recording);
  lines.overheads.fill(0);
  const end = own.first[worker + 1]!;
  for (let at = firstOf(own, worker, toNs, view.fromNs); at < end; at++) {
    const i = own.order[at]!;
    if (fromNs[i]! > view.toNs) break;
    const left = Math.round((fromNs[i]! - view.fromNs) * scale);
    const right = Math.round((toNs[i]! - view.fromNs) * scale);
    fill(lines.overheads, colors.overhead, left, Math.max(left + 1, right));
  }
}

/**
 * Fills the line of what a worker is reserved for. The workers of the last group, which has the longest requests, are
 * open to all shorter ones: they are reserved for nobody.
 */
function fillHatches({ recording, view, colors, lines, scale }: Painting, worker: number): boolean {
  const { reservations } = recording;
  lines.hatches.fill(0);
  let isHatched = false;
  reservations.forEach(({ atNs, groups }, i) => {
    const untilNs = reservations[i + 1]?.atNs ?? view.toNs;
    if (untilNs <= view.fromNs || atNs >= view.toNs) return;
    const group = groups.slice(0, -1).find(({ workers }) => workers.includes(worker));
    if (!group) return;
    isHatched = true;
    const color = colors.hatches[(group.types[0] ?? 0) % colors.hatches.length]!;
    fill(lines.hatches, color, Math.round((atNs - view.fromNs) * scale), Math.round((untilNs - view.fromNs) * scale));
  });
  return isHatched;
}

function cut({ layout: { width, ratio }, colors, pixels }: Painting, right: number, top: number, bottom: number): void {
  for (let y = top; y < bottom; y++) {
    const to = Math.round(right + ratio - (SLANT * ratio * (bottom - 1 - y)) / (bottom - top));
    const from = Math.round(to - CUT * ratio);
    if (from < width) pixels.fill(colors.paper, y * width + Math.max(0, from), y * width + Math.min(width, to));
  }
}

/** Paints how many requests wait, by type. Returns what the full depth stands for. */
function paintQueue({ recording, view, layout, colors, pixels, scale }: Painting): number {
  const { width, queueTop, height, ratio } = layout;
  const { atNs, counts } = recording.waiting;
  const types = recording.typeNames.length;
  const endNs = Math.min(view.toNs, recording.toNs);
  /** Requests that wait of a type and those before it. Of what happens within a pixel, the deepest queue is seen. */
  const depths = new Uint32Array(width * types);
  let most = LEAST_DEPTH;
  for (let i = Math.max(0, firstAfter(atNs, view.fromNs) - 1); i < atNs.length && atNs[i]! < endNs; i++) {
    const left = Math.max(0, Math.floor((atNs[i]! - view.fromNs) * scale));
    const right = Math.min(width - 1, Math.floor((Math.min(endNs, atNs[i + 1] ?? endNs) - view.fromNs) * scale));
    let sum = 0;
    for (let type = 0; type < types; type++) {
      sum += counts[i * types + type]!;
      if (sum === 0) continue;
      for (let x = left; x <= right; x++) if (depths[x * types + type]! < sum) depths[x * types + type] = sum;
    }
    most = Math.max(most, sum);
  }
  const depth = roundUp(most);
  const rows = height - queueTop - Math.round(4 * ratio);
  for (let x = 0; x < width; x++) {
    let y = 0;
    for (let type = 0; type < types; type++) {
      const to = Math.ceil((rows * depths[x * types + type]!) / depth);
      for (; y < to; y++) pixels[(queueTop + y) * width + x] = colors.bars[type % colors.bars.length]!;
    }
  }
  for (let x = 0; x < width; x++) pixels[(queueTop - 1) * width + x] = colors.line;
  return depth;
}

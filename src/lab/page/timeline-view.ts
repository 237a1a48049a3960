/** The timelines with what moves them: play, step, speed, drag, zoom, and the request that is lit up. */

import type { Span } from '../../metrics/timeline.js';
import { make } from '../../report/page/dom.js';
import { firstAfter, type Recording, stretchesOf, worstWait } from '../recording.js';
import { effect, type Signal, signal } from '../signals.js';
import { drawScene } from './draw-timeline.js';
import { type Chosen, readColors, type Scene, sceneHeight } from './scene.js';
import { createTimeWindow, FIRST_WINDOW_NS, SHORTEST_NS, type TimeWindow } from './time-window.js';
import { FIRST_SPEED, storyLine, timeBar, timelineLegend } from './timeline-bar.js';
import { listen } from './timeline-input.js';

/** Where in the view the time that is played stands. */
const NOW_AT = 0.8;
/** How long a picture stands where the system asks for no motion, ms. */
const STILL_MS = 700;
/** How much wider than a request the window around it is. */
const AROUND = 3;

export interface TimelineView {
  readonly node: HTMLElement;
  readonly view: Signal<Span>;
  readonly chosen: Signal<Chosen | undefined>;
  readonly canvas: HTMLCanvasElement;
  scene(): Scene | undefined;
  /** Shows the request of a type that waited longest under a policy. */
  jumpToWorst(index: number, type: string): void;
  play(isOn: boolean): void;
  /** Shows what is wanted first, of what is there. */
  showWanted(): void;
}

/**
 * @param recordings what is drawn; empty when there is nothing
 * @param titles of each
 * @param wanted what to show first of new recordings: its length from their beginning, where it lies outside of them;
 *   undefined: the first millisecond
 */
export function timelineView(
  recordings: Signal<readonly Recording[]>,
  titles: () => readonly string[],
  wanted: () => Span | undefined,
): TimelineView {
  const time = createTimeWindow(recordings);
  const { view } = time;
  const now = signal<number | undefined>(undefined);
  const chosen = signal<Chosen | undefined>(undefined);
  const playing = signal(false);
  const speed = signal(FIRST_SPEED);
  const canvas = make('canvas', { tabindex: '0', role: 'img', class: 'timelines' });

  const colors = signal(readColors());
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => colors.set(readColors()));

  function scene(): Scene | undefined {
    const all = recordings.peek();
    if (all.length === 0) return undefined;
    const shared = { recordings: all, titles: titles(), view: view.peek(), nowNs: now.peek(), chosen: chosen.peek() };
    return { ...shared, width: canvas.clientWidth, ratio: Math.min(2, devicePixelRatio || 1), colors: colors.peek() };
  }

  effect(() => {
    recordings.get();
    showWanted();
    if (!isSeen(recordings.peek(), chosen.peek(), view.peek())) chosen.set(undefined);
  });
  drawOnChange(canvas, [recordings, view, now, chosen, colors], scene);
  playAlong({ playing, speed, now, time });
  const step = () => {
    playing.set(false);
    stepOn(recordings.peek(), now, time);
  };
  listen({ canvas, scene, time, chosen, playing, step });

  function showWanted(): void {
    now.set(undefined);
    showFirst(recordings, time, wanted());
  }

  function jumpToWorst(index: number, type: string): void {
    const recording = recordings.peek()[index];
    const request = recording ? worstWait(recording, recording.typeNames.indexOf(type)) : -1;
    if (!recording || request < 0) return;
    playing.set(false);
    now.set(undefined);
    chosen.set({ index, request });
    const fromNs = recording.arrivalNs[request]!;
    const lengthNs = Math.max(SHORTEST_NS, recording.doneNs[request]! - fromNs);
    time.set(fromNs - lengthNs * ((AROUND - 1) / 2), lengthNs * AROUND);
  }

  const bar = timeBar({ playing, speed, now, step, time });
  return {
    node: make('div', {}, bar, timelineLegend(recordings), canvas, storyLine(recordings, chosen)),
    view,
    chosen,
    canvas,
    scene,
    jumpToWorst,
    showWanted,
    play: (isOn) => playing.set(isOn),
  };
}

function showFirst(recordings: Signal<readonly Recording[]>, time: TimeWindow, asked: Span | undefined): void {
  if (recordings.peek().length === 0) return;
  const { fromNs, toNs } = time.bounds();
  const lengthNs = asked ? asked.toNs - asked.fromNs : FIRST_WINDOW_NS;
  const isWithin = asked && asked.toNs > fromNs && asked.fromNs < toNs;
  time.set(isWithin ? asked.fromNs : fromNs, lengthNs);
}

/** Is the request that is lit up among what is seen of new recordings? */
function isSeen(all: readonly Recording[], chosen: Chosen | undefined, { fromNs, toNs }: Span): boolean {
  const recording = chosen && all[chosen.index];
  if (!recording) return false;
  const { runs } = recording;
  return stretchesOf(recording, chosen.request).some((i) => runs.toNs[i]! > fromNs && runs.fromNs[i]! < toNs);
}

/** Draws once per frame at most. */
function drawOnChange(
  canvas: HTMLCanvasElement,
  signals: readonly { get(): unknown }[],
  scene: () => Scene | undefined,
): void {
  const context = canvas.getContext('2d', { alpha: false, willReadFrequently: true })!;
  let frame = 0;
  const draw = () => {
    frame = 0;
    const shown = scene();
    if (!shown || shown.width === 0) return;
    const { ratio } = shown;
    const height = sceneHeight(shown.recordings);
    const [across, down] = [Math.round(shown.width * ratio), Math.round(height * ratio)];
    if (canvas.width !== across || canvas.height !== down) {
      canvas.width = across;
      canvas.height = down;
      canvas.style.height = `${height}px`;
    }
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    drawScene(context, shown);
  };
  const drawSoon = () => {
    if (frame === 0) frame = requestAnimationFrame(draw);
  };
  effect(() => {
    for (const each of signals) each.get();
    drawSoon();
  });
  new ResizeObserver(drawSoon).observe(canvas);
}

/** To the next moment at which something happens under one of the policies. */
function stepOn(all: readonly Recording[], now: Signal<number | undefined>, time: TimeWindow): void {
  const { fromNs, toNs } = time.view.peek();
  const at = now.peek() ?? fromNs;
  const times = all.flatMap(({ arrivalNs, runs }) => {
    const next = (values: Float64Array) => values[firstAfter(values, at)] ?? Number.POSITIVE_INFINITY;
    return [next(arrivalNs), next(runs.fromNs), nextEnd(runs, at)];
  });
  const atNs = Math.min(...times);
  if (!Number.isFinite(atNs)) return;
  now.set(atNs);
  const length = toNs - fromNs;
  if (atNs > fromNs + NOW_AT * length || atNs < fromNs) time.set(atNs - NOW_AT * length, length);
}

/** Ends are not in the order of time, but near the beginnings. */
function nextEnd({ fromNs, toNs }: Recording['runs'], at: number): number {
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < fromNs.length && fromNs[i]! < least; i++) if (toNs[i]! > at) least = Math.min(least, toNs[i]!);
  return least;
}

function playAlong({
  playing,
  speed,
  now,
  time,
}: {
  playing: Signal<boolean>;
  speed: Signal<number>;
  now: Signal<number | undefined>;
  time: TimeWindow;
}): void {
  let lastMs: number | undefined;
  const tick = (ms: number) => {
    // Where the system asks for no motion, pictures follow each other.
    const everyMs = matchMedia('(prefers-reduced-motion: reduce)').matches ? STILL_MS : 0;
    if (playing.peek() && lastMs !== undefined && ms - lastMs < everyMs) {
      requestAnimationFrame(tick);
      return;
    }
    if (!playing.peek()) {
      lastMs = undefined;
      return;
    }
    const { fromNs, toNs } = time.view.peek();
    const passedMs = Math.min(Math.max(100, everyMs), ms - (lastMs ?? ms));
    lastMs = ms;
    const end = time.bounds().toNs;
    const next = Math.min(end, (now.peek() ?? fromNs) + (passedMs / 1000) * 10 ** speed.peek());
    now.set(next);
    const length = toNs - fromNs;
    if (next > fromNs + NOW_AT * length) time.set(next - NOW_AT * length, length);
    if (next >= end) playing.set(false);
    else requestAnimationFrame(tick);
  };
  effect(() => {
    if (playing.get()) requestAnimationFrame(tick);
  });
}

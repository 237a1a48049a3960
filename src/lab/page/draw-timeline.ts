/** Two timelines on one canvas, one above the other, with one time axis. */

import { roundUp } from '../../units/round-steps.js';
import { firstAfter, PREEMPTED } from '../recording.js';
import { timeLabel } from '../request-story.js';
import { drawChosen } from './chosen-request.js';
import {
  AXIS,
  CANVAS_FONT,
  colorOf,
  firstIn,
  frameOf,
  LEFT,
  type Painter,
  QUEUE_DEPTH,
  RIGHT,
  type Scene,
  sceneHeight,
  TITLE,
} from './scene.js';

export function drawScene(context: CanvasRenderingContext2D, scene: Scene): void {
  const { recordings, width, colors } = scene;
  context.fillStyle = colors.paper;
  context.fillRect(0, 0, width, sceneHeight(recordings));
  context.font = CANVAS_FONT;
  const { fromNs, toNs } = scene.view;
  const scale = (width - LEFT - RIGHT) / (toNs - fromNs);
  const x = (ns: number) => LEFT + (ns - fromNs) * scale;
  drawAxis(context, scene, x);
  recordings.forEach((recording, index) => {
    const frame = frameOf(recordings, index);
    context.save();
    context.beginPath();
    context.rect(LEFT, frame.top, width - LEFT - RIGHT, frame.bottom - frame.top);
    context.clip();
    const painter = { context, scene, recording, frame, x, scale };
    drawReservations(painter);
    drawRuns(painter);
    drawQueues(painter);
    if (scene.chosen?.index === index) drawChosen(painter, scene.chosen.request);
    drawFuture(painter);
    context.restore();
    drawLabels(painter, scene.titles[index]!);
  });
}

function drawAxis(context: CanvasRenderingContext2D, scene: Scene, x: (ns: number) => number): void {
  const { view, width, colors, recordings } = scene;
  const bottom = sceneHeight(recordings) - AXIS;
  const most = Math.max(2, Math.floor((width - LEFT) / 110));
  const step = roundUp((view.toNs - view.fromNs) / most);
  context.strokeStyle = colors.line;
  context.fillStyle = colors.soft;
  context.lineWidth = 1;
  context.textAlign = 'center';
  context.textBaseline = 'top';
  context.beginPath();
  for (let i = Math.ceil(view.fromNs / step); i * step <= view.toNs; i++) {
    const at = Math.round(x(i * step)) + 0.5;
    context.moveTo(at, TITLE);
    context.lineTo(at, bottom + 4);
    // The digits that differ between two neighbours are all shown.
    context.fillText(timeLabel(i * step, step), Math.min(at, width - 30), bottom + 7);
  }
  context.stroke();
}

/** Rows of reserved workers, hatched in the colour of their type. */
function drawReservations({ context, recording, frame, x, scene }: Painter): void {
  const { reservations } = recording;
  reservations.forEach(({ atNs, groups }, i) => {
    if (groups.length < 2) return;
    const from = Math.max(LEFT, x(Math.max(atNs, scene.view.fromNs)));
    const to = Math.min(scene.width, x(reservations[i + 1]?.atNs ?? scene.view.toNs));
    for (const { types, workers } of groups) {
      context.fillStyle = hatch(context, types[0] ?? 0);
      for (const worker of workers) context.fillRect(from, frame.top + worker * frame.row, to - from, frame.row);
    }
  });
}

const hatches = new Map<string, CanvasPattern>();

function hatch(context: CanvasRenderingContext2D, type: number): CanvasPattern {
  const color = colorOf(type);
  const known = hatches.get(color);
  if (known) return known;
  const tile = document.createElement('canvas');
  tile.width = tile.height = 6;
  const lines = tile.getContext('2d')!;
  lines.strokeStyle = color;
  lines.globalAlpha = 0.4;
  lines.beginPath();
  for (const at of [-6, 0, 6]) {
    lines.moveTo(at - 1, 7);
    lines.lineTo(at + 7, -1);
  }
  lines.stroke();
  const made = context.createPattern(tile, 'repeat')!;
  hatches.set(color, made);
  return made;
}

function drawRuns(painter: Painter): void {
  const { context, recording, frame, x, scene, scale } = painter;
  const { runs, type, arrivalNs, typeNames, workers } = recording;
  const inset = frame.row > 6 ? 1 : 0;
  const height = frame.row - 2 * inset;
  const thin = Math.max(1, Math.round(frame.row / 4));
  const first = firstIn(painter);
  const bars = typeNames.map(() => new Path2D());
  const waits = typeNames.map(() => new Path2D());
  const cuts = new Path2D();
  /** The last pixel that is drawn of each worker: shorter runs than a pixel are drawn once. */
  const drawn = new Float64Array(workers);
  for (let i = first; i < runs.fromNs.length && runs.fromNs[i]! < scene.view.toNs + 1e6; i++) {
    const request = runs.request[i]!;
    const worker = runs.worker[i]!;
    const kind = type[request]!;
    const left = x(runs.fromNs[i]!);
    const top = frame.top + worker * frame.row + inset;
    if (runs.part[i] === 0 && left > LEFT) {
      const since = x(arrivalNs[request]!);
      if (left - since > 0.5) waits[kind]!.rect(since, top + height - thin, left - since, thin);
    }
    const right = x(runs.toNs[i]!);
    if (right < drawn[worker]! + 0.5 || left > scene.width || right < LEFT) continue;
    const gap = right - left > 4 ? 0.7 : 0;
    bars[kind]!.rect(left, top, Math.max(0.7, right - left - gap), height);
    drawn[worker] = right;
    if (runs.end[i] === PREEMPTED && (runs.toNs[i]! - runs.fromNs[i]!) * scale > 3) {
      cuts.moveTo(right - 2.5, top - inset);
      cuts.lineTo(right + 0.5, top + height + inset);
    }
  }
  context.globalAlpha = 0.3;
  waits.forEach((path, kind) => {
    context.fillStyle = colorOf(kind);
    context.fill(path);
  });
  context.globalAlpha = 1;
  bars.forEach((path, kind) => {
    context.fillStyle = colorOf(kind);
    context.fill(path);
  });
  drawOverheads(painter);
  context.strokeStyle = scene.colors.paper;
  context.lineWidth = 2;
  context.stroke(cuts);
}

function drawOverheads({ context, recording: { overheads }, frame, x, scene }: Painter): void {
  const path = new Path2D();
  const inset = Math.floor(frame.row / 4);
  for (let i = 0; i < overheads.fromNs.length; i++) {
    const [left, right] = [x(overheads.fromNs[i]!), x(overheads.toNs[i]!)];
    if (right < LEFT || left > scene.width) continue;
    path.rect(
      left,
      frame.top + overheads.worker[i]! * frame.row + inset,
      Math.max(0.5, right - left),
      frame.row - 2 * inset,
    );
  }
  context.fillStyle = scene.colors.soft;
  context.fill(path);
}

/** Requests that wait, by type, as depth below the rows. */
function drawQueues({ context, recording, frame, x, scene }: Painter): void {
  const { atNs, counts } = recording.waiting;
  const types = recording.typeNames.length;
  const { fromNs, toNs } = scene.view;
  const first = Math.max(0, firstAfter(atNs, fromNs) - 1);
  const depthAt = (i: number, upTo: number) => {
    let sum = 0;
    for (let type = 0; type < upTo; type++) sum += counts[i * types + type]!;
    return sum;
  };
  let most = 4;
  for (let i = first; i < atNs.length && atNs[i]! < toNs; i++) most = Math.max(most, depthAt(i, types));
  const height = QUEUE_DEPTH - 4;
  const y = (count: number) => frame.queueTop + (height * count) / most;
  for (let type = types - 1; type >= 0; type--) {
    const path = new Path2D();
    path.moveTo(LEFT, frame.queueTop);
    let drawnTo = Number.NEGATIVE_INFINITY;
    let deepest = 0;
    for (let i = first; i < atNs.length && atNs[i]! < toNs; i++) {
      const left = Math.max(LEFT, x(atNs[i]!));
      const right = x(atNs[i + 1] ?? toNs);
      // Of what happens within a pixel, the deepest queue is seen.
      deepest = Math.max(deepest, depthAt(i, type + 1));
      if (right < drawnTo + 0.5) continue;
      path.lineTo(left, y(deepest));
      path.lineTo(right, y(deepest));
      drawnTo = right;
      deepest = 0;
    }
    path.lineTo(x(Math.min(toNs, recording.toNs)), frame.queueTop);
    context.fillStyle = colorOf(type);
    context.fill(path);
  }
  drawDrops({ context, recording, frame, x, scene, scale: 0 });
  context.strokeStyle = scene.colors.line;
  context.lineWidth = 1;
  context.beginPath();
  context.moveTo(LEFT, frame.queueTop - 0.5);
  context.lineTo(scene.width, frame.queueTop - 0.5);
  context.stroke();
  context.fillStyle = scene.colors.soft;
  context.textAlign = 'left';
  context.textBaseline = 'bottom';
  context.fillText(`${most} waiting`, LEFT + 4, frame.bottom);
}

function drawDrops({ context, recording, frame, x }: Painter): void {
  context.strokeStyle = '#cc0000';
  context.lineWidth = 1.5;
  context.beginPath();
  for (const atNs of recording.dropsNs) {
    const at = x(atNs);
    context.moveTo(at - 3, frame.queueTop + 3);
    context.lineTo(at + 3, frame.queueTop + 9);
    context.moveTo(at + 3, frame.queueTop + 3);
    context.lineTo(at - 3, frame.queueTop + 9);
  }
  context.stroke();
}

/** What has not happened yet at the time that is played, and the line of now. */
function drawFuture({ context, frame, x, scene }: Painter): void {
  const { nowNs, colors, width } = scene;
  if (nowNs === undefined) return;
  const at = Math.max(LEFT, x(nowNs));
  context.fillStyle = colors.paper;
  context.globalAlpha = 0.85;
  context.fillRect(at, frame.top, width - at, frame.bottom - frame.top);
  context.globalAlpha = 1;
  context.fillStyle = colors.ink;
  context.fillRect(at, frame.top, 1.5, frame.bottom - frame.top);
}

function drawLabels({ context, recording, frame, scene }: Painter, title: string): void {
  const { colors } = scene;
  context.fillStyle = colors.ink;
  context.textAlign = 'left';
  context.textBaseline = 'middle';
  context.font = `600 13px system-ui, sans-serif`;
  context.fillText(title, LEFT, frame.top - TITLE / 2);
  context.font = CANVAS_FONT;
  context.fillStyle = colors.soft;
  context.textAlign = 'right';
  const every = Math.ceil(14 / frame.row);
  for (let worker = 0; worker < recording.workers; worker += every) {
    context.fillText(String(worker), LEFT - 6, frame.top + (worker + 0.5) * frame.row);
  }
  if (recording.sharing) {
    context.textAlign = 'left';
    context.fillText('serves all requests at once: nothing is on any one worker', LEFT + 8, frame.top + 20);
  }
}

/** Two timelines on one canvas, one above the other, with one time axis. */

import { roundUp } from '../../units/round-steps.js';
import { createPainter } from '../paint-recording.js';
import { timeLabel } from '../request-story.js';
import { drawChosen } from './chosen-request.js';
import { AXIS, CANVAS_FONT, frameOf, LEFT, type Painter, RIGHT, type Scene, sceneHeight, TITLE } from './scene.js';

/** Times that have a label are at least this far apart, px. */
const LABEL_WIDTH = 110;

const paint = createPainter();

export function drawScene(context: CanvasRenderingContext2D, scene: Scene): void {
  const { recordings, width, colors } = scene;
  context.fillStyle = colors.paper;
  context.fillRect(0, 0, width, sceneHeight(recordings));
  context.font = CANVAS_FONT;
  const { fromNs, toNs } = scene.view;
  const scale = (width - LEFT - RIGHT) / (toNs - fromNs);
  const x = (ns: number) => LEFT + (ns - fromNs) * scale;
  const gridX = drawAxis(context, scene, x);
  recordings.forEach((recording, index) => {
    const frame = frameOf(recordings, index);
    const painter = { context, scene, recording, frame, x };
    const depth = drawPixels(painter, gridX);
    context.save();
    context.beginPath();
    context.rect(LEFT, frame.top, width - LEFT - RIGHT, frame.bottom - frame.top);
    context.clip();
    drawDrops(painter);
    if (scene.chosen?.index === index) drawChosen(painter, scene.chosen.request);
    drawFuture(painter);
    context.restore();
    drawLabels(painter, scene.titles[index]!, depth);
  });
}

/** Draws the axis below all. Returns where its lines are, px of the screen. */
function drawAxis(context: CanvasRenderingContext2D, scene: Scene, x: (ns: number) => number): number[] {
  const { view, width, ratio, recordings } = scene;
  const bottom = sceneHeight(recordings) - AXIS;
  const most = Math.max(2, Math.floor((width - LEFT) / LABEL_WIDTH));
  const step = roundUp((view.toNs - view.fromNs) / most);
  context.fillStyle = scene.colors.soft;
  context.textAlign = 'center';
  context.textBaseline = 'top';
  const lines: number[] = [];
  for (let i = Math.ceil(view.fromNs / step); i * step <= view.toNs; i++) {
    const at = Math.round(x(i * step) * ratio);
    lines.push(at);
    context.fillRect(at / ratio, bottom, 1 / ratio, 4);
    // The digits that differ between two neighbours are all shown.
    context.fillText(timeLabel(i * step, step), Math.min(at / ratio, width - 30), bottom + 7);
  }
  return lines;
}

/** Draws rows and queue. Returns how many requests its full depth stands for. */
function drawPixels({ context, scene, recording, frame }: Painter, lines: readonly number[]): number {
  const { ratio, width: pageWidth } = scene;
  const onScreen = (at: number) => Math.round(at * ratio);
  const [left, top] = [onScreen(LEFT), onScreen(frame.top)];
  const width = onScreen(pageWidth - RIGHT) - left;
  const height = onScreen(frame.bottom) - top;
  const layout = {
    width,
    height,
    tops: Array.from({ length: recording.workers + 1 }, (_, i) => onScreen(frame.top + i * frame.row) - top),
    queueTop: onScreen(frame.queueTop) - top,
    gridX: lines.map((at) => at - left).filter((at) => at >= 0 && at < width),
    ratio,
  };
  const { pixels, depth } = paint(recording, scene.view, layout, scene.colors.paint);
  context.putImageData(new ImageData(new Uint8ClampedArray(pixels.buffer), width, height), left, top);
  return depth;
}

function drawDrops({ context, recording, frame, x, scene }: Painter): void {
  context.strokeStyle = '#cc0000';
  context.lineWidth = 1.5;
  context.beginPath();
  for (const atNs of recording.dropsNs) {
    if (atNs < scene.view.fromNs || atNs > scene.view.toNs) continue;
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

function drawLabels({ context, recording, frame, scene }: Painter, title: string, depth: number): void {
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
  // The scale of the queue.
  context.fillText('queue', LEFT - 6, frame.queueTop + 6);
  context.fillText(String(depth), LEFT - 6, frame.bottom - 7);
  if (recording.sharing) {
    context.textAlign = 'left';
    context.fillText('serves all requests at once: nothing is on any one worker', LEFT + 8, frame.top + 20);
  }
}

/** The request that is pointed at: finding it, and lighting it up. */

import { blockersOf, firstAfter, stretchesOf } from '../recording.js';
import { type Chosen, frameOf, LEFT, longestOf, type Painter, type Scene, timeAt } from './scene.js';

/** A request with its wait, and what it waited behind; all others become pale. */
export function drawChosen({ context, recording, frame, x, scene }: Painter, request: number): void {
  const { runs, type, arrivalNs } = recording;
  const { bars } = scene.colors;
  context.fillStyle = scene.colors.paper;
  context.globalAlpha = 0.65;
  context.fillRect(0, frame.top, scene.width, frame.bottom - frame.top);
  context.globalAlpha = 1;
  const bar = (i: number, isOwn: boolean) => {
    const left = x(runs.fromNs[i]!);
    const top = frame.top + runs.worker[i]! * frame.row;
    const width = Math.max(isOwn ? 3 : 1, x(runs.toNs[i]!) - left);
    context.fillStyle = bars[type[runs.request[i]!]! % bars.length]!;
    context.fillRect(left, top + 1, width, Math.max(1, frame.row - 2));
    if (!isOwn) return;
    context.strokeStyle = scene.colors.ink;
    context.lineWidth = 2;
    context.strokeRect(left - 1, top, width + 2, frame.row);
  };
  for (const i of blockersOf(recording, request)) bar(i, false);
  let sinceNs = arrivalNs[request]!;
  const own = stretchesOf(recording, request);
  for (const i of own) {
    const [from, to] = [x(sinceNs), x(runs.fromNs[i]!)];
    const middle = frame.top + (runs.worker[i]! + 0.5) * frame.row;
    context.strokeStyle = scene.colors.ink;
    context.lineWidth = 2;
    context.setLineDash([4, 3]);
    context.beginPath();
    context.moveTo(from, middle);
    context.lineTo(to, middle);
    context.stroke();
    context.setLineDash([]);
    if (i === own[0]) {
      context.beginPath();
      context.arc(from, middle, 3.5, 0, 2 * Math.PI);
      context.fillStyle = scene.colors.ink;
      context.fill();
    }
    bar(i, true);
    sinceNs = runs.toNs[i]!;
  }
}

/** The request at a place; undefined where there is none. */
export function requestAt(scene: Scene, x: number, y: number): Chosen | undefined {
  for (const [index, recording] of scene.recordings.entries()) {
    const frame = frameOf(scene.recordings, index);
    const worker = Math.floor((y - frame.top) / frame.row);
    if (worker < 0 || worker >= recording.workers || x < LEFT) continue;
    const atNs = timeAt(scene, x);
    const reachNs = timeAt(scene, x + 4) - atNs;
    const { runs } = recording;
    let found = -1;
    let least = reachNs;
    const end = firstAfter(runs.fromNs, atNs + reachNs);
    for (let i = end - 1; i >= 0 && runs.fromNs[i]! > atNs - reachNs - longestOf(recording); i--) {
      if (runs.worker[i] !== worker) continue;
      const far = Math.max(runs.fromNs[i]! - atNs, atNs - runs.toNs[i]!, 0);
      if (far < least || (far === 0 && found < 0)) [found, least] = [i, far];
    }
    return found < 0 ? undefined : { index, request: runs.request[found]! };
  }
  return undefined;
}

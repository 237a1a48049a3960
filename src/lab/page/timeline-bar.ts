import { make } from '../../report/page/dom.js';
import type { Recording } from '../recording.js';
import { storyOf, timeLabel } from '../request-story.js';
import { effect, type Signal } from '../signals.js';
import { type Chosen, colorOf } from './scene.js';
import type { TimeWindow } from './time-window.js';
import { ZOOM } from './timeline-input.js';

const HOW_TO =
  'Point at a request, or tap it, to see what it waited behind. Drag to move; ' +
  'Ctrl and the wheel, or two fingers, zoom.';

/** Powers of ten of simulated ns in a second on the clock: from 100 ns to a thousand times real time. */
const SLOWEST = 2;
const FASTEST = 12;
export const FIRST_SPEED = 5;

/** Play, step, speed and zoom. */
export function timeBar({
  playing,
  speed,
  now,
  step,
  time,
}: {
  playing: Signal<boolean>;
  speed: Signal<number>;
  now: Signal<number | undefined>;
  step: () => void;
  time: TimeWindow;
}): HTMLElement {
  const play = make('button', { type: 'button', id: 'play', click: () => playing.set(!playing.peek()) });
  const slider = make('input', {
    type: 'range',
    id: 'speed',
    min: SLOWEST,
    max: FASTEST,
    step: '0.1',
    value: speed.peek(),
    input: () => speed.set(Number(slider.value)),
  });
  const says = make('output', { for: 'speed', class: 'speed' });
  const where = make('span', { class: 'where' });
  const whole = make('button', { type: 'button', id: 'show-all', click: () => now.set(undefined) }, 'Show all');
  effect(() => {
    play.textContent = playing.get() ? 'Pause' : 'Play';
  });
  effect(() => {
    says.textContent = `${timeLabelOfSpeed(10 ** speed.get())} per second`;
  });
  effect(() => {
    const { fromNs, toNs } = time.view.get();
    const nowNs = now.get();
    whole.hidden = nowNs === undefined;
    where.textContent = nowNs === undefined ? timeLabel(fromNs, (toNs - fromNs) / 10) : timeLabel(nowNs, 10);
  });
  return make(
    'div',
    { class: 'bar', role: 'group', 'aria-label': 'Time' },
    play,
    make('button', { type: 'button', id: 'step', click: step }, 'Step'),
    whole,
    make('label', { class: 'inline', for: 'speed' }, 'Speed', slider, says),
    make('button', { type: 'button', id: 'zoom-in', 'aria-label': 'Zoom in', click: () => time.zoom(1 / ZOOM) }, '+'),
    make('button', { type: 'button', id: 'zoom-out', 'aria-label': 'Zoom out', click: () => time.zoom(ZOOM) }, '−'),
    where,
  );
}

function timeLabelOfSpeed(ns: number): string {
  if (ns >= 1e9) return ns >= 1e10 ? `${Math.round(ns / 1e9)}s` : '1s';
  const [unit, name] = ns < 1e3 ? [1, 'ns'] : ns < 1e6 ? [1e3, 'us'] : [1e6, 'ms'];
  return `${Number((ns / unit).toPrecision(2))}${name}`;
}

/** What is told of the request that is lit up. */
export function storyLine(recordings: Signal<readonly Recording[]>, chosen: Signal<Chosen | undefined>): HTMLElement {
  const line = make('p', { class: 'story', role: 'status', id: 'story' });
  effect(() => {
    const request = chosen.get();
    const recording = request && recordings.get()[request.index];
    line.textContent = recording ? storyOf(recording, request.request) : HOW_TO;
  });
  return line;
}

/** What the colours and shapes of the timelines are. */
export function timelineLegend(recordings: Signal<readonly Recording[]>): HTMLElement {
  const node = make('p', { class: 'legend' });
  let shown = '';
  effect(() => {
    const names = recordings.get()[0]?.typeNames ?? [];
    if (names.join() === shown) return;
    shown = names.join();
    const entry = (name: string, kind: string, color: string) => {
      const sample = make('span', { class: `sample ${kind}`, 'aria-hidden': 'true' });
      sample.style.color = color;
      return make('span', { class: 'series' }, sample, name);
    };
    const first = colorOf(0);
    node.replaceChildren(
      ...names.map((name, type) => entry(name, 'bar-of', colorOf(type))),
      entry('waits before it', 'pale', first),
      entry('reserved', 'hatched', first),
      entry('preempted, resumes later', 'cut', colorOf(1)),
    );
  });
  return node;
}

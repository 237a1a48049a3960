import type { Signal } from '../signals.js';
import { requestAt } from './chosen-request.js';
import { type Chosen, LEFT, type Scene, timeAt } from './scene.js';
import type { TimeWindow } from './time-window.js';

/** What a zoom multiplies the window by. */
export const ZOOM = 1.5;

export interface Listened {
  readonly canvas: HTMLCanvasElement;
  readonly scene: () => Scene | undefined;
  readonly time: TimeWindow;
  readonly chosen: Signal<Chosen | undefined>;
  readonly playing: Signal<boolean>;
  readonly step: () => void;
}

/** Mouse, fingers and keys on the timelines. */
export function listen({ canvas, scene, time, chosen, playing, step }: Listened): void {
  const pointers = new Map<number, number>();
  let moved = 0;
  /** A request that was tapped stays lit up. */
  let isPinned = false;
  const place = (event: MouseEvent) => {
    const { left, top } = canvas.getBoundingClientRect();
    return { x: event.clientX - left, y: event.clientY - top };
  };
  const point = (event: MouseEvent): void => {
    const shown = scene();
    const { x, y } = place(event);
    const found = shown && requestAt(shown, x, y);
    const last = chosen.peek();
    if (found?.request !== last?.request || found?.index !== last?.index) chosen.set(found);
  };
  canvas.addEventListener('pointerdown', (event) => {
    pointers.set(event.pointerId, place(event).x);
    canvas.setPointerCapture(event.pointerId);
    moved = 0;
  });
  canvas.addEventListener('pointermove', (event) => {
    const before = pointers.get(event.pointerId);
    const { x } = place(event);
    if (before === undefined) {
      if (!isPinned && event.pointerType === 'mouse' && !playing.peek()) point(event);
      return;
    }
    const { fromNs, toNs } = time.view.peek();
    const perPixel = (toNs - fromNs) / (canvas.clientWidth - LEFT);
    const other = [...pointers].find(([id]) => id !== event.pointerId)?.[1];
    pointers.set(event.pointerId, x);
    moved += Math.abs(x - before);
    if (other === undefined) time.set(fromNs - (x - before) * perPixel, toNs - fromNs);
    else if (Math.abs(x - other) > 4) time.zoom(Math.abs((before - other) / (x - other)), timeAt(scene()!, other));
  });
  canvas.addEventListener('pointerup', (event) => {
    if (moved < 4) {
      point(event);
      isPinned = chosen.peek() !== undefined;
    }
  });
  for (const end of ['pointerup', 'pointercancel'] as const) {
    canvas.addEventListener(end, (event) => pointers.delete((event as PointerEvent).pointerId));
  }
  canvas.addEventListener(
    'wheel',
    (event) => {
      const isZoom = event.ctrlKey || event.metaKey;
      if (!isZoom && Math.abs(event.deltaX) <= Math.abs(event.deltaY)) return;
      event.preventDefault();
      const shown = scene();
      if (isZoom && shown) time.zoom(1.002 ** event.deltaY, timeAt(shown, place(event).x));
      else time.pan(event.deltaX / canvas.clientWidth);
    },
    { passive: false },
  );
  const keys: Readonly<Record<string, () => void>> = {
    ArrowLeft: () => time.pan(-0.1),
    ArrowRight: () => time.pan(0.1),
    '+': () => time.zoom(1 / ZOOM),
    '=': () => time.zoom(1 / ZOOM),
    '-': () => time.zoom(ZOOM),
    ' ': () => playing.set(!playing.peek()),
    '.': step,
    Escape: () => {
      isPinned = false;
      chosen.set(undefined);
    },
  };
  canvas.addEventListener('keydown', (event) => {
    const act = keys[event.key];
    if (!act || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    act();
  });
}

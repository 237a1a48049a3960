/** Files of what is seen. */

import { make } from '../../report/page/dom.js';
import { stackedTimelineSvg } from '../../report/timeline/timeline-svg.js';
import { stackedTimelineTrace } from '../../report/timeline/timeline-trace.js';
import { timelineOf } from '../recording.js';
import type { TimelineView } from './timeline-view.js';

/** A stretch that is recorded as a film, ms on the clock. */
const FILM_MS = 6000;
const FRAMES_PER_SECOND = 30;

export function saveFile(name: string, content: Blob | string, type = 'text/plain'): void {
  const url = URL.createObjectURL(typeof content === 'string' ? new Blob([content], { type }) : content);
  make('a', { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

export function exportButtons(
  timelines: TimelineView,
  {
    title,
    subtitle,
    yaml,
  }: { title: () => string; subtitle: () => string; yaml: () => { name: string; text: string } },
): HTMLElement {
  const shown = () => {
    const scene = timelines.scene();
    const { fromNs, toNs } = timelines.view.peek();
    return (scene?.recordings ?? []).map((recording, i) => ({
      timeline: timelineOf(recording, fromNs, toNs),
      title: scene!.titles[i]!,
    }));
  };
  const film = make('button', { type: 'button', id: 'export-webm', click: () => void record() }, 'Film (WebM, 6 s)');
  const record = async () => {
    film.disabled = true;
    try {
      timelines.play(true);
      saveFile('psp-lab.webm', await filmOf(timelines.canvas));
    } finally {
      timelines.play(false);
      film.disabled = false;
    }
  };
  const button = (id: string, label: string, click: () => void) => make('button', { type: 'button', id, click }, label);
  return make(
    'p',
    { class: 'downloads' },
    button('export-svg', 'Picture (SVG)', () =>
      saveFile('psp-lab.svg', stackedTimelineSvg(shown(), { title: title(), subtitle: subtitle() }), 'image/svg+xml'),
    ),
    button('export-png', 'Picture (PNG)', () =>
      timelines.canvas.toBlob((blob) => {
        if (blob) saveFile('psp-lab.png', blob);
      }),
    ),
    button('export-perfetto', 'Trace for Perfetto (JSON)', () => {
      const named = shown().map(({ timeline, title: policy }) => ({ timeline, title: `psp: ${policy}` }));
      saveFile('psp-lab.json', stackedTimelineTrace(named), 'application/json');
    }),
    button('export-yaml', 'Workload (YAML)', () => saveFile(`${yaml().name}.yaml`, yaml().text, 'text/yaml')),
    film,
  );
}

/** What the canvas shows from now on, as WebM. */
function filmOf(canvas: HTMLCanvasElement): Promise<Blob> {
  const recorder = new MediaRecorder(canvas.captureStream(FRAMES_PER_SECOND), { mimeType: 'video/webm' });
  const pieces: Blob[] = [];
  recorder.ondataavailable = ({ data }) => pieces.push(data);
  return new Promise((resolve) => {
    recorder.onstop = () => resolve(new Blob(pieces, { type: 'video/webm' }));
    recorder.start();
    setTimeout(() => recorder.stop(), FILM_MS);
  });
}

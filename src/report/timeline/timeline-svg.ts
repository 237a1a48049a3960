import type { Span, Timeline, TimelineReservation, TimelineRun } from '../../metrics/timeline.js';
import { roundUp } from '../../units/round-steps.js';
import { TYPE_COLORS } from '../charts/palette.js';
import { type Attributes, element, escapeText, picture, round, svgText } from '../charts/svg.js';
import { formatDuration } from '../text/numbers.js';
import { idleWhileWaiting } from './idle.js';

const OVERHEAD = '#333333';
const INK = '#222222';
const FAINT = '#767676';
const GRID = '#d9d9d9';
const FONT_SIZE = 11;

const WIDTH = 960;
const LEFT = 84;
const RIGHT = 20;
const PLOT = WIDTH - LEFT - RIGHT;
const QUEUE_HEIGHT = 96;
const GAP = 26;
/** Below the row of the dispatcher. */
const ROW_GAP = 6;
const LEGEND_LINE = 20;
/** Shorter stretches than this many pixels are drawn this long, so that short requests are seen at all. */
const LEAST_WIDTH = 0.6;

/** With more stretches, a title for each would make the file larger than a viewer likes. */
const MOST_TITLES = 4000;
/** Height of the name of a timeline that is not alone, px. */
const NAME_LINE = 22;
/** Between two timelines, px. */
const APART = 18;

/** What was run: the heading and a line below it. */
export interface TimelineHeading {
  readonly title: string;
  readonly subtitle: string;
}

/**
 * A timeline as a picture for a paper: a row per worker with what it ran, coloured by type; tinted by whom it is
 * reserved for, hatched where it was kept idle while requests waited; the length of the queues below.
 */
export function timelineSvg(timeline: Timeline, about: TimelineHeading): string {
  return stackedTimelineSvg([{ timeline, title: '' }], about);
}

/** Timelines of the same window, one above the other, with one time axis. @param stacked with the name of each */
export function stackedTimelineSvg(
  stacked: readonly { readonly timeline: Timeline; readonly title: string }[],
  about: TimelineHeading,
): string {
  const timelines = stacked.map(({ timeline }) => timeline);
  const [{ fromNs, toNs, typeNames }] = timelines as [Timeline];
  const x = (ns: number) => LEFT + (PLOT * (ns - fromNs)) / (toNs - fromNs);
  const legend = legendOf(timelines);
  let bottom = 46 + LEGEND_LINE * legend.lines;
  const parts = [
    element('defs', {}, ...typeNames.map((_, type) => hatch(type))),
    '',
    svgText(about.title, LEFT, 20, { 'font-size': 14, 'font-weight': 'bold' }),
    svgText(about.subtitle, LEFT, 36, { fill: FAINT }),
    legend.svg,
  ];
  for (const [i, { timeline, title }] of stacked.entries()) {
    if (i > 0) bottom += APART;
    if (stacked.length > 1) {
      bottom += NAME_LINE;
      parts.push(svgText(title, LEFT, bottom - 8, { 'font-weight': 'bold' }));
    }
    const scene = sceneOf(timeline, x, bottom);
    parts.push(...drawn(scene, bottom, i === stacked.length - 1));
    bottom = scene.queueBottom;
  }
  const height = bottom + 46;
  parts[1] = element('rect', { width: WIDTH, height, fill: '#ffffff' });
  const size = { width: WIDTH, height, fontSize: FONT_SIZE };
  return picture(
    { title: about.title, ...size },
    parts.filter((part) => part !== ''),
  );
}

function sceneOf(timeline: Timeline, x: (ns: number) => number, head: number): Scene {
  const { workers, dispatcher } = timeline;
  const rowHeight = Math.max(3, Math.min(18, Math.floor(420 / workers)));
  const top = head + (dispatcher.length > 0 ? rowHeight + ROW_GAP : 0);
  const queueTop = top + workers * rowHeight + GAP;
  return { timeline, x, rowHeight, top, queueTop, queueBottom: queueTop + QUEUE_HEIGHT };
}

/** @param isLast does it carry the labels of the axis? */
function drawn(scene: Scene, head: number, isLast: boolean): string[] {
  return [
    timeAxis(scene, isLast),
    dispatcherRow(scene, head),
    reservations(scene),
    idleCores(scene),
    overheads(scene),
    runs(scene),
    workerLabels(scene),
    queues(scene),
  ];
}

interface Scene {
  readonly timeline: Timeline;
  readonly x: (ns: number) => number;
  readonly rowHeight: number;
  readonly top: number;
  readonly queueTop: number;
  readonly queueBottom: number;
}

function colourOf(type: number): string {
  return TYPE_COLORS[type % TYPE_COLORS.length]!;
}

function hatch(type: number): string {
  const size = { width: 5, height: 5, patternUnits: 'userSpaceOnUse', patternTransform: 'rotate(45)' };
  const line = element('line', { x1: 0, y1: 0, x2: 0, y2: 5, stroke: colourOf(type), 'stroke-width': 1.6 });
  return element('pattern', { id: `hatch${type}`, ...size }, line);
}

/** Entries that wrap to as many lines as they need. */
function legendOf(timelines: readonly Timeline[]): { svg: string; lines: number } {
  const { typeNames } = timelines[0]!;
  const used = new Set(timelines.flatMap(({ runs }) => runs.map(({ type }) => type)));
  const box = (fill: string, more: Attributes = {}) => element('rect', { width: 12, height: 10, y: -9, fill, ...more });
  const entries = [
    ...typeNames.flatMap((name, type) => (used.has(type) ? [{ mark: box(colourOf(type)), text: name }] : [])),
    ...(timelines.some(marksPreemptions)
      ? [
          {
            mark: element('line', { x1: 6, x2: 6, y1: -10, y2: 2, stroke: INK, 'stroke-width': 1.5 }),
            text: 'preempted, resumes later',
          },
        ]
      : []),
    ...(timelines.some(({ overheads }) => overheads.length > 0) ? [{ mark: box(OVERHEAD), text: 'overhead' }] : []),
    ...(timelines.some((timeline) => eras(timeline).length > 0)
      ? [
          { mark: box(colourOf(0), { opacity: 0.16 }), text: 'reserved, by colour of the type' },
          {
            mark: box('url(#hatch0)', { stroke: GRID, 'stroke-width': 0.5 }),
            text: 'kept idle while a request waits',
          },
        ]
      : []),
    ...(timelines.some(({ drops }) => drops.length > 0) ? [{ mark: cross(6, -4), text: 'dropped' }] : []),
  ];
  let at = LEFT;
  let line = 0;
  const svg = entries.map(({ mark, text }) => {
    const wide = 18 + text.length * 5.6 + 16;
    if (at + wide > WIDTH - RIGHT && at > LEFT) {
      at = LEFT;
      line++;
    }
    const place = `translate(${round(at)} ${58 + line * LEGEND_LINE})`;
    const entry = element('g', { transform: place }, mark, element('text', { x: 17 }, escapeText(text)));
    at += wide;
    return entry;
  });
  return { svg: svg.join('\n'), lines: line + 1 };
}

function cross(x: number, y: number): string {
  const d = `M${round(x - 3)} ${round(y - 3)}l6 6m0 -6l-6 6`;
  return element('path', { d, stroke: '#cc0000', 'stroke-width': 1.2, fill: 'none' });
}

/**
 * The part of an interval that is in the window, as a rectangle; with a gap at its end, and a title that a viewer shows
 * on hover, when they are asked for.
 */
function bar(
  { timeline: { fromNs, toNs }, x }: Scene,
  span: Span,
  y: number,
  height: number,
  { gap = 0, title }: { gap?: number; title?: string | undefined } = {},
): string {
  const left = x(Math.max(fromNs, span.fromNs));
  const width = Math.max(LEAST_WIDTH, x(Math.min(toNs, span.toNs)) - left - gap);
  const titles = title === undefined ? [] : [element('title', {}, escapeText(title))];
  return element('rect', { x: left, y, width, height }, ...titles);
}

/** What a stretch is of: `LONG 1201, part 2: 5us on worker 3 from 300.01ms, preempted`. */
function titleOf({ typeNames, workers }: Timeline, run: TimelineRun): string {
  const part = run.part > 0 || run.end === 'preempted' ? `, part ${run.part + 1}` : '';
  const length = formatDuration(run.toNs - run.fromNs);
  const from = `${Number((run.fromNs / 1e3).toFixed(3))}us`;
  const where = run.worker < workers ? `worker ${run.worker}` : 'the dispatcher';
  return `${typeNames[run.type]} ${run.request}${part}: ${length} on ${where} from ${from}, ${run.end}`;
}

function runs(scene: Scene): string {
  const { timeline, rowHeight, top, x } = scene;
  const inset = rowHeight > 8 ? 2 : 0.5;
  const height = rowHeight - 2 * inset;
  // What the dispatcher runs itself is in its row, above those of the workers.
  const rowTop = (worker: number) => (worker < timeline.workers ? top + worker * rowHeight : top - ROW_GAP - rowHeight);
  const y = (worker: number) => rowTop(worker) + inset;
  const byType = timeline.typeNames.map((_, type) => {
    const bars = timeline.runs
      .filter((run) => run.type === type)
      .map((run) =>
        bar(scene, run, y(run.worker), height, {
          gap: x(run.toNs) - x(run.fromNs) > 4 ? 0.7 : 0,
          title: timeline.runs.length <= MOST_TITLES ? titleOf(timeline, run) : undefined,
        }),
      );
    return filled(colourOf(type), bars);
  });
  const marks = (marksPreemptions(timeline) ? timeline.runs : []).flatMap(({ end, toNs, worker }) =>
    end === 'preempted' && toNs <= timeline.toNs
      ? [`M${round(x(toNs))} ${round(y(worker) - 1)}v${round(height + 2)}`]
      : [],
  );
  const stroke = { stroke: INK, 'stroke-width': 0.9, fill: 'none' };
  const cuts = marks.length > 0 ? element('path', { d: marks.join(''), ...stroke }) : '';
  return [...byType, cuts].filter((part) => part !== '').join('\n');
}

/**
 * Marks at preemptions would hide slices that are not much wider than a mark. The cost of a preemption shows anyway.
 */
function marksPreemptions({ runs, fromNs, toNs }: Timeline): boolean {
  const preempted = runs.filter(({ end }) => end === 'preempted');
  const meanNs = preempted.reduce((sum, run) => sum + run.toNs - run.fromNs, 0) / preempted.length;
  return (PLOT * meanNs) / (toNs - fromNs) > 12;
}

function overheads(scene: Scene): string {
  const { timeline, rowHeight, top } = scene;
  if (timeline.overheads.length === 0) return '';
  const height = Math.max(1, rowHeight - 8);
  const bars = timeline.overheads.map((span) =>
    bar(scene, span, top + span.worker * rowHeight + (rowHeight - height) / 2, height),
  );
  return filled(OVERHEAD, bars);
}

function dispatcherRow(scene: Scene, y: number): string {
  const { timeline, rowHeight } = scene;
  if (timeline.dispatcher.length === 0) return '';
  const bars = timeline.dispatcher.map((span) => bar(scene, span, y + 2, rowHeight - 4));
  return svgText('dispatcher', LEFT - 8, y + rowHeight / 2 + 4, { 'text-anchor': 'end' }) + filled(FAINT, bars);
}

/** Each reservation with its end. One group with all workers reserves nothing and is left out. */
function eras({ reservations, toNs }: Timeline): (TimelineReservation & { untilNs: number })[] {
  return reservations
    .map((each, i) => ({ ...each, untilNs: reservations[i + 1]?.atNs ?? toNs }))
    .filter(({ groups }) => groups.length > 1);
}

function reservations(scene: Scene): string {
  const { timeline, rowHeight, top } = scene;
  return eras(timeline)
    .flatMap(({ atNs, untilNs, groups }) =>
      groups.map(({ types, workers }) => {
        const bars = workers.map((worker) =>
          bar(scene, { fromNs: atNs, toNs: untilNs }, top + worker * rowHeight, rowHeight),
        );
        return element('g', { fill: colourOf(types[0] ?? 0), opacity: 0.16 }, ...bars);
      }),
    )
    .join('\n');
}

/** Workers that are idle although a request waits, because they are reserved for other types. */
function idleCores(scene: Scene): string {
  const { timeline, rowHeight, top, x } = scene;
  const reserved = eras(timeline);
  const idle = reserved.length > 0 ? idleWhileWaiting(timeline) : [];
  return reserved
    .flatMap(({ atNs, untilNs, groups }) =>
      groups.map(({ types, workers }) => {
        const bars = idle.flatMap(({ worker, fromNs, toNs }) => {
          const span = { fromNs: Math.max(fromNs, atNs), toNs: Math.min(toNs, untilNs) };
          const isSeen = workers.includes(worker) && x(span.toNs) - x(span.fromNs) > 0.5;
          return isSeen ? [bar(scene, span, top + worker * rowHeight + 1, rowHeight - 2)] : [];
        });
        return filled(`url(#hatch${types[0] ?? 0})`, bars);
      }),
    )
    .filter((part) => part !== '')
    .join('\n');
}

function workerLabels({ timeline: { workers }, rowHeight, top }: Scene): string {
  // As many labels as there is room for.
  const every = Math.ceil(11 / rowHeight);
  const labels = Array.from({ length: workers }, (_, worker) =>
    worker % every === 0
      ? svgText(String(worker), LEFT - 8, top + (worker + 0.5) * rowHeight + 4, { 'text-anchor': 'end' })
      : '',
  );
  return labels.join('') + besideAxis('worker', top + (workers * rowHeight) / 2);
}

/** Lengths of the queues, stacked. */
function queues({ timeline, x, queueTop, queueBottom }: Scene): string {
  const { waiting, toNs, typeNames, drops } = timeline;
  const most = Math.max(1, ...waiting.map(({ counts }) => counts.reduce((a, b) => a + b, 0)));
  const step = Math.max(1, roundUp(most / 4));
  const ceiling = Math.ceil(most / step) * step;
  const y = (count: number) => queueBottom - (QUEUE_HEIGHT * count) / ceiling;
  const grid = Array.from({ length: Math.floor(ceiling / step) + 1 }, (_, i) => {
    const at = y(i * step);
    const line = { x1: LEFT, x2: WIDTH - RIGHT, y1: at, y2: at, stroke: GRID, 'stroke-width': 0.7 };
    return element('line', line) + svgText(String(i * step), LEFT - 8, at + 4, { 'text-anchor': 'end' });
  });
  const areas = typeNames.map((_, type) => {
    if (waiting.every(({ counts }) => counts[type] === 0)) return '';
    const height = (counts: readonly number[], upTo: number) => counts.slice(0, upTo).reduce((a, b) => a + b, 0);
    const edge = (upTo: number) =>
      waiting.flatMap(({ atNs, counts }, i) => {
        const untilNs = waiting[i + 1]?.atNs ?? toNs;
        const at = round(y(height(counts, upTo)));
        return [`${round(x(atNs))} ${at}`, `${round(x(untilNs))} ${at}`];
      });
    const d = `M${edge(type + 1).join('L')}L${edge(type).reverse().join('L')}Z`;
    return element('path', { d, fill: colourOf(type) });
  });
  return [
    ...grid,
    ...areas.filter((area) => area !== ''),
    ...drops.map(({ atNs }) => cross(x(atNs), queueTop - 6)),
    besideAxis('requests waiting', (queueTop + queueBottom) / 2),
  ].join('\n');
}

function timeAxis({ timeline: { fromNs, toNs }, x, top, queueBottom }: Scene, isLabelled: boolean): string {
  const unit = unitOf(toNs);
  const step = roundUp((toNs - fromNs) / unit.ns / 8);
  const decimals = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  const first = Math.ceil(fromNs / unit.ns / step - 1e-9);
  const last = Math.floor(toNs / unit.ns / step + 1e-9);
  const centred = { 'text-anchor': 'middle' };
  const lines = Array.from({ length: last - first + 1 }, (_, i) => {
    const tick = (first + i) * step;
    const at = x(tick * unit.ns);
    const line = { x1: at, x2: at, y1: top, y2: queueBottom + 4, stroke: GRID, 'stroke-width': 0.7 };
    const label = isLabelled ? svgText(tick.toFixed(decimals), at, queueBottom + 17, centred) : '';
    return element('line', line) + label;
  });
  if (!isLabelled) return lines.join('\n');
  const name = svgText(`time (${unit.name})`, LEFT + PLOT / 2, queueBottom + 36, { ...centred, fill: FAINT });
  return [...lines, name].join('\n');
}

/** A name that is read upwards. */
function besideAxis(name: string, y: number): string {
  const transform = `translate(20 ${round(y)}) rotate(-90)`;
  return element('text', { transform, 'text-anchor': 'middle', fill: FAINT }, name);
}

/** Shapes of one colour; nothing when there are none. */
function filled(fill: string, shapes: readonly string[]): string {
  return shapes.length > 0 ? element('g', { fill }, ...shapes) : '';
}

/** The unit in which the end of the window is a number that people read. */
function unitOf(ns: number): { ns: number; name: string } {
  if (ns < 1e6) return { ns: 1e3, name: 'us' };
  return ns < 10e9 ? { ns: 1e6, name: 'ms' } : { ns: 1e9, name: 's' };
}

/** The window in words: `1ms from 300ms`. */
export function windowText({ fromNs, toNs }: Timeline): string {
  return `${formatDuration(toNs - fromNs)} from ${formatDuration(fromNs)}`;
}

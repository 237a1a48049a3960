import type { Span, Timeline, TimelineReservation } from '../../metrics/timeline.js';
import { formatDuration } from '../text/numbers.js';
import { idleWhileWaiting } from './idle.js';

/** Okabe and Ito's colours, which people tell apart whatever their eyes; black, the last of them, is for overhead. */
const COLOURS = ['#0072b2', '#e69f00', '#009e73', '#cc79a7', '#56b4e9', '#d55e00', '#f0e442'];
const OVERHEAD = '#333333';
const INK = '#222222';
const FAINT = '#767676';
const GRID = '#d9d9d9';

const WIDTH = 960;
const LEFT = 84;
const RIGHT = 20;
const PLOT = WIDTH - LEFT - RIGHT;
const QUEUE_HEIGHT = 96;
const GAP = 26;
const LEGEND_LINE = 20;
/** Shorter stretches than this many pixels are drawn this long, so that short requests are seen at all. */
const LEAST_WIDTH = 0.6;

/**
 * A timeline as a picture for a paper: a row per worker with what it ran, coloured by type; tinted by whom it is
 * reserved for, hatched where it was kept idle while requests waited; the length of the queues below.
 *
 * @param about what was run: the heading and a line below it
 */
export function timelineSvg(timeline: Timeline, about: { title: string; subtitle: string }): string {
  const { workers, fromNs, toNs, dispatcher } = timeline;
  const rowHeight = Math.max(3, Math.min(18, Math.floor(420 / workers)));
  const x = (ns: number) => LEFT + (PLOT * (ns - fromNs)) / (toNs - fromNs);
  const legend = legendOf(timeline);
  const head = 46 + LEGEND_LINE * legend.lines;
  const top = head + (dispatcher.length > 0 ? rowHeight + 6 : 0);
  const bottom = top + workers * rowHeight;
  const queueTop = bottom + GAP;
  const queueBottom = queueTop + QUEUE_HEIGHT;
  const height = queueBottom + 46;
  const scene: Scene = { timeline, x, rowHeight, top, queueTop, queueBottom };
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" ` +
      `height="${height}" font-family="Helvetica, Arial, sans-serif" font-size="11" fill="${INK}">`,
    `<title>${escapeXml(about.title)}</title>`,
    `<defs>${timeline.typeNames.map((_, type) => hatch(type)).join('')}</defs>`,
    `<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>`,
    `<text x="${LEFT}" y="20" font-size="14" font-weight="bold">${escapeXml(about.title)}</text>`,
    `<text x="${LEFT}" y="36" fill="${FAINT}">${escapeXml(about.subtitle)}</text>`,
    legend.svg,
    timeAxis(scene),
    dispatcherRow(scene, head),
    reservations(scene),
    idleCores(scene),
    overheads(scene),
    runs(scene),
    workerLabels(scene),
    queues(scene),
    '</svg>\n',
  ]
    .filter((part) => part !== '')
    .join('\n');
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
  return COLOURS[type % COLOURS.length]!;
}

function hatch(type: number): string {
  return (
    `<pattern id="hatch${type}" width="5" height="5" patternUnits="userSpaceOnUse" ` +
    `patternTransform="rotate(45)"><line x1="0" y1="0" x2="0" y2="5" stroke="${colourOf(type)}" ` +
    'stroke-width="1.6"/></pattern>'
  );
}

/** Entries that wrap to as many lines as they need. */
function legendOf(timeline: Timeline): { svg: string; lines: number } {
  const { typeNames, overheads, runs, drops } = timeline;
  const used = new Set(runs.map(({ type }) => type));
  const box = (fill: string, more = '') => `<rect width="12" height="10" y="-9" fill="${fill}"${more}/>`;
  const entries = [
    ...typeNames.flatMap((name, type) => (used.has(type) ? [{ mark: box(colourOf(type)), text: name }] : [])),
    ...(marksPreemptions(timeline)
      ? [
          {
            mark: `${box('none')}<line x1="6" x2="6" y1="-10" y2="2" stroke="${INK}" stroke-width="1.5"/>`,
            text: 'preempted, resumes later',
          },
        ]
      : []),
    ...(overheads.length > 0 ? [{ mark: box(OVERHEAD), text: 'overhead' }] : []),
    ...(eras(timeline).length > 0
      ? [
          { mark: box(colourOf(0), ' opacity="0.16"'), text: 'reserved, by colour of the type' },
          {
            mark: box('url(#hatch0)', ` stroke="${GRID}" stroke-width="0.5"`),
            text: 'kept idle while a request waits',
          },
        ]
      : []),
    ...(drops.length > 0 ? [{ mark: cross(6, -4), text: 'dropped' }] : []),
  ];
  let at = LEFT;
  let line = 0;
  const svg = entries.map(({ mark, text }) => {
    const wide = 18 + text.length * 5.6 + 16;
    if (at + wide > WIDTH - RIGHT && at > LEFT) {
      at = LEFT;
      line++;
    }
    const entry =
      `<g transform="translate(${at} ${58 + line * LEGEND_LINE})">${mark}<text ` +
      `x="17">${escapeXml(text)}</text></g>`;
    at += wide;
    return entry;
  });
  return { svg: svg.join('\n'), lines: line + 1 };
}

function cross(x: number, y: number): string {
  return `<path d="M${px(x - 3)} ${px(y - 3)}l6 6m0 -6l-6 6" stroke="#cc0000" stroke-width="1.2" fill="none"/>`;
}

/** The part of an interval that is in the window, as a rectangle; with a gap at its end when one is asked for. */
function bar({ timeline: { fromNs, toNs }, x }: Scene, span: Span, y: number, height: number, gap = 0): string {
  const left = x(Math.max(fromNs, span.fromNs));
  const width = Math.max(LEAST_WIDTH, x(Math.min(toNs, span.toNs)) - left - gap);
  return `<rect x="${px(left)}" y="${px(y)}" width="${px(width)}" height="${px(height)}"/>`;
}

function runs(scene: Scene): string {
  const { timeline, rowHeight, top, x } = scene;
  const inset = rowHeight > 8 ? 2 : 0.5;
  const height = rowHeight - 2 * inset;
  const y = (worker: number) => top + worker * rowHeight + inset;
  const byType = timeline.typeNames.map((_, type) => {
    const bars = timeline.runs
      .filter((run) => run.type === type)
      .map((run) => bar(scene, run, y(run.worker), height, x(run.toNs) - x(run.fromNs) > 4 ? 0.7 : 0));
    return bars.length > 0 ? `<g fill="${colourOf(type)}">${bars.join('')}</g>` : '';
  });
  const marks = (marksPreemptions(timeline) ? timeline.runs : []).flatMap(({ end, toNs, worker }) =>
    end === 'preempted' && toNs <= timeline.toNs ? [`M${px(x(toNs))} ${px(y(worker) - 1)}v${px(height + 2)}`] : [],
  );
  const cuts = marks.length > 0 ? `<path d="${marks.join('')}" stroke="${INK}" stroke-width="0.9" fill="none"/>` : '';
  return [...byType, cuts].filter((part) => part !== '').join('\n');
}

/**
 * Marks where slices end would hide slices that are narrower than a few of them; what a preemption costs shows anyway.
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
  return `<g fill="${OVERHEAD}">${bars.join('')}</g>`;
}

function dispatcherRow(scene: Scene, y: number): string {
  const { timeline, rowHeight } = scene;
  if (timeline.dispatcher.length === 0) return '';
  const bars = timeline.dispatcher.map((span) => bar(scene, span, y + 2, rowHeight - 4));
  return (
    `<text x="${LEFT - 8}" y="${px(y + rowHeight / 2 + 4)}" text-anchor="end">dispatcher</text><g ` +
    `fill="${FAINT}">${bars.join('')}</g>`
  );
}

/** Each reservation with the time until the next; one group that owns everything reserves nothing. */
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
        return `<g fill="${colourOf(types[0] ?? 0)}" opacity="0.16">${bars.join('')}</g>`;
      }),
    )
    .join('\n');
}

/** What DARC is about: workers that could serve a request that waits, and are not allowed to. */
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
        return bars.length > 0 ? `<g fill="url(#hatch${types[0] ?? 0})">${bars.join('')}</g>` : '';
      }),
    )
    .filter((part) => part !== '')
    .join('\n');
}

function workerLabels({ timeline: { workers }, rowHeight, top }: Scene): string {
  // As many as there is room for.
  const every = Math.ceil(11 / rowHeight);
  const labels = Array.from({ length: workers }, (_, worker) =>
    worker % every === 0
      ? `<text x="${LEFT - 8}" y="${px(top + (worker + 0.5) * rowHeight + 4)}" text-anchor="end">${worker}</text>`
      : '',
  );
  const middle = top + (workers * rowHeight) / 2;
  return (
    `${labels.join('')}<text transform="translate(20 ${px(middle)}) rotate(-90)" text-anchor="middle" ` +
    `fill="${FAINT}">worker</text>`
  );
}

/** Lengths of the queues, stacked. */
function queues({ timeline, x, queueTop, queueBottom }: Scene): string {
  const { waiting, toNs, typeNames, drops } = timeline;
  const most = Math.max(1, ...waiting.map(({ counts }) => counts.reduce((a, b) => a + b, 0)));
  const { step, decimals } = niceStep(most, 4);
  const ceiling = Math.ceil(most / Math.max(1, step)) * Math.max(1, step);
  const y = (count: number) => queueBottom - (QUEUE_HEIGHT * count) / ceiling;
  const ticks = Array.from({ length: Math.floor(ceiling / Math.max(1, step)) + 1 }, (_, i) => i * Math.max(1, step));
  const grid = ticks.map(
    (tick) =>
      `<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${px(y(tick))}" y2="${px(y(tick))}" stroke="${GRID}" ` +
      `stroke-width="0.7"/><text x="${LEFT - 8}" y="${px(y(tick) + 4)}" ` +
      `text-anchor="end">${tick.toFixed(decimals)}</text>`,
  );
  const areas = typeNames.map((_, type) => {
    if (waiting.every(({ counts }) => counts[type] === 0)) return '';
    const height = (counts: readonly number[], upTo: number) => counts.slice(0, upTo).reduce((a, b) => a + b, 0);
    const edge = (upTo: number) =>
      waiting.flatMap(({ atNs, counts }, i) => {
        const untilNs = waiting[i + 1]?.atNs ?? toNs;
        const at = px(y(height(counts, upTo)));
        return [`${px(x(atNs))} ${at}`, `${px(x(untilNs))} ${at}`];
      });
    return `<path d="M${edge(type + 1).join('L')}L${edge(type).reverse().join('L')}Z" fill="${colourOf(type)}"/>`;
  });
  const middle = (queueTop + queueBottom) / 2;
  return [
    ...grid,
    ...areas.filter((area) => area !== ''),
    ...drops.map(({ atNs }) => cross(x(atNs), queueTop - 6)),
    `<text transform="translate(20 ${px(middle)}) rotate(-90)" text-anchor="middle" fill="${FAINT}">requests ` +
      'waiting</text>',
  ].join('\n');
}

function timeAxis({ timeline: { fromNs, toNs }, x, top, queueBottom }: Scene): string {
  const unit = unitOf(toNs);
  const { step, decimals } = niceStep((toNs - fromNs) / unit.ns, 8);
  const first = Math.ceil(fromNs / unit.ns / step - 1e-9);
  const last = Math.floor(toNs / unit.ns / step + 1e-9);
  const ticks = Array.from({ length: last - first + 1 }, (_, i) => (first + i) * step);
  const lines = ticks.map((tick) => {
    const at = px(x(tick * unit.ns));
    return (
      `<line x1="${at}" x2="${at}" y1="${top}" y2="${queueBottom + 4}" stroke="${GRID}" ` +
      `stroke-width="0.7"/><text x="${at}" y="${queueBottom + 17}" ` +
      `text-anchor="middle">${tick.toFixed(decimals)}</text>`
    );
  });
  return (
    `${lines.join('\n')}\n<text x="${LEFT + PLOT / 2}" y="${queueBottom + 36}" text-anchor="middle" ` +
    `fill="${FAINT}">time (${unit.name})</text>`
  );
}

/** The unit in which the end of the window is a number that people read. */
function unitOf(ns: number): { ns: number; name: string } {
  if (ns < 1e6) return { ns: 1e3, name: 'us' };
  return ns < 10e9 ? { ns: 1e6, name: 'ms' } : { ns: 1e9, name: 's' };
}

/** A step of 1, 2 or 5 times a power of ten that divides a length into at most so many parts. */
function niceStep(length: number, parts: number): { step: number; decimals: number } {
  const rough = length / parts;
  const power = Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((each) => each * 10 ** power).find((each) => each >= rough * (1 - 1e-9))!;
  return { step, decimals: Math.max(0, -Math.floor(Math.log10(step) + 1e-9)) };
}

/** A coordinate: a hundredth of a pixel is enough. */
function px(value: number): string {
  return String(Math.round(value * 100) / 100);
}

function escapeXml(text: string): string {
  return text.replace(/[&<>"]/g, (each) => `&#${each.charCodeAt(0)};`);
}

/** The window in words: `1ms from 300ms`. */
export function windowText({ fromNs, toNs }: Timeline): string {
  return `${formatDuration(toNs - fromNs)} from ${formatDuration(fromNs)}`;
}

import { formatRate } from '../../units/rate.js';
import type { Panel } from '../charts/chart.js';
import { looks } from '../charts/palette.js';
import type { Box } from '../charts/panel.js';
import { renderSample } from '../charts/render.js';
import { createScale, format, valuesOn } from '../charts/scale.js';
import type { Reserved, ShownRun } from '../view/data.js';
import { reservationPanel } from '../view/panels.js';
import { command } from './copied-command.js';
import { make, swatch } from './dom.js';
import { plot } from './plot.js';

const HEIGHT = 190;
/** A path of a copy that the folder keeps. */
const NAMES_SOURCES = /\bsources\/[0-9a-f]{12}\//;

/** The command of the chosen point, and its reserved workers over time. */
export function chosenPoint(run: ShownRun, width: number): Node[] {
  const where = `${run.label}, ${run.workload}, ${run.workers} workers, ${formatRate(run.offeredRps)}`;
  return [
    make('h2', {}, 'Chosen point'),
    make('p', {}, run.load === null ? where : `${where} (load ${format(run.load)})`),
    make('p', {}, command(run.command, 'copy-chosen')),
    ...(NAMES_SOURCES.test(run.command) ? [make('p', { class: 'note' }, 'It runs in the folder of the sweep.')] : []),
    ...reservation(run, width),
  ];
}

function reservation(run: ShownRun, width: number): Node[] {
  if (run.reservations.length === 0) return [make('p', { class: 'note' }, 'This policy reserves no workers.')];
  const panel = reservationPanel(run);
  const look = looks(panel.series.map(({ name }) => name));
  const legend = panel.series.map(({ name }) =>
    make('span', { class: 'series' }, swatch(renderSample(look.get(name)!, 'plain-line')), name),
  );
  const find = (box: Box, x: number, y: number) => {
    const atNs = timeAt(panel, box, x);
    const entry = run.reservations.findLast((each) => each.atNs <= atNs);
    return entry && { x, y, says: `from ${format(entry.atNs, 'duration')}\n${shares(entry)}` };
  };
  const left = run.changesLeftOut + run.reservationsLeftOut;
  return [
    make('h3', {}, 'Reserved workers over time'),
    make('div', { class: 'legend' }, ...legend),
    plot(panel, { width, height: HEIGHT }, 'plotted-reservation', ({ name }) => look.get(name)!, find).node,
    make('p', { class: 'note' }, changes(run, left)),
  ];
}

/** The value of the time axis at a place. */
function timeAt(panel: Panel, box: Box, x: number): number {
  const { from, to } = createScale(panel.x, valuesOn(panel, 'x'));
  return from + ((x - box.x) / box.width) * (to - from);
}

function shares({ groups }: Reserved): string {
  return groups.map(({ name, workers }) => `${name} ${workers}`).join(' | ');
}

function changes({ reservations, replications }: ShownRun, left: number): string {
  const last = reservations.at(-1)!;
  const since = last.atNs > 0 ? ` since ${format(last.atNs, 'duration')}` : '';
  const more = left > 0 ? `; ${left} later changes are left out` : '';
  const first = replications > 1 ? ' The first of several replications.' : '';
  return `${shares(last)}${since}${more}.${first}`;
}

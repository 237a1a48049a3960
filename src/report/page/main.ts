/** The script of a report page: shows the data of the page as the address says. The controls change the address. */

import { chartCsv } from '../charts/chart-csv.js';
import { looks } from '../charts/palette.js';
import { type Box, placesOf } from '../charts/panel.js';
import { type View, viewOf } from '../view/choices.js';
import type { ReportData, ShownRun } from '../view/data.js';
import { type QuantityPanel, quantityPanel } from '../view/panels.js';
import { summaryOf } from '../view/sweep-summary.js';
import { chosenPoint } from './chosen-point.js';
import { selects, seriesBoxes } from './controls.js';
import { make } from './dom.js';
import { download } from './download.js';
import { failedPoints } from './failed-points.js';
import { plot, ring } from './plot.js';
import { table } from './point-table.js';

const HEIGHT = 340;
/** The mouse points at a point from this distance on, px. */
const REACH = 30;
const FAILED = 'Crosses above the chart mark points without a value: their outcome is not ok. The table says why.';
const BANDS = 'Bands are 95 % confidence intervals';
const ALONE = ' as if requests were independent of each other; they wait together, so the truth is wider';

const json = document.getElementById('data')!.textContent;
const data = JSON.parse(json) as ReportData;
const sections = {
  controls: make('form', { 'aria-label': 'What is shown', submit: (event) => event.preventDefault() }),
  chart: make('section', { 'aria-label': 'Chart' }),
  point: make('section', { 'aria-label': 'Chosen point' }),
  table: make('section', { 'aria-label': 'Values', class: 'values' }),
};

function wanted(): URLSearchParams {
  return new URLSearchParams(location.hash.slice(1));
}

/** Changes the address and shows what it then says. */
function go(change: (to: URLSearchParams) => void): void {
  const to = wanted();
  change(to);
  history.replaceState(null, '', `#${to}`);
  show();
}

function show(): void {
  const focused = document.activeElement?.id;
  const view = viewOf(data, wanted());
  const look = looks(view.names);
  const chart = quantityPanel(view);
  const chosen = chosenRun(chart);
  const width = Math.max(
    280,
    sections.chart.clientWidth - 2 * Number.parseFloat(getComputedStyle(sections.chart).paddingLeft),
  );
  const choose = (run: ShownRun) => go((to) => to.set('point', run.key));
  const setHidden = (names: readonly string[]) =>
    go((to) => {
      to.delete('hide');
      for (const name of names) to.append('hide', name);
    });
  sections.controls.replaceChildren(
    selects(view.choices, (key, value) => go((to) => to.set(key, value))),
    seriesBoxes(view, look, setHidden),
  );
  sections.chart.replaceChildren(...chartNodes(view, chart, chosen, width, choose));
  sections.point.replaceChildren(...(chosen ? chosenPoint(chosen, width) : []));
  sections.point.hidden = !chosen;
  const isWhole = wanted().get('rows') === 'all';
  const showAll = () => go((to) => to.set('rows', 'all'));
  sections.table.replaceChildren(...table(chart, look, chosen, choose, { isWhole, showAll }));
  // The element with the focus was replaced.
  if (focused) document.getElementById(focused)?.focus();
}

function chartNodes(
  view: View,
  { panel, runs }: QuantityPanel,
  chosen: ShownRun | undefined,
  width: number,
  choose: (run: ShownRun) => void,
): Node[] {
  const find = (box: Box, x: number, y: number) => {
    const near = placesOf(panel, box)
      .map((place) => ({ place, distance: Math.hypot(place.x - x, place.y - y) }))
      .filter(({ distance }) => distance < REACH)
      .sort((a, b) => a.distance - b.distance)[0]?.place;
    return near && { x: near.x, y: near.y, says: near.says, choose: () => choose(runs.get(near.point)!) };
  };
  const look = looks(view.names);
  const {
    node,
    plot: made,
    svg,
  } = plot(panel, { width, height: HEIGHT }, 'plotted-chart', ({ name }) => look.get(name)!, find);
  const own = placesOf(panel, made.box).find(({ point }) => runs.get(point) === chosen);
  if (own) ring(svg, own.x, own.y);
  const points = panel.series.flatMap((series) => series.points);
  const isAlone = view.runs.some(({ replications }) => replications === 1);
  const notes = [`${BANDS}${isAlone ? ALONE : ''}.`, ...(points.some(({ failed }) => failed) ? [FAILED] : [])];
  const csv = { id: 'download-csv', name: `${data.title}.csv`, type: 'text/csv' };
  const all = { id: 'download-json', name: `${data.title}.json`, type: 'application/json' };
  return [
    make('h2', {}, panel.title ?? ''),
    points.length > 0 || panel.lines
      ? node
      : make('p', { class: 'note' }, 'There is nothing to show: choose a policy.'),
    make('p', { class: 'note' }, notes.join(' ')),
    make(
      'p',
      { class: 'downloads' },
      download('Data of this chart (CSV)', { ...csv, content: () => chartCsv({ title: '', panels: [panel] }) }),
      download('All data (JSON)', { ...all, content: () => json }),
    ),
  ];
}

/** The point asked for if it is shown; else the rightmost one that reserves workers. */
function chosenRun({ panel, runs }: QuantityPanel): ShownRun | undefined {
  const asked = wanted().get('point');
  const points = panel.series.flatMap((series) => series.points);
  const known = points.find((point) => runs.get(point)!.key === asked);
  const rank = (run: ShownRun) => Math.min(2, run.reservations.length);
  const best = [...points].sort(
    (a, b) => Number(a.y === null) - Number(b.y === null) || rank(runs.get(b)!) - rank(runs.get(a)!) || b.x - a.x,
  )[0];
  const point = known ?? best;
  return point && runs.get(point);
}

document.title = `${data.title}: psp report`;
document
  .getElementById('page')!
  .replaceChildren(
    make('h1', {}, data.title),
    make(
      'dl',
      {},
      ...summaryOf(data).flatMap(([term, value]) => [make('div', {}, make('dt', {}, term), make('dd', {}, value))]),
    ),
    sections.controls,
    sections.chart,
    sections.point,
    sections.table,
    ...failedPoints(data.failed),
  );
addEventListener('hashchange', show);
addEventListener('resize', show);
show();

import type { Panel } from '../charts/chart.js';
import type { SeriesLook } from '../charts/palette.js';
import { sayFailure } from '../charts/panel.js';
import { renderSample } from '../charts/render.js';
import { format } from '../charts/scale.js';
import type { ShownRun } from '../view/data.js';
import { intervalOf, type QuantityPanel } from '../view/panels.js';
import { command } from './copied-command.js';
import { make, swatch } from './dom.js';

/** Nobody reads more rows, and they would take most of the time of drawing the page again. */
const FIRST_ROWS = 100;

/**
 * The points of a chart with their values and commands: the first ones and the chosen one, or all.
 *
 * @param showAll asked for all
 */
export function table(
  { panel, runs }: QuantityPanel,
  looks: ReadonlyMap<string, SeriesLook>,
  chosen: ShownRun | undefined,
  choose: (run: ShownRun) => void,
  { isWhole, showAll }: { readonly isWhole: boolean; readonly showAll: () => void },
): Node[] {
  const headings = ['Policy', panel.x.label, panel.y.label, '95 % interval', 'Command'];
  const head = make('tr', {}, ...headings.map((heading) => make('th', { scope: 'col' }, heading)));
  const all = panel.series.flatMap(({ name, points }) =>
    points.map((point) => ({ name, point, run: runs.get(point)! })),
  );
  const shown = isWhole ? all : all.filter(({ run }, i) => i < FIRST_ROWS || run === chosen);
  const rows = shown.map(({ name, point, run }) => {
    const isChosen = run === chosen;
    const button = make(
      'button',
      {
        type: 'button',
        id: `row-${run.key}`,
        class: 'plain',
        'aria-pressed': String(isChosen),
        click: () => choose(run),
      },
      swatch(renderSample(looks.get(name)!)),
      name,
    );
    return make(
      'tr',
      { class: isChosen ? 'chosen' : undefined },
      make('th', { scope: 'row' }, button),
      make('td', { class: 'number' }, format(point.x, panel.x.unit)),
      ...valueCells(panel, point),
      make('td', {}, command(run.command, `copy-${run.key}`)),
    );
  });
  const more = make('button', { type: 'button', id: 'rows-all', click: showAll }, `Show all ${all.length} points`);
  return [
    make('table', {}, make('thead', {}, head), make('tbody', {}, ...rows)),
    ...(shown.length < all.length ? [make('p', { class: 'more' }, more)] : []),
  ];
}

function valueCells({ y: { unit } }: Panel, point: Panel['series'][number]['points'][number]): HTMLElement[] {
  if (point.y === null) return [make('td', { colspan: 2, class: 'failed' }, sayFailure(point))];
  const cells = [format(point.y, unit), intervalOf(point, unit)];
  return cells.map((cell) => make('td', { class: 'number' }, cell));
}

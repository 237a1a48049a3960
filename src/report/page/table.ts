import type { Panel } from '../charts/chart.js';
import type { Look } from '../charts/palette.js';
import { FAILURES } from '../charts/panel.js';
import { renderSample } from '../charts/render.js';
import { format } from '../charts/scale.js';
import type { Run } from '../view/data.js';
import { intervalOf, type QuantityPanel } from '../view/panels.js';
import { command } from './command.js';
import { make, swatch } from './dom.js';

/** The points of a chart with their values and commands. */
export function table(
  { panel, runs }: QuantityPanel,
  looks: ReadonlyMap<string, Look>,
  chosen: Run | undefined,
  choose: (run: Run) => void,
): HTMLElement {
  const headings = ['Policy', panel.x.label, panel.y.label, '95 % interval', 'Command'];
  const head = make('tr', {}, ...headings.map((heading) => make('th', { scope: 'col' }, heading)));
  const rows = panel.series.flatMap(({ name, points }) =>
    points.map((point) => {
      const run = runs.get(point)!;
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
    }),
  );
  return make('table', {}, make('thead', {}, head), make('tbody', {}, ...rows));
}

function valueCells({ y: { unit } }: Panel, point: Panel['series'][number]['points'][number]): HTMLElement[] {
  if (point.y === null) return [make('td', { colspan: 2, class: 'failed' }, FAILURES[point.failed!])];
  const cells = [format(point.y, unit), intervalOf(point, unit)];
  return cells.map((cell) => make('td', { class: 'number' }, cell));
}

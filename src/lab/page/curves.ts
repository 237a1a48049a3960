/** Charts beside the timelines: slowdown against load, and the tail of each type. */

import type { Panel } from '../../report/charts/chart.js';
import { pointsOf, quantityAxis } from '../../report/charts/charted-results.js';
import type { SeriesLook } from '../../report/charts/palette.js';
import { renderSample } from '../../report/charts/render.js';
import { make, swatch } from '../../report/page/dom.js';
import { plot } from '../../report/page/plot.js';
import { failureOf } from '../../results/outcome-schema.js';
import { effect, type Signal, signal } from '../signals.js';
import { tailOf, tailPanel } from '../slowdown-tails.js';
import type { LabComparison } from './lab-comparison.js';

/** The two policies, in the colours that c-fcfs and darc have elsewhere: never those of a type. */
const LOOKS: readonly SeriesLook[] = [
  { color: '#d55e00', mark: 'square' },
  { color: '#0072b2', mark: 'circle' },
];
const NAMES = ['a', 'b'];
const HEIGHT = 250;
const WIDEST = 560;
const NARROWEST = 280;
/** Nothing changed for this long, ms. */
const REST_MS = 120;

export function curves(comparison: LabComparison, labels: () => readonly string[], width: Signal<number>): HTMLElement {
  const node = make('div', { class: 'charts' });
  const types = signal('[]');
  effect(() => types.set(JSON.stringify(comparison.recorded.get()?.[0].recording.typeNames ?? [])));
  let timer: ReturnType<typeof setTimeout> | undefined;
  const draw = () => {
    const size = { width: Math.max(NARROWEST, Math.min(WIDEST, width.peek())), height: HEIGHT };
    const panels = [...loadPanels(comparison, JSON.parse(types.peek()) as string[]), ...tailPanels(comparison)];
    node.replaceChildren(
      ...panels.map((panel, i) => {
        const look = ({ name }: { readonly name: string }) => LOOKS[NAMES.indexOf(name)]!;
        const { node: chart, svg } = plot({ ...panel, title: '' }, size, `lab-chart-${i}`, look, () => undefined);
        svg.setAttribute('aria-label', panel.title ?? '');
        return make('figure', {}, make('figcaption', {}, panel.title ?? ''), chart);
      }),
    );
  };
  effect(() => {
    for (const each of [width, types, comparison.run, comparison.curve, comparison.measured]) each.get();
    // Someone who drags a slider waits for the timelines, not for these.
    clearTimeout(timer);
    timer = setTimeout(draw, REST_MS);
  });
  const legend = make('p', { class: 'legend' });
  effect(() => {
    comparison.run.get();
    legend.replaceChildren(
      ...labels().map((label, i) => make('span', { class: 'series' }, swatch(renderSample(LOOKS[i]!)), label)),
    );
  });
  return make('div', {}, legend, node);
}

/** The slowdown of each type against the load, with the load that is shown as a line. */
function loadPanels(comparison: LabComparison, types: readonly string[]): Panel[] {
  const points = comparison.curve.peek();
  const run = comparison.run.peek();
  if (!run) return [];
  return types.slice(0, 4).map((type): Panel => {
    const quantity = { type, metric: 'slowdown', statistic: 'p99_9' } as const;
    return {
      title: `${type}: p99.9 slowdown against load`,
      x: { label: 'load', scale: 'linear', range: [0, 1] },
      y: quantityAxis(quantity, 'log'),
      series: NAMES.map((name, i) => ({
        name,
        points: pointsOf(
          points.map(({ results }) => results[i]!),
          ({ load }) => load ?? 0,
          quantity,
        ),
      })),
      lines: [{ axis: 'x', at: run.load, label: 'shown' }],
    };
  });
}

function tailPanels(comparison: LabComparison): Panel[] {
  const measured = comparison.measured.peek();
  if (!measured) return [];
  const { types } = measured[0].result;
  return types.slice(0, 4).map(({ name: type }, i) =>
    tailPanel(
      `${type}: how many are worse`,
      NAMES.flatMap((name, side) => {
        const { result, slowdowns: all } = measured[side as 0 | 1];
        const slowdowns = all[i];
        // Those of a run without a value say only how long it was.
        return slowdowns && !failureOf(result) ? [tailOf(name, name, slowdowns)] : [];
      }),
    ),
  );
}

/** What was measured, in the words of `psp sim`. */

import { make } from '../../report/page/dom.js';
import { formatEstimate, formatShare, formatSlowdown } from '../../report/text/numbers.js';
import { formatReservation } from '../../report/text/reserved-workers.js';
import { takeaway } from '../../report/text/takeaway.js';
import { failureOf } from '../../results/outcome-schema.js';
import type { Result } from '../../results/result.js';
import { formatRate } from '../../units/rate.js';
import { type Recording, slowdownOf } from '../recording.js';
import { effect } from '../signals.js';
import type { LabComparison } from './lab-comparison.js';
import { colorOf } from './scene.js';

type Cells = readonly (string | Node)[];

export function numbersTable(comparison: LabComparison, labels: () => readonly string[]): HTMLElement {
  const holder = make('div', { class: 'values' });
  const sentence = make('p', { class: 'takeaway', role: 'status', id: 'takeaway' });
  const note = make('p', { class: 'note', id: 'measured' });
  effect(() => {
    const results = resultsShown(comparison);
    const recorded = comparison.recorded.get();
    holder.classList.toggle('stale', !comparison.isFresh.get());
    if (!recorded) return;
    holder.replaceChildren(
      results.length > 0
        ? tableOf(labels(), results)
        : coarseTable(
            labels(),
            recorded.map(({ recording }) => recording),
          ),
    );
    sentence.textContent = (results.length > 0 && takeaway(results)) || '';
    note.textContent =
      results.length > 0 ? noteOf(results) : 'A first look at a part of the run: it is being measured.';
  });
  return make('div', {}, sentence, holder, note);
}

/** The results of the run that is shown; while they are measured, those of the run before are still there. */
export function resultsShown({ run, measured, isFresh }: LabComparison): readonly Result[] {
  const now = measured.get();
  return now && isFresh.get() && now[0].run === run.get() ? now.map(({ result }) => result) : [];
}

function noteOf(results: readonly Result[]): string {
  const [{ replications, requests }] = results as [Result];
  const each = (requests / replications).toLocaleString('en');
  const reasons = results.flatMap(({ outcome, reason, policy }) => (outcome === 'ok' ? [] : [`${policy}: ${reason}`]));
  return [
    `${replications === 1 ? '' : `${replications} x `}${each} requests. ±: 95 % confidence interval.`,
    ...reasons,
  ].join(' ');
}

function tableOf(labels: readonly string[], results: readonly Result[]): HTMLElement {
  const estimate = (result: Result, type: number, statistic: 'p50' | 'p99_9'): Node => {
    const failed = failureOf(result);
    const [value, margin] = failed
      ? [failed, '']
      : formatEstimate(result.types[type]!.slowdown, statistic, formatSlowdown);
    return make('span', {}, value, ...(margin === '' ? [] : [' ', make('small', {}, margin)]));
  };
  const types = results[0]!.types.map(({ name }) => name);
  const some = (of: (result: Result) => number) => results.some((result) => of(result) > 0);
  return layOut(labels, types, (type, statistic) => results.map((result) => estimate(result, type, statistic)), [
    ['throughput', results.map((result) => formatRate(result.achievedRps))],
    ['workers busy', results.map((result) => formatShare(result.utilisation))],
    ...(some((r) => r.overhead) ? [['overhead', results.map((r) => formatShare(r.overhead))] as const] : []),
    ...(some((r) => r.dropped) ? [['dropped', results.map((r) => formatShare(r.dropped / r.requests))] as const] : []),
    ['reserved workers', results.map((result) => formatReservation(result) || '–')],
  ]);
}

/** From a recording alone: no intervals, because it is short. */
function coarseTable(labels: readonly string[], recordings: readonly Recording[]): HTMLElement {
  const sorted = recordings.map((recording) => {
    const { typeNames, type, arrivalNs, fromNs } = recording;
    const slowdowns = typeNames.map((): number[] => []);
    for (let i = 0; i < type.length; i++) {
      const slowdown = arrivalNs[i]! >= fromNs ? slowdownOf(recording, i) : Number.NaN;
      if (!Number.isNaN(slowdown)) slowdowns[type[i]!]!.push(slowdown);
    }
    return slowdowns.map((each) => each.sort((a, b) => a - b));
  });
  const at = (values: readonly number[], share: number) =>
    values.length === 0
      ? '–'
      : `≈${formatSlowdown(values[Math.min(values.length - 1, Math.floor(share * values.length))]!)}`;
  return layOut(
    labels,
    recordings[0]!.typeNames,
    (type, statistic) => sorted.map((of) => at(of[type] ?? [], statistic === 'p50' ? 0.5 : 0.999)),
    [
      ['throughput', recordings.map(() => '…')],
      ['workers busy', recordings.map(() => '…')],
      [
        'reserved workers',
        recordings.map(({ reservations, typeNames }) => reservedText(reservations.at(-1), typeNames)),
      ],
    ],
  );
}

function reservedText(last: Recording['reservations'][number] | undefined, typeNames: readonly string[]): string {
  if (!last) return '–';
  return last.groups
    .map(({ types, workers }) => `${types.map((type) => typeNames[type]).join('+')} ${workers.length}`)
    .join(' | ');
}

/** A policy with its parameters, which a narrow table breaks between them. */
function breakable(label: string): (Node | string)[] {
  return label.split(/(?=[:=])/).flatMap((part, i) => (i === 0 ? [part] : [make('wbr'), part]));
}

function layOut(
  labels: readonly string[],
  types: readonly string[],
  slowdown: (type: number, statistic: 'p50' | 'p99_9') => Cells,
  others: readonly (readonly [string, Cells])[],
): HTMLElement {
  const row = (name: string | Node, cells: Cells) =>
    make('tr', {}, make('th', { scope: 'row' }, name), ...cells.map((cell) => make('td', { class: 'number' }, cell)));
  const rows = types.flatMap((type, i) => {
    const name = (statistic: string) => {
      const dot = make('span', { class: 'dot', 'aria-hidden': 'true' });
      dot.style.background = colorOf(i);
      return make('span', {}, dot, `${type} ${statistic} slowdown`);
    };
    return [row(name('p50'), slowdown(i, 'p50')), row(name('p99.9'), slowdown(i, 'p99_9'))];
  });
  return make(
    'table',
    { class: 'numbers' },
    make(
      'thead',
      {},
      make('tr', {}, make('td', {}), ...labels.map((label) => make('th', { scope: 'col' }, ...breakable(label)))),
    ),
    make('tbody', {}, ...rows, ...others.map(([name, cells]) => row(name, cells))),
  );
}

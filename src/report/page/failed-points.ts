import type { FailedRun } from '../view/data.js';
import { command } from './copied-command.js';
import { make } from './dom.js';

/**
 * The points that could not be run, and why; empty when there are none. They are in no chart, because they have no
 * values.
 */
export function failedPoints(failed: readonly FailedRun[]): Node[] {
  if (failed.length === 0) return [];
  const head = make('tr', {}, ...['Error', 'Command'].map((heading) => make('th', { scope: 'col' }, heading)));
  const rows = failed.map((each) =>
    make('tr', {}, make('td', {}, each.error), make('td', {}, command(each.command, `copy-failed-${each.key}`))),
  );
  const table = make('table', {}, make('thead', {}, head), make('tbody', {}, ...rows));
  const note = make('p', { class: 'note' }, 'The next psp sweep of the same points tries these again.');
  return [
    make(
      'section',
      { 'aria-label': 'Points that could not be run', class: 'failed-points' },
      make('h2', {}, 'Points that could not be run'),
      note,
      make('div', { class: 'values' }, table),
    ),
  ];
}

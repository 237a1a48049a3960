import { command } from '../../report/page/copied-command.js';
import { make } from '../../report/page/dom.js';
import type { Result } from '../../results/result.js';
import { labCommand, usesMine } from '../lab-state.js';
import { effect } from '../signals.js';
import { exportButtons } from './exports.js';
import type { Lab } from './lab-parts.js';
import { resultsShown } from './numbers-table.js';
import type { TimelineView } from './timeline-view.js';

export function sharePanel({ data, state, comparison, yaml }: Lab, timelines: TimelineView): HTMLElement {
  const same = make('div', {});
  effect(() => {
    const results = resultsShown(comparison);
    const now = state.get();
    if (results.length === 0) {
      same.replaceChildren(make('p', { class: 'note' }, 'The command is here once the run is measured.'));
      return;
    }
    const [{ replications }] = results as [Result];
    const needs = [
      ...(now.yaml === '' ? [] : [`the workload as ${now.workload}.yaml (Export, Workload)`]),
      ...(usesMine(now) ? ['the policy of the editor as mine.ts'] : []),
    ];
    same.replaceChildren(
      make('p', {}, 'The same on the command line, with the same digests:'),
      command(labCommand(now, replications), 'copy-command'),
      ...(needs.length > 0 ? [make('p', { class: 'note' }, `It needs ${needs.join(' and ')} beside it.`)] : []),
      make(
        'p',
        { id: 'digests' },
        ...results.flatMap(({ digest }, i) => [make('span', {}, `${now.policies[i]} `, make('code', {}, digest)), ' ']),
        `psp ${data.version}`,
      ),
    );
  });
  const copy = make(
    'button',
    { type: 'button', id: 'copy-address', click: () => void navigator.clipboard?.writeText(location.href) },
    'Copy the address of this state',
  );
  return make(
    'section',
    { 'aria-label': 'Share and export' },
    make('h2', {}, 'Share and export'),
    same,
    make('p', {}, copy),
    exportButtons(timelines, {
      title: () => `${state.peek().policies.join(' and ')} on ${state.peek().workload}`,
      subtitle: () => `${state.peek().workers} workers · load ${state.peek().load} · seed ${state.peek().seed}`,
      yaml: () => ({ name: state.peek().workload, text: yaml.peek() }),
    }),
  );
}

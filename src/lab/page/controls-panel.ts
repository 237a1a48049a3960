/** Everything that can be chosen. */

import { make } from '../../report/page/dom.js';
import type { ParameterSpec } from '../../scheduler/policy.js';
import type { LabData } from '../lab-html.js';
import { isMine, MOST_LAB_WORKERS } from '../lab-state.js';
import type { Signal } from '../signals.js';
import { selectField, sliderField, textField } from './form-fields.js';
import type { Lab } from './lab-parts.js';
import { policyFields } from './policy-fields.js';
import { workloadFields } from './workload-fields.js';

export function controlsPanel(lab: Lab): HTMLElement {
  const { data, state, change, part, comparison } = lab;
  const mineParameters = (index: number) => (): readonly ParameterSpec[] => {
    const recorded = comparison.recorded.get()?.[index];
    return recorded && isMine(comparison.run.peek()?.policies[index] ?? '') ? recorded.parameters : [];
  };
  const policyAt = (index: 0 | 1): Signal<string> => ({
    get: () => state.get().policies[index],
    peek: () => state.peek().policies[index],
    set: (text) => {
      const [first, second] = state.peek().policies;
      change({ policies: index === 0 ? [text, second] : [first, text] });
    },
  });
  const options = (files: LabData['workloads']) => files.map(({ name }) => ({ value: name, text: name }));
  const yamlProblem = () => {
    const failure = comparison.failure.get();
    return failure && /\.yaml:/.test(failure.message) ? failure.message : '';
  };
  return make(
    'form',
    { class: 'controls', 'aria-label': 'Controls', submit: (event) => event.preventDefault() },
    policyFields('Policy above', 'policy-0', policyAt(0), mineParameters(0)),
    policyFields('Policy below', 'policy-1', policyAt(1), mineParameters(1)),
    make(
      'fieldset',
      {},
      make('legend', {}, 'Run'),
      sliderField(field(part('load'), 'load', 'load'), { min: 0.05, max: 1.2, step: 0.01 }),
      sliderField(
        field(part('workers'), 'workers', 'workers'),
        { min: 1, max: MOST_LAB_WORKERS, step: 1, isLog: true },
        String,
        wholeNumber,
      ),
      selectField(field(part('system'), 'system', 'system costs'), [
        { value: '', text: 'none' },
        ...options(data.systems),
      ]),
      textField(field(part('seed'), 'seed', 'seed'), (text) => {
        if (text.trim() === '') throw new Error('expected a seed, found nothing');
      }),
      selectField(
        {
          id: 'requests',
          label: 'requests',
          get: () => String(state.get().requests),
          set: (value) => change({ requests: Number(value) }),
        },
        [20_000, 100_000, 200_000, 500_000, 2_000_000].map((each) => ({
          value: String(each),
          text: each.toLocaleString('en'),
        })),
      ),
    ),
    make(
      'fieldset',
      {},
      make('legend', {}, 'Workload'),
      selectField(
        {
          id: 'workload',
          label: 'workload',
          get: () => state.get().workload,
          set: (workload) => change({ workload, yaml: '', fromNs: 0, forNs: 0 }),
        },
        options(data.workloads),
      ),
      workloadFields(lab.yaml, yamlProblem),
    ),
  );
}

function wholeNumber(text: string): number {
  return Number.isInteger(Number(text)) ? Number(text) : Number.NaN;
}

function field<T>(of: Signal<T>, id: string, label: string) {
  return { id, label, get: of.get, set: of.set };
}

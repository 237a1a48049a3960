import { make } from '../../report/page/dom.js';
import {
  describeValue,
  fieldOf,
  type ParameterSpec,
  type Policy,
  parseParameter,
  rangeOf,
} from '../../scheduler/policy.js';
import { type ChosenPolicy, describePolicy, parsePolicy, policies } from '../../scheduler/policy-registry.js';
import { isMine, MINE } from '../lab-state.js';
import { effect, type Signal } from '../signals.js';
import { checkField, selectField, textField } from './form-fields.js';

/** Choice of one policy with all its parameters, as their specs say. */
export function policyFields(
  label: string,
  id: string,
  text: Signal<string>,
  mineParameters: () => readonly ParameterSpec[],
): HTMLElement {
  const names = [...policies.map(({ name, title }) => ({ value: name, text: `${name}: ${title}` }))];
  const chosen = () => parseLab(text.get(), mineParameters());
  const select = selectField(
    { id, label, get: () => (isMine(text.get()) ? MINE : chosen().policy.name), set: (name) => text.set(name) },
    [...names, { value: MINE, text: 'mine: the policy of the editor' }],
  );
  const about = make('p', { class: 'note' });
  const parameters = make('div', { class: 'choices' });
  let shown: readonly ParameterSpec[] | undefined;
  effect(() => {
    const { policy } = chosen();
    about.textContent = policy.summary;
    // Fields stay while the policy does, so that nobody loses the one that has the focus.
    if (shown === policy.parameters) return;
    shown = policy.parameters;
    parameters.replaceChildren(...shown.map((spec) => parameterField(spec, id, text, mineParameters)));
  });
  return make('fieldset', { class: 'policy' }, make('legend', {}, label), select, about, parameters);
}

/** The policy of a text; for that of the editor, what is known of it without running it. */
function parseLab(text: string, parameters: readonly ParameterSpec[]): ChosenPolicy {
  const mine = { name: 'mine', summary: 'the policy of the editor below', parameters } as unknown as Policy;
  try {
    return parsePolicy(text, () => ({ code: { file: MINE, sha256: '', text: '' }, policies: [mine] }));
  } catch {
    // The address may name what is not there; what is shown says so.
    return isMine(text) ? { policy: mine, parameters: {} } : parsePolicy('c-fcfs');
  }
}

function parameterField(
  spec: ParameterSpec,
  id: string,
  text: Signal<string>,
  mineParameters: () => readonly ParameterSpec[],
): HTMLElement {
  const field = fieldOf(spec);
  const value = () => parseLab(text.get(), mineParameters()).parameters[field] ?? spec.default;
  const set = (next: number | string | boolean) => {
    const chosen = parseLab(text.peek(), mineParameters());
    const described = describePolicy({ ...chosen, parameters: { ...chosen.parameters, [field]: next } });
    text.set(isMine(text.peek()) ? described.replace(/^[^:]*/, MINE) : described);
  };
  const range = rangeOf(spec);
  const common = { id: `${id}-${spec.key}`, label: spec.key, help: `${spec.help}${range ? ` (${range})` : ''}` };
  if (spec.kind === 'flag') return checkField({ ...common, get: () => value() === true, set });
  const parse = (written: string) => parseParameter(parseLab(text.peek(), mineParameters()).policy, spec, written);
  const shown = () => describeValue(spec, value());
  if (spec.kind === 'choice') {
    return selectField(
      { ...common, get: shown, set },
      spec.choices!.map((each) => ({ value: each, text: each })),
    );
  }
  return textField({ ...common, get: shown, set: (written) => set(parse(written)) }, parse);
}

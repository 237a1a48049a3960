import { make } from '../../report/page/dom.js';
import { exactDuration, parseDuration } from '../../units/duration.js';
import { effect, type Signal } from '../signals.js';
import { knobsOf, type ServiceSpread, SPREADS, type TypeKnobs, withBursts, withType } from '../workload-knobs.js';
import { selectField, sliderField } from './form-fields.js';

const MEANS = { min: 100, max: 1e7, step: 1, isLog: true };

/** Sliders for the types of a workload and its bursts, and its file as text. */
export function workloadFields(yaml: Signal<string>, problem: () => string): HTMLElement {
  const sliders = make('div', { class: 'choices' });
  let shape = '';
  effect(() => {
    const knobs = knobsOf(yaml.get());
    const next = JSON.stringify(
      knobs && [knobs.types.map(({ name, spread }) => [name, spread]), knobs.burstFactor === undefined],
    );
    // Sliders stay while the types do: someone may hold one.
    if (next === shape) return;
    shape = next;
    sliders.replaceChildren(
      ...(knobs?.types ?? []).map((type, index) => typeFields(yaml, type, index, knobs!.types.length > 1)),
      ...(knobs?.burstFactor === undefined ? [] : [burstField(yaml)]),
    );
  });
  return make('div', {}, sliders, yamlBox(yaml, problem));
}

function typeFields(yaml: Signal<string>, type: TypeKnobs, index: number, hasOthers: boolean): HTMLElement {
  const id = `type-${index}`;
  const now = () => knobsOf(yaml.get())?.types[index] ?? type;
  const change = (by: Parameters<typeof withType>[2]) => yaml.set(withType(yaml.peek(), index, by));
  const ratio = sliderField(
    { id: `${id}-ratio`, label: 'ratio', get: () => now().ratio, set: (value) => change({ ratio: value }) },
    { min: 0.001, max: 0.999, step: 0.001 },
  );
  const mean = sliderField(
    { id: `${id}-mean`, label: 'mean service', get: () => now().meanNs ?? 1000, set: (meanNs) => change({ meanNs }) },
    MEANS,
    (ns) => exactDuration(Math.round(ns)),
    parseDuration,
  );
  const spread = selectField(
    {
      id: `${id}-spread`,
      label: 'distribution',
      get: () => now().spread ?? 'constant',
      set: (value) => change({ spread: value as ServiceSpread }),
    },
    SPREADS.map((each) => ({ value: each, text: each })),
  );
  const sigma = sliderField(
    {
      id: `${id}-sigma`,
      label: 'variability (sigma)',
      get: () => now().sigma,
      set: (value) => change({ sigma: value }),
    },
    { min: 0.1, max: 3, step: 0.1 },
  );
  return make(
    'fieldset',
    {},
    make('legend', {}, type.name),
    ...(hasOthers ? [ratio] : []),
    ...(type.spread === undefined
      ? [make('p', { class: 'note' }, 'its service times: see the file below')]
      : [mean, spread, ...(type.spread === 'lognormal' ? [sigma] : [])]),
  );
}

function burstField(yaml: Signal<string>): HTMLElement {
  return sliderField(
    {
      id: 'bursts',
      label: 'bursts: times the calm rate',
      get: () => knobsOf(yaml.get())?.burstFactor ?? 1,
      set: (factor) => yaml.set(withBursts(yaml.peek(), factor)),
    },
    { min: 1, max: 10, step: 0.5 },
  );
}

function yamlBox(yaml: Signal<string>, problem: () => string): HTMLElement {
  const box = make('textarea', { id: 'yaml', rows: '14', spellcheck: 'false', input: () => yaml.set(box.value) });
  const says = make('p', { class: 'problem', role: 'alert' });
  effect(() => {
    const text = yaml.get();
    if (box.value !== text) box.value = text;
  });
  effect(() => {
    says.textContent = problem();
  });
  return make(
    'details',
    {},
    make('summary', {}, 'Its file (YAML)'),
    make('label', { class: 'hidden', for: 'yaml' }, 'Workload file'),
    box,
    says,
  );
}

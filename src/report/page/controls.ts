import type { SeriesLook } from '../charts/palette.js';
import { renderSample } from '../charts/render.js';
import type { Choice, View } from '../view/choices.js';
import { make, swatch } from './dom.js';

export function selects(choices: readonly Choice[], choose: (key: string, value: string) => void): HTMLElement {
  const labels = choices.map(({ key, label, options, value: chosen }) => {
    const id = `choose-${key}`;
    const select = make(
      'select',
      { id, change: () => choose(key, select.value) },
      ...options.map(({ value, text }) => make('option', { value, selected: value === chosen }, text)),
    );
    return make('div', { class: 'choice' }, make('label', { for: id }, label), select);
  });
  return make('div', { class: 'choices' }, ...labels);
}

/** The legend, in which each series can be left out. */
export function seriesBoxes(
  { names, hidden }: View,
  looks: ReadonlyMap<string, SeriesLook>,
  hide: (names: readonly string[]) => void,
): HTMLElement {
  const boxes = names.map((name, i) => {
    const id = `series-${i}`;
    const toggled = () => (hidden.has(name) ? [...hidden].filter((each) => each !== name) : [...hidden, name]);
    const box = make('input', { type: 'checkbox', id, checked: !hidden.has(name), change: () => hide(toggled()) });
    return make('label', { for: id, class: 'series' }, box, swatch(renderSample(looks.get(name)!)), name);
  });
  const all = make('button', { type: 'button', id: 'series-all', click: () => hide([]) }, 'all');
  const none = make('button', { type: 'button', id: 'series-none', click: () => hide(names) }, 'none');
  return make('fieldset', {}, make('legend', {}, 'Policies'), ...boxes, ...(names.length > 2 ? [all, none] : []));
}

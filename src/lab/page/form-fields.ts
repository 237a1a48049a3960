/** Fields of a form, each with its name, made once and kept in step with a value. */

import { make } from '../../report/page/dom.js';
import { effect } from '../signals.js';

interface FieldOptions<T> {
  readonly id: string;
  readonly label: string;
  readonly get: () => T;
  readonly set: (value: T) => void;
  readonly help?: string | undefined;
}

export function selectField(
  { id, label, get, set, help }: FieldOptions<string>,
  options: readonly { readonly value: string; readonly text: string }[],
): HTMLElement {
  const select = make(
    'select',
    { id, title: help, change: () => set(select.value) },
    ...options.map(({ value, text }) => make('option', { value }, text)),
  );
  effect(() => {
    select.value = get();
  });
  return make('div', { class: 'choice' }, make('label', { for: id }, label), select);
}

export interface SliderRange {
  readonly min: number;
  readonly max: number;
  readonly step: number;
  /** The slider is of the logarithm. */
  readonly isLog?: boolean;
}

/** A slider, with a box beside it for the exact value. */
export function sliderField(
  { id, label, get, set, help }: FieldOptions<number>,
  { min, max, step, isLog = false }: SliderRange,
  write: (value: number) => string = String,
  read: (text: string) => number = Number,
): HTMLElement {
  const place = (value: number) => (isLog ? Math.log10(value) : value);
  const slider = make('input', {
    type: 'range',
    id: `${id}-slider`,
    min: place(min),
    max: place(max),
    step: isLog ? 0.01 : step,
    'aria-label': label,
    input: () => {
      const value = Number(slider.value);
      set(isLog ? Number((10 ** value).toPrecision(2)) : value);
    },
  });
  const box = make('input', {
    id,
    size: '6',
    inputmode: 'decimal',
    title: help,
    ...onCommit(() => {
      const value = readOr(box.value, read);
      const isFine = value >= min && value <= max;
      mark(box, isFine ? '' : `expected ${write(min)} to ${write(max)}, found '${box.value}'`);
      if (isFine) set(value);
    }),
  });
  onChange(get, (value) => {
    slider.value = String(place(value));
    box.value = write(value);
    mark(box, '');
  });
  return make(
    'div',
    { class: 'choice' },
    make('label', { for: id }, label),
    make('div', { class: 'pair' }, slider, box),
  );
}

/** Tells of a value when it is another one: what someone types meanwhile stays as it is. */
function onChange<T>(get: () => T, tell: (value: T) => void): void {
  let last: T | undefined;
  effect(() => {
    const value = get();
    if (value === last) return;
    last = value;
    tell(value);
  });
}

/** When a text is there to be taken: the field is left, or Enter is pressed. */
function onCommit(commit: () => void) {
  return {
    change: commit,
    keydown: (event: Event) => {
      if ((event as KeyboardEvent).key === 'Enter') commit();
    },
  };
}

function readOr(text: string, read: (text: string) => number): number {
  try {
    return read(text);
  } catch {
    return Number.NaN;
  }
}

/** @param check throws an Error that says what is wrong with a text */
export function textField(
  { id, label, get, set, help }: FieldOptions<string>,
  check: (text: string) => void = () => {},
): HTMLElement {
  const problem = make('span', { class: 'problem', role: 'alert' });
  const box = make('input', {
    id,
    title: help,
    size: '10',
    ...onCommit(() => {
      try {
        check(box.value);
        mark(box, '');
        problem.textContent = '';
        set(box.value);
      } catch (error) {
        mark(box, 'wrong');
        problem.textContent = (error as Error).message;
      }
    }),
  });
  onChange(get, (value) => {
    box.value = value;
    mark(box, '');
    problem.textContent = '';
  });
  return make('div', { class: 'choice' }, make('label', { for: id }, label), box, problem);
}

export function checkField({ id, label, get, set, help }: FieldOptions<boolean>): HTMLElement {
  const box = make('input', { type: 'checkbox', id, title: help, change: () => set(box.checked) });
  effect(() => {
    box.checked = get();
  });
  return make('label', { class: 'series', for: id }, box, label);
}

function mark(box: HTMLInputElement, problem: string): void {
  box.setCustomValidity(problem);
  if (problem === '') box.removeAttribute('aria-invalid');
  else box.setAttribute('aria-invalid', 'true');
  box.title ||= problem;
}

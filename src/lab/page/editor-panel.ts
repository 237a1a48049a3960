import { make } from '../../report/page/dom.js';
import { usesMine } from '../lab-state.js';
import { signal } from '../signals.js';
import { policyEditor } from './editor.js';
import { eraseTypes } from './erase-types.js';
import type { Lab } from './lab-parts.js';

/** Someone who types rests this long before the policy runs, ms. */
const TYPING_MS = 400;

export function editorPanel({ data, state, change, comparison }: Lab): HTMLElement {
  const code = () => state.get().code || data.template;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const faults = signal(eraseTypes(code()).faults);
  const editor = policyEditor({
    text: code(),
    onChange: (text) => {
      faults.set(eraseTypes(text).faults);
      clearTimeout(timer);
      timer = setTimeout(() => change({ code: text === data.template ? '' : text }), TYPING_MS);
    },
    faults: () => faults.get(),
    failure: () => {
      const failure = comparison.failure.get();
      return usesMine(state.get()) && failure && !/\.yaml:/.test(failure.message) ? failure : undefined;
    },
    fine: () =>
      usesMine(state.get()) ? 'It runs, and the referee has nothing to say.' : 'Choose mine as a policy to run it.',
  });
  const use = make(
    'button',
    {
      type: 'button',
      id: 'use-mine',
      click: () => change({ policies: [state.peek().policies[0], './mine.ts'], step: 0 }),
    },
    'Run it below',
  );
  return make(
    'section',
    { 'aria-label': 'Your policy' },
    make('h2', {}, 'Your policy'),
    make(
      'p',
      {},
      'TypeScript, as ',
      make('code', {}, 'psp new policy mine'),
      ' writes it. It runs here, under the referee, when you change it. ',
      use,
    ),
    editor,
  );
}

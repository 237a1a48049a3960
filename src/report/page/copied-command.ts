import { make } from './dom.js';

/** A command as it is typed, to be copied. */
export function command(text: string, id: string): HTMLElement {
  // Break lines between options, not after their dashes.
  const options = text.split(/ (?=--)/).map((option) => make('span', {}, option));
  const code = make('code', {}, ...options.flatMap((option, i) => (i === 0 ? [option] : [' ', option])));
  const button = make('button', { type: 'button', id, click: () => void copy() }, 'Copy');
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      button.textContent = 'Copied';
    } catch {
      // If copying is not allowed here, select the text, so that Ctrl-C copies it.
      getSelection()?.selectAllChildren(code);
      button.textContent = 'Press Ctrl-C';
    }
  };
  return make('span', { class: 'command' }, code, button);
}

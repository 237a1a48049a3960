import { make } from './dom.js';

/** A button that saves a file. */
export function download(
  label: string,
  { id, name, type, content }: { id: string; name: string; type: string; content: () => string },
): HTMLElement {
  const save = () => {
    const url = URL.createObjectURL(new Blob([content()], { type }));
    make('a', { href: url, download: name }).click();
    setTimeout(() => URL.revokeObjectURL(url), 60_000);
  };
  return make('button', { type: 'button', id, click: save }, label);
}

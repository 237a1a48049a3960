import type { LabData } from '../lab-html.js';

export function labData(): LabData {
  return JSON.parse(document.getElementById('data')!.textContent!) as LabData;
}

/** The address of the page's own code, for workers: also where the page is a file. */
export function ownCode(): string {
  const code = document.getElementById('code')!.textContent!;
  return URL.createObjectURL(new Blob([code], { type: 'text/javascript' }));
}

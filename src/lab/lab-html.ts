/** The file of the laboratory: style, data and code in one. */

import { embedded, htmlPage } from '../report/html/html-page.js';
import type { NamedText } from './lab-run.js';
import { LAB_STYLE } from './lab-style.js';

/** What the page has beside its code. */
export interface LabData {
  readonly version: string;
  readonly workloads: readonly NamedText[];
  readonly systems: readonly NamedText[];
  /** The policy that the editor begins with. */
  readonly template: string;
}

/**
 * Nothing is loaded from anywhere. The page makes its workers from its own code, and they run the policy of the editor.
 */
const ALLOWED = [
  "default-src 'none'",
  "script-src 'unsafe-inline' 'unsafe-eval' blob:",
  'worker-src blob:',
  "style-src 'unsafe-inline'",
  'img-src data: blob:',
].join('; ');

export function labHtml(data: LabData, code: string): string {
  return htmlPage({
    title: 'psp laboratory',
    allowed: ALLOWED,
    style: LAB_STYLE,
    head: '<link rel="icon" href="data:,">\n',
    body: `<main id="page"><noscript>This page simulates in the script that is in it: allow it to run.</noscript></main>
<script type="application/json" id="data">${embedded(data)}</script>
<script id="code">${code}</script>`,
  });
}

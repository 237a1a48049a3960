import type { ReportData } from '../view/data.js';
import { embedded, htmlPage } from './html-page.js';
import type { PageModules } from './page-modules.js';

/** Allows the page itself only: a browser loads nothing else. */
const ALLOWED = "default-src 'none'; script-src 'unsafe-inline' data:; style-src 'unsafe-inline'";

/**
 * A page that needs no other file. Its modules are those of the figures, as `data:` URLs in an import map, so that they
 * find one another without a server and without a bundler.
 */
export function reportPage(data: ReportData, { entry, sources }: PageModules): string {
  const imports = Object.fromEntries(
    [...sources].map(([name, source]) => [
      name,
      `data:text/javascript;base64,${Buffer.from(source).toString('base64')}`,
    ]),
  );
  return htmlPage({
    title: data.title,
    allowed: ALLOWED,
    head: `<script type="importmap">${embedded({ imports })}</script>\n`,
    body: `<main id="page"><noscript>This page is drawn by the script in it: allow it to run.</noscript></main>
<script type="application/json" id="data">${embedded(data)}</script>
<script type="module">import ${embedded(entry)};</script>`,
  });
}

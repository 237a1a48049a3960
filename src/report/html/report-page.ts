import { escapeText } from '../charts/svg.js';
import type { ReportData } from '../view/data.js';
import type { PageModules } from './page-modules.js';
import { PAGE_STYLE } from './page-style.js';

/** Allows the page itself only: a browser loads nothing else. */
const POLICY = "default-src 'none'; script-src 'unsafe-inline' data:; style-src 'unsafe-inline'";

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
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<title>${escapeText(data.title)}</title>
<style>${PAGE_STYLE}</style>
<script type="importmap">${embedded({ imports })}</script>
</head>
<body>
<main id="page"><noscript>This page is drawn by the script in it: allow it to run.</noscript></main>
<script type="application/json" id="data">${embedded(data)}</script>
<script type="module">import ${embedded(entry)};</script>
</body>
</html>
`;
}

/** JSON that does not end the element it is in. */
function embedded(value: unknown): string {
  return JSON.stringify(value).replaceAll('<', '\\u003c');
}

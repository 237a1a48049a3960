import type { Chart } from '../charts/chart.js';
import { renderChart } from '../charts/render.js';
import { escapeText } from '../charts/svg.js';
import { htmlPage } from './html-page.js';

/** A browser loads and runs nothing. */
const ALLOWED = "default-src 'none'; style-src 'unsafe-inline'";

/** A part of a page. Its texts may hold anything: none of it becomes markup. */
export type PagePart =
  | { readonly heading: string }
  | { readonly text: string }
  | { readonly command: string }
  | { readonly items: readonly string[] }
  | { readonly chart: Chart }
  | { readonly columns: readonly string[]; readonly rows: readonly (readonly string[])[] };

/** A page without a script: text, tables and pictures. */
export function staticPage(title: string, parts: readonly PagePart[]): string {
  return htmlPage({
    title,
    allowed: ALLOWED,
    style: '\nsvg { max-width: 100%; height: auto; }',
    body: `<main>\n<h1>${escapeText(title)}</h1>\n${parts.map(partOf).join('\n')}\n</main>`,
  });
}

function partOf(part: PagePart): string {
  if ('heading' in part) return `<h2>${escapeText(part.heading)}</h2>`;
  if ('text' in part) return `<p>${escapeText(part.text)}</p>`;
  if ('command' in part) return `<p><code>${escapeText(part.command)}</code></p>`;
  if ('items' in part) return `<ul>${part.items.map((item) => `<li>${escapeText(item)}</li>`).join('')}</ul>`;
  if ('chart' in part) return `<section>${renderChart(part.chart)}</section>`;
  const cells = (row: readonly string[], name: string) =>
    row.map((cell) => `<${name}>${escapeText(cell)}</${name}>`).join('');
  const body = part.rows.map((row) => `<tr>${cells(row, 'td')}</tr>`).join('');
  const head = `<thead><tr>${cells(part.columns, 'th')}</tr></thead>`;
  return `<section class="values"><table>${head}<tbody>${body}</tbody></table></section>`;
}

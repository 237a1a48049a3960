import { escapeText } from '../charts/svg.js';
import { PAGE_STYLE } from './page-style.js';

export interface HtmlPage {
  readonly title: string;
  /** What a browser may load and run: a Content-Security-Policy. */
  readonly allowed: string;
  /** Beside the style that all pages share. */
  readonly style?: string;
  /** Further elements of the head. */
  readonly head?: string;
  readonly body: string;
}

/** A page in one file, of which a browser loads nothing else. Only the title is escaped. */
export function htmlPage({ title, allowed, style = '', head = '', body }: HtmlPage): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${allowed}">
<title>${escapeText(title)}</title>
<style>${PAGE_STYLE}${style}</style>
${head}</head>
<body>
${body}
</body>
</html>
`;
}

/** JSON that does not end the element it is in. */
export function embedded(value: unknown): string {
  return JSON.stringify(value).replaceAll('<', '\\u003c');
}

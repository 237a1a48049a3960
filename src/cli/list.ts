import { layOut } from '../report/text/table.js';
import type { Output } from './output.js';

/** Names with a text on each. Where output is no terminal, every entry stays on one line, for other programs. */
export function formatList(title: string, entries: readonly (readonly [string, string])[], output: Output): string {
  const columns = [
    { title, align: 'left' as const },
    { title: '', align: 'left' as const, wraps: true as const },
  ];
  const width = output.isTerminal ? output.width : Number.POSITIVE_INFINITY;
  return `${layOut(columns, entries, { style: output.style, width }).join('\n')}\n`;
}

import { layOut, wrap } from '../report/text/table.js';
import type { Output } from './output.js';

/** Names with a line on each; on a terminal the lines are broken where it ends. */
export function formatList(title: string, entries: readonly (readonly [string, string])[], output: Output): string {
  const indent = Math.max(title.length, ...entries.map(([name]) => name.length)) + 3;
  const room = output.isTerminal ? Math.max(30, output.width - indent) : Number.POSITIVE_INFINITY;
  const rows = entries.flatMap(([name, text]) => wrap(text, room).map((line, i) => [i === 0 ? name : '', line]));
  const columns = [
    { title, align: 'left' as const },
    { title: '', align: 'left' as const },
  ];
  return `${layOut(columns, rows, output.style.heading).join('\n')}\n`;
}

import type { ValidationCheck } from '../../results/validation.js';
import { formatDuration } from '../../units/duration.js';
import { type Look, PLAIN, WIDTH } from './style.js';
import { type Cell, type Column, layOut, type Row } from './table.js';

const COLUMNS: readonly Column[] = [
  { title: '', align: 'left' },
  { title: 'theory' },
  { title: 'simulated' },
  { title: '', align: 'left', gap: 1 },
  { title: 'off by' },
  { title: '', align: 'left' },
];

/** The checks as a table with one section per system, and a summary line. */
export function formatValidation(
  checks: readonly ValidationCheck[],
  { style = PLAIN, width = WIDTH }: Look = {},
): string {
  const rows: (Row | Cell)[] = [];
  let section = '';
  for (const check of checks) {
    if (check.case !== section) rows.push({ text: check.case, style: style.heading });
    section = check.case;
    const format = check.unit === 'ns' ? formatDuration : formatRatio;
    const verdict = check.verdict === 'ok' ? { text: 'ok', style: style.best } : check.verdict;
    rows.push([
      `  ${check.what}`,
      format(check.theory),
      format(check.simulated),
      { text: `±${percent(check.halfWidth / check.theory)}`, style: style.faint },
      percent(check.simulated / check.theory - 1),
      verdict,
    ]);
  }
  const bad = checks.filter(({ verdict }) => verdict !== 'ok').length;
  const sum =
    bad === 0
      ? `All ${checks.length} agree with theory.`
      : `${bad} of ${checks.length} do not agree with theory, or have an interval that is too wide to decide.`;
  return `${[...layOut(COLUMNS, rows, { style, width }), '', sum].join('\n')}\n`;
}

function formatRatio(value: number): string {
  return String(Number(value.toPrecision(4)));
}

/** 0.42 %, -1.2 %, 0 % */
function percent(share: number): string {
  const rounded = Number((share * 100).toPrecision(2));
  return Math.abs(rounded) < 0.005 ? '0 %' : `${Number(rounded.toFixed(2))} %`;
}

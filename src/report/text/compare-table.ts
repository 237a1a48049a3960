import { relativeError } from '../../metrics/confidence.js';
import { COMPARED, type ComparedType, type ComparedValue, type Comparison } from '../../results/comparison.js';
import { failureOf, type Judged } from '../../results/outcome-schema.js';
import type { Interval } from '../../results/result.js';
import { policyLabel } from '../../scheduler/policy-label.js';
import { formatDuration } from '../../units/duration.js';
import { formatLoad } from '../../units/load.js';
import { formatCount, formatMargin, formatSlowdown } from './numbers.js';
import { type Look, PLAIN, type Style, WIDTH } from './style.js';
import { type Cell, type Column, layOut, type Row, wrap } from './table.js';

const LABELS: Readonly<Record<(typeof COMPARED)[number], string>> = {
  p50: 'p50',
  p90: 'p90',
  p99: 'p99',
  p99_9: 'p99.9',
};

/**
 * A table per policy and load: every percentile of the slowdown in both worlds, and how the sojourns differ as a
 * whole.
 */
export function formatCompared(comparison: Comparison, { style = PLAIN, width = WIDTH }: Look = {}): string {
  const [a, b] = [label(comparison.a), label(comparison.b)];
  const columns: Column[] = [
    { title: 'slowdown', align: 'left' },
    { title: '', align: 'left' },
    { title: a },
    { title: '', gap: 1, align: 'left' },
    { title: b },
    { title: '', gap: 1, align: 'left' },
    { title: 'difference' },
    { title: '', align: 'left', gap: 2 },
  ];
  const blocks = comparison.runs.map((run) => {
    const counts = run.requests.map(formatCount);
    const requests = counts[0] === counts[1] ? counts[0] : counts.join(' and ');
    const heading =
      `${policyLabel(run)} on ${run.workload} · ${run.workers} ${run.workers === 1 ? 'worker' : 'workers'} · ` +
      `load ${formatLoad(run.load)} · ${requests} ${requests === '1' ? 'request' : 'requests'}`;
    const outcomes = run.outcomes
      .map((judged, i) => describeOutcome(i === 0 ? a : b, judged))
      .filter((line) => line !== '');
    const rows = run.outcomes.some(failureOf) ? [] : run.types.flatMap((type) => typeRows(type, style));
    const table = rows.length > 0 ? layOut(columns, rows, { style, width }) : [];
    return [
      ...wrap(heading, width).map(style.heading),
      ...outcomes.flatMap((line) => wrap(line, width)),
      ...table,
    ].join('\n');
  });
  const notes = footnotes(comparison).flatMap((note) => wrap(note, width).map(style.faint));
  const paragraphs = [...blocks, notes.join('\n'), wrap(verdict(comparison), width).join('\n')];
  return `${paragraphs.filter((text) => text !== '').join('\n\n')}\n`;
}

function label({ world, system }: Comparison['a']): string {
  const name = world === 'hw' ? 'real' : 'simulated';
  return system === undefined ? name : `${name}\n(${system})`;
}

/** Empty when there is nothing to say. */
function describeOutcome(world: string, judged: Judged): string {
  const { reason } = judged;
  const failed = failureOf(judged);
  const parts = [world, ...(failed ? [failed] : []), ...(reason === undefined ? [] : [reason])];
  return parts.length > 1 ? parts.join(': ') : '';
}

function typeRows(type: ComparedType, style: Style): (Row | Cell)[] {
  const name = type.name ?? 'all requests';
  const rows: (Row | Cell)[] = COMPARED.flatMap((key, i) => {
    const value = type.slowdown[key];
    const title = LABELS[key];
    const first = i === 0 ? name : '';
    return [value ? valueRow(first, title, value, style) : [first, title, '–', '', '–', '', '–', '']];
  });
  const whole = describeWhole(type);
  return whole === '' ? rows : [...rows, { text: `  ${whole}`, style: style.faint }];
}

function valueRow(name: string, title: string, value: ComparedValue, style: Style): Row {
  const percent = value.relative * 100;
  const sign = percent < 0 ? '−' : '+';
  const size = Math.abs(percent);
  const difference = `${sign}${size.toFixed(size < 9.95 ? 1 : 0)} %`;
  const mark = value.agrees === undefined ? (value.overlap ? '' : 'apart') : markOf(value.agrees);
  return [
    name,
    title,
    formatSlowdown(value.a),
    marginOf(value.a, value.aCi95),
    formatSlowdown(value.b),
    marginOf(value.b, value.bCi95),
    difference,
    { text: mark, ...(value.agrees === true && { style: style.best }) },
  ];
}

function markOf(agrees: boolean | null): string {
  if (agrees === null) return 'undecided';
  return agrees ? 'ok' : 'TOO FAR';
}

/** ±3 %; nothing where the interval has no bound. */
function marginOf(value: number, interval: Interval): string {
  const margin = relativeError(value, interval);
  return Number.isFinite(margin) ? formatMargin(margin) : '';
}

function describeWhole({ ks, paired }: ComparedType): string {
  const parts: string[] = [];
  if (ks !== undefined) parts.push(`sojourns differ by ${ks.toFixed(3)} (Kolmogorov–Smirnov)`);
  if (paired) {
    parts.push(
      `the same request in both: median ${signed(paired.medianNs)}, from ${signed(paired.p1Ns)} (p1) to ` +
        `${signed(paired.p99Ns)} (p99)`,
    );
  }
  return parts.join('; ');
}

function signed(ns: number): string {
  if (ns === 0) return '0';
  return `${ns < 0 ? '−' : '+'}${formatDuration(Math.abs(ns))}`;
}

function footnotes({ runs }: Comparison): string[] {
  const notes = ['±: 95 % confidence. Difference: the first divided by the second, minus one.'];
  const types = runs.flatMap((run) => run.types);
  if (types.every(({ ks }) => ks === undefined)) {
    notes.push('To compare whole distributions, and each request in both runs, run both with --samples.');
  }
  return notes;
}

function verdict({ verdicts, tolerance }: Comparison): string {
  if (verdicts === null || tolerance === null) return '';
  const { agree, disagree, undecided } = verdicts;
  const within =
    `${Number((tolerance * 100).toPrecision(3))} % (p99.9: ${Number((tolerance * 200).toPrecision(3))} %), or ` +
    'the confidence intervals where they are wider';
  const unknown = undecided === 0 ? '' : ' (an interval without a bound: use more requests)';
  return (
    `Within ${within}: ${agree} percentiles agree, ${disagree} ${disagree === 1 ? 'does' : 'do'} not, ` +
    `${undecided} undecided${unknown}.`
  );
}

import { relativeError } from '../../metrics/confidence.js';
import type { Capacity, CapacityEntry, Judgement, Probe } from '../../results/capacity-schema.js';
import { policyLabel } from '../../scheduler/policy-label.js';
import { formatDuration } from '../../units/duration.js';
import { formatRate } from '../../units/rate.js';
import { formatMargin, formatSlowdown } from './numbers.js';
import { type Look, PLAIN, WIDTH } from './style.js';
import { type Column, layOut, wrap } from './table.js';

/** The highest load that each policy sustains, or the fewest workers that it needs, as text. */
export function formatCapacity(capacity: Capacity, { style = PLAIN, width = WIDTH }: Look): string {
  const { find, entries, slos, title, seed } = capacity;
  const known = entries.flatMap(({ probes }) => probes)[0];
  const given = find === 'load' ? `${known?.workers} workers` : `${formatRate(known?.offeredRps ?? Number.NaN)}`;
  const heading = [title, given, `seed ${seed}`].join(' · ');
  const columns: Column[] = [
    { title: 'policy', align: 'left' },
    ...(find === 'load' ? [{ title: 'sustains' }, { title: 'load', align: 'left' as const }] : [{ title: 'workers' }]),
    { title: 'what ends it', align: 'left', wraps: true },
  ];
  const rows = entries.map((entry) => [
    policyLabel(entry),
    ...(find === 'load' ? [rateOf(entry), between(entry, ({ load }) => load.toFixed(2))] : [workersOf(entry)]),
    reasonOf(entry, find),
  ]);
  const note =
    find === 'load'
      ? 'The highest load that was shown to meet the objectives, and the lowest above it that was shown to fail; ' +
        '95 % confidence each.'
      : 'The fewest workers that were shown to meet the objectives, and in brackets the most that were shown to ' +
        'fail; 95 % confidence each.';
  const lines = [
    ...wrap(heading, width).map(style.heading),
    ...slos.flatMap((slo) => wrap(`  ${slo}`, width)),
    '',
    ...layOut(columns, rows, { style, width }),
    '',
    ...wrap(note, width).map(style.faint),
  ];
  return `${lines.join('\n')}\n`;
}

function rateOf({ holds }: CapacityEntry): string {
  return holds ? formatRate(holds.offeredRps) : 'nothing';
}

/** `0.93 … 0.95`; the end is 1 if no load below 1 was shown to fail. */
function between({ holds, fails }: CapacityEntry, show: (probe: Probe) => string): string {
  return `${holds ? show(holds) : '–'} … ${fails ? show(fails) : '1'}`;
}

function workersOf({ holds, fails }: CapacityEntry): string {
  if (!holds) return 'none';
  return fails ? `${holds.workers} (${fails.workers})` : String(holds.workers);
}

/** `LONG: p99.9 slowdown 11.2 ±3 % at load 0.95`. */
function reasonOf({ fails, holds }: CapacityEntry, find: Capacity['find']): string {
  if (!fails) return holds ? 'all the workers can do' : 'not known';
  const at = find === 'load' ? `at load ${fails.load.toFixed(2)}` : `with ${fails.workers}`;
  return `${describeJudgement(fails.judgement)} ${at}`;
}

/** `LONG: p99.9 slowdown 11.2 ±3 %`. */
export function describeJudgement({ type, statistic, quantity, value, low, high, reason }: Judgement): string {
  if (reason !== undefined && reason !== 'dropped') return reason;
  const whom = type ?? 'all requests';
  if (reason === 'dropped') return `${whom}: requests are dropped`;
  const shown = value === null ? '?' : quantity === 'slowdown' ? formatSlowdown(value) : formatDuration(value);
  const margin = value !== null && low !== null && high !== null ? relativeError(value, [low, high]) : 0;
  const interval = margin > 0 ? ` ${formatMargin(margin)}` : '';
  return (
    `${whom}: ${statistic.replace('_', '.')} ${quantity === 'slowdown' ? 'slowdown' : 'sojourn'} ` +
    `${shown}${interval}`
  );
}

import { failureOf, type MissingValue } from '../../results/outcome-schema.js';
import type { DistributionSummary, Percentile, Result } from '../../results/result.js';
import { policyLabel } from '../../scheduler/policy-label.js';
import { formatDuration } from '../../units/duration.js';
import { formatLoad } from '../../units/load.js';
import { formatRate } from '../../units/rate.js';
import { formatCount, formatEstimate, formatShare, formatSlowdown } from './numbers.js';
import { formatReservation, formatReservationHistory, reservationChanges } from './reserved-workers.js';
import { type Look, PLAIN, type Style, WIDTH } from './style.js';
import { type Cell, type Column, layOut, type Row, UNBROKEN, wrap } from './table.js';
import { takeaway } from './takeaway.js';

export interface ComparisonOptions extends Look {
  /** The workload's name for people. */
  readonly title: string;
}

/** The table shows this many types; the JSON has all. */
const TYPES_SHOWN = 8;
/** A dispatcher this busy is the bottleneck. */
const DISPATCHER_FULL = 0.98;
const NARROWEST = 60;
const WIDEST = 120;

/**
 * Results of several policies on the same requests, as text. The policies stand below one another for each type, so
 * that they are easy to compare.
 */
export function formatComparison(results: readonly Result[], options: ComparisonOptions): string {
  const { title, style = PLAIN, width = WIDTH } = options;
  const limit = Math.min(WIDEST, Math.max(NARROWEST, width));
  const lesson = takeaway(results);
  const paragraphs = [
    heading(results, title, limit).map(style.heading),
    sojournTable(results, { style, width }),
    workTable(results, { style, width }),
    footnotes(results).flatMap((note) => wrap(note, limit).map(style.faint)),
    lesson === undefined ? [] : wrap(lesson, limit),
  ];
  return `${paragraphs
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`;
}

/** What was run, broken between its parts. */
function heading(results: readonly Result[], title: string, limit: number): string[] {
  const result = results[0]!;
  const name = title.toLowerCase().includes(result.workload.toLowerCase()) ? title : `${title} (${result.workload})`;
  const parts = [
    name,
    `${result.workers} ${result.workers === 1 ? 'worker' : 'workers'}`,
    result.load === null
      ? 'all requests at once'
      : `load ${formatLoad(result.load)} = ${formatRate(result.offeredRps)}`,
    // Interrupted runs ended at different times; a footnote says when.
    ...(result.interrupted ? [] : lengths(results)),
    `warm-up ${formatShare(result.warmup)}`,
    `seed ${result.seed}`,
  ];
  return wrap(parts.map((part) => part.replaceAll(' ', UNBROKEN)).join(`${UNBROKEN}· `), limit);
}

/**
 * `2M requests` and `9.02 s of simulated time`; `8 x 2M` with replications, `8 to 20 x 2M` when some
 * policies needed more of them for the precision.
 */
function lengths(results: readonly Result[]): string[] {
  const { requests, durationNs, replications, world } = results[0]!;
  const counts = results.map((result) => result.replications);
  const [fewest, most] = [Math.min(...counts), Math.max(...counts)];
  const times = most === 1 ? '' : `${fewest === most ? most : `${fewest} to ${most}`} x `;
  const duration = formatDuration(durationNs / replications).replace(/[a-z]+$/, ' $&');
  const each = Math.round(requests / replications);
  return [
    `${times}${formatCount(each)} ${each === 1 ? 'request' : 'requests'}`,
    world === 'sim' ? `${duration} of simulated time` : duration,
  ];
}

/** The column beside a value, for its interval. */
const MARGIN: Column = { title: '', align: 'left', gap: 1 };
const SOJOURN_COLUMNS: readonly Column[] = [
  { title: '', align: 'left' },
  { title: 'slowdown\np50' },
  MARGIN,
  { title: '\np99' },
  MARGIN,
  { title: '\np99.9' },
  MARGIN,
  { title: 'sojourn\np99.9' },
  MARGIN,
  { title: 'requests\nmeasured' },
];

interface TablePart {
  readonly slowdown: DistributionSummary;
  readonly sojournNs: DistributionSummary;
  readonly failed: MissingValue | undefined;
}

/** One section per type and one for all requests; in each a row per policy. */
function sojournTable(results: readonly Result[], { style = PLAIN, width = WIDTH }: Look): string[] {
  const names = results[0]!.types.map((type) => type.name);
  const shown = shownTypes(results[0]!);
  const sections = [
    ...shown.map((type) => ({
      name: names[type]!,
      slices: results.map((result) => partOf(result, result.types[type]!)),
    })),
    ...(names.length > 1
      ? [{ name: 'all requests', slices: results.map((result) => partOf(result, result.overall)) }]
      : []),
  ];
  const rows = sections.flatMap(({ name, slices }): (Row | Cell)[] => [
    { text: name, style: style.heading },
    ...slices.map((slice, i) => sojournRow(`  ${policyLabel(results[i]!)}`, slice, slices, style)),
  ]);
  const left = names.length - shown.length;
  if (left > 0) rows.push({ text: `and ${left} more types, which --json has`, style: style.faint });
  return layOut(SOJOURN_COLUMNS, rows, { style, width });
}

function partOf(result: Result, { slowdown, sojournNs }: Omit<TablePart, 'failed'>): TablePart {
  return { slowdown, sojournNs, failed: failureOf(result) };
}

/** The types with the most requests, in the order of the workload. */
function shownTypes({ types }: Result): number[] {
  const byCount = types.map((_, type) => type).sort((a, b) => types[b]!.arrived - types[a]!.arrived || a - b);
  return byCount.slice(0, TYPES_SHOWN).sort((a, b) => a - b);
}

function sojournRow(label: string, slice: TablePart, all: readonly TablePart[], style: Style): Row {
  const slowdown = (percentile: Percentile): Row => {
    const [value, interval] = formatEstimate(slice.slowdown, percentile, formatSlowdown);
    const best = isBest(slice, all, percentile) ? { style: style.best } : {};
    return [
      { text: value, ...best },
      { text: interval, style: style.faint },
    ];
  };
  if (slice.failed) return [label, slice.failed, '', '', '', '', '', '', '', formatCount(slice.slowdown.count)];
  const [sojourn, interval] = formatEstimate(slice.sojournNs, 'p99_9', formatDuration);
  return [
    label,
    ...slowdown('p50'),
    ...slowdown('p99'),
    ...slowdown('p99_9'),
    sojourn,
    { text: interval, style: style.faint },
    formatCount(slice.slowdown.count),
  ];
}

/** Is it the best of several that differ by more than chance: does its interval end before that of the worst begins? */
function isBest(slice: TablePart, all: readonly TablePart[], percentile: Percentile): boolean {
  const values = all.map((each) => (each.failed ? null : each.slowdown[percentile]) ?? Number.POSITIVE_INFINITY);
  const value = slice.slowdown[percentile];
  if (slice.failed) return false;
  if (value !== Math.min(...values) || value * 1.01 >= Math.max(...values)) return false;
  const mostAtBest = slice.slowdown.ci95[percentile]?.[1] ?? Number.POSITIVE_INFINITY;
  return all.some(({ failed, slowdown }) => failed || mostAtBest < (slowdown.ci95[percentile]?.[0] ?? 0));
}

/** What each policy did with its workers. Columns without a value are left out. */
function workTable(results: readonly Result[], look: Look): string[] {
  const some = (of: (result: Result) => number | string) => results.some((result) => of(result));
  const optional = [
    {
      when: results.some((r) => r.dispatcherUtilisation !== undefined),
      title: 'dispatcher\nbusy',
      cell: (r: Result) => orDash(r.dispatcherUtilisation ?? 0, formatShare),
    },
    {
      when: some((r) => r.dispatcherServed ?? 0),
      title: 'dispatcher\nruns itself',
      cell: (r: Result) => orDash(r.dispatcherServed ?? 0, formatShare),
    },
    { when: some((r) => r.parked ?? 0), title: 'parked', cell: (r: Result) => orDash(r.parked ?? 0, formatShare) },
    { when: some((r) => r.overhead), title: 'overhead', cell: (r: Result) => orDash(r.overhead, formatShare) },
    { when: some((r) => r.preemptions), title: 'preemptions', cell: (r: Result) => orDash(r.preemptions, formatCount) },
    { when: some((r) => r.steals), title: 'steals', cell: (r: Result) => orDash(r.steals, formatCount) },
    {
      when: some((r) => r.dropped),
      title: 'dropped',
      cell: (r: Result) => orDash(r.dropped / r.requests, formatShare),
    },
    { when: some((r) => r.inFlight), title: 'unfinished', cell: (r: Result) => orDash(r.inFlight, formatCount) },
  ].filter(({ when }) => when);
  const columns: Column[] = [
    { title: 'policy', align: 'left' },
    { title: 'throughput' },
    { title: 'workers\nbusy' },
    ...optional,
  ];
  const reserves = some(formatReservation);
  if (reserves) columns.push({ title: 'reserved workers', align: 'left', wraps: true });
  const rows = results.map((result): Row => {
    const history = formatReservationHistory(result);
    return [
      policyLabel(result),
      formatRate(result.achievedRps),
      formatShare(result.utilisation),
      ...optional.map(({ cell }) => cell(result)),
      ...(reserves ? [`${formatReservation(result)}${history && ` (${history.replaceAll(' ', UNBROKEN)})`}`] : []),
    ];
  });
  return layOut(columns, rows, look);
}

function orDash(value: number, format: (value: number) => string): string {
  return value > 0 ? format(value) : '–';
}

function meaningOfIntervals(results: readonly Result[]): string {
  if (results.every(({ replications }) => replications > 1)) {
    return '±: 95 % confidence interval, from the differences between the replications.';
  }
  const narrow =
    '±: 95 % confidence interval as if requests were independent. They wait together, so the true interval is wider';
  return results.some(({ world }) => world === 'sim') ? `${narrow}; use --replications 8.` : `${narrow}.`;
}

function footnotes(results: readonly Result[]): string[] {
  const notes = [];
  const statistics = results.flatMap((result) =>
    [...result.types, result.overall].flatMap(({ slowdown }) =>
      (['p50', 'p99', 'p99_9'] as const).map((name) => slowdown.ci95[name]),
    ),
  );
  if (results.some((result) => result.overall.slowdown.count > 0 && !failureOf(result))) {
    notes.push(
      'Slowdown: time in the system / service time; 1 means it never waited. ' +
        'p99.9: one request in a thousand is worse.',
      meaningOfIntervals(results),
    );
  }
  if (statistics.some((interval) => interval && (interval[0] === null || interval[1] === null))) {
    notes.push('≥, ?: too few measured requests for an upper bound, or for any bound. Use more --requests.');
  }
  for (const result of results) {
    const { outcome, reason } = result;
    if (reason !== undefined) notes.push(`${policyLabel(result)}${outcome === 'ok' ? '' : `, ${outcome}`}: ${reason}`);
  }
  const grown = results.filter(({ grew = 0 }) => grew > 0);
  if (grown.length > 0) {
    const each = grown.map((result) => `under ${policyLabel(result)} in ${result.grew} of ${result.replications}`);
    notes.push(`Unstable ${each.join(', ')} replications.`);
  }
  const unsettled = results.filter((result) => result.warmupRule === 'unsettled' && !failureOf(result));
  if (unsettled.length > 0) {
    notes.push(
      `${unsettled.map(policyLabel).join(', ')} had not settled when measuring began, after the warm-up shown ` +
        'above: use a longer run.',
    );
  }
  if (results.some(({ system }) => system !== undefined)) {
    notes.push(
      'Systems: times are measured at the client, with the wire both ways; overhead is all worker time that ' +
        'serves no request.',
    );
  }
  const ownWays = [
    ['pollNs', 'dispatcherServed', 'The dispatcher of', 'ran no request itself'],
    ['parkNs', 'parked', 'The workers of', 'never parked'],
  ] as const;
  for (const [constant, share, who, did] of ownWays) {
    const without = results.filter((each) => (each.manifest.costs?.[constant] ?? 0) > 0 && each[share] === undefined);
    if (without.length > 0) {
      notes.push(`${who} ${without.map(policyLabel).join(', ')} ${did}: no occasion, or not under this policy.`);
    }
  }
  const atTheirLimit = results.filter((result) => (result.dispatcherUtilisation ?? 0) > DISPATCHER_FULL);
  for (const result of atTheirLimit) {
    notes.push(
      `The dispatcher of ${policyLabel(result)} is the bottleneck: busy ` +
        `${formatShare(result.dispatcherUtilisation!)} of the time, it cannot pass more than ` +
        `${formatRate(result.achievedRps)}.`,
    );
  }
  for (const result of results) {
    const firstNs = reservationChanges(result)[0]?.atNs;
    // Profiling is not part of the steady state.
    if (firstNs !== undefined && firstNs > (result.warmup * result.durationNs) / result.replications) {
      const label = policyLabel(result);
      notes.push(
        `${label} reserved its first workers at ${formatDuration(firstNs)}, after the warm-up: its numbers ` +
          'include the time before. Use a longer run or a larger --warmup.',
      );
    }
  }
  if (results.some((result) => result.interrupted)) {
    const cut = results.filter((result) => result.interrupted);
    notes.push(
      'Interrupted: ' +
        `${cut.map((r) => `${policyLabel(r)} after ${formatCount(r.requests)} requests`).join(', ')}. These are ` +
        'the numbers so far.',
    );
  }
  return notes;
}

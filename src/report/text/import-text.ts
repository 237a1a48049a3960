/** What psp import understood and found, as text. */

import type { Evidence, ImportReport, Profile, SelfCheck } from '../../results/import-schema.js';
import { formatDuration } from '../../units/duration.js';
import { formatRate } from '../../units/rate.js';
import { formatCount, formatShare } from './numbers.js';
import { type Look, PLAIN, WIDTH } from './style.js';
import { layOut, wrap } from './table.js';

/** A row of a log as it was understood. */
export interface FirstRow {
  readonly time: string;
  readonly type: string;
  readonly duration: string;
}

/** The first rows, under what their columns were taken for. */
export function formatFirstRows(
  heading: string,
  titles: FirstRow,
  rows: readonly FirstRow[],
  { style = PLAIN, width = WIDTH }: Look,
): string {
  const columns = [titles.time, titles.type, titles.duration].map((title, i) => ({
    title,
    align: i < 2 ? ('left' as const) : ('right' as const),
  }));
  const cells = rows.map(({ time, type, duration }) => [time, type, duration]);
  const lines = [...wrap(heading, width).map(style.heading), ...layOut(columns, cells, { style, width })];
  return `${lines.join('\n')}\n\n`;
}

export function formatImport(report: ImportReport, { style = PLAIN, width = WIDTH }: Look): string {
  const { profile, evidence, selfCheck, assumptions, warnings } = report;
  const counts = [
    `${formatCount(report.rows)} requests`,
    ...(report.unreadable > 0 ? [`${formatCount(report.unreadable)} rows unreadable`] : []),
    ...(report.skipped > 0 ? [`${formatCount(report.skipped)} passed over`] : []),
  ].join(', ');
  const lines = [
    ...wrap(`${report.file} · ${report.format} · ${counts}`, width).map(style.heading),
    ...(profile ? profileLines(profile, { style, width }) : []),
    ...(evidence ? ['', ...wrap(sayEvidence(evidence), width)] : []),
    ...(selfCheck ? ['', ...checkLines(selfCheck, { style, width })] : []),
    '',
    ...assumptions.flatMap((each) => wrap(`- ${each}`, width, '  ')),
    ...warnings.flatMap((each) => wrap(`- warning: ${each}`, width, '  ')),
  ];
  return `${lines.join('\n')}\n`;
}

function profileLines(profile: Profile, look: Required<Look>): string[] {
  const { types, rateRps, busyWorkers, spanNs, dispersion } = profile;
  const columns = [
    { title: 'type', align: 'left' as const },
    ...['requests', 'of all', 'of work', 'mean', 'p50', 'p99', 'p99.9', 'scv'].map((title) => ({ title })),
  ];
  const rows = types.map((type) => [
    type.name,
    formatCount(type.requests),
    formatShare(type.share),
    formatShare(type.work),
    ...[type.meanNs, type.p50Ns, type.p99Ns, type.p999Ns].map(formatDuration),
    String(Number(type.scv.toPrecision(2))),
  ]);
  return [
    '',
    ...layOut(columns, rows, look),
    '',
    ...wrap(
      `${formatRate(rateRps)} for ${formatDuration(spanNs)}: ${Number(busyWorkers.toPrecision(3))} workers are busy ` +
        `on average, a load of ${loadsAt(busyWorkers).join(', ')}.`,
      look.width,
    ),
    ...(dispersion.length > 0 ? wrap(sayBurstiness(profile), look.width) : []),
  ];
}

/** `0.8 with 10 workers`, for the first numbers that carry the work. */
function loadsAt(busy: number): string[] {
  if (!Number.isFinite(busy)) return [];
  const fewest = Math.floor(busy) + 1;
  return [fewest, Math.ceil(fewest * 1.5), fewest * 2].map(
    (workers) => `${Number((busy / workers).toPrecision(2))} with ${workers}`,
  );
}

/** Index of dispersion as a sentence: 1 is Poisson. */
export function sayBurstiness({ dispersion }: Profile): string {
  const list = dispersion.map(
    ({ windowNs, index }) => `${Number(index.toPrecision(2))} in ${formatDuration(windowNs)}`,
  );
  const largest = Math.max(...dispersion.map(({ index }) => index));
  const said =
    largest > 2 ? 'arrivals come in bursts' : largest < 0.5 ? 'arrivals are steadier than Poisson' : 'near Poisson';
  return `Index of dispersion of the counts (1 is Poisson): ${list.join(', ')}: ${said}.`;
}

/** How demands were found, and how sure that is. */
export function sayEvidence(evidence: Evidence): string {
  const { workers, method, requests, contradictions, quiet, fittingWorkers } = evidence;
  const share = (count: number) => formatShare(count / requests);
  if (method === 'fcfs') {
    const fewer =
      fittingWorkers !== undefined && fittingWorkers < workers
        ? ` So does one with ${fittingWorkers}: if there were fewer workers than ${workers}, the demands are too large.`
        : '';
    return (
      `Demands: what is left of a response after its wait for one of ${workers} workers, first come, first served. ` +
      `${share(quiet)} of the requests did not wait. The log fits this system: ${contradictions} of ` +
      `${formatCount(requests)} requests contradict it.${fewer}`
    );
  }
  const other = fittingWorkers === undefined ? '' : ` ${fittingWorkers} workers would fit.`;
  return (
    `Demands: ${share(contradictions)} of the requests ended before one of ${workers} workers would have been free, ` +
    `so they were not served first come, first served by ${workers}.${other} Only the ${share(quiet)} that came ` +
    'while a worker was free show their demand; the others have one drawn from those of their type. Take the result ' +
    'as an estimate.'
  );
}

function checkLines({ policy, workers, rows, warning }: SelfCheck, look: Required<Look>): string[] {
  const columns = [{ title: 'response', align: 'left' as const }, { title: 'logged' }, { title: 'simulated' }];
  const cells = rows.map(({ statistic, loggedNs, simulatedNs }) => [
    statistic,
    formatDuration(loggedNs),
    simulatedNs === null ? '–' : formatDuration(simulatedNs),
  ]);
  return [
    ...wrap(`The trace, simulated as it was (${policy}, ${workers} workers), beside the log:`, look.width),
    ...layOut(columns, cells, look),
    ...(warning === undefined ? [] : wrap(`warning: ${warning}`, look.width)),
  ];
}

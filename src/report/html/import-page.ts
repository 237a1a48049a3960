import type { ImportReport, Profile } from '../../results/import-schema.js';
import { formatDuration } from '../../units/duration.js';
import { formatRate } from '../../units/rate.js';
import type { Chart } from '../charts/chart.js';
import { sayBurstiness, sayEvidence } from '../text/import-text.js';
import { formatCount, formatShare } from '../text/numbers.js';
import { type PagePart, staticPage } from './static-page.js';

/** What psp import found, as a page. */
export function importPage(report: ImportReport): string {
  const { profile, evidence, selfCheck, assumptions, warnings } = report;
  return staticPage(`${report.file}: what is in it`, [
    {
      text: `${report.format}, ${formatCount(report.rows)} requests, ${formatCount(report.unreadable)} unreadable rows`,
    },
    { command: report.command },
    ...(profile ? profileParts(profile) : []),
    ...(evidence ? [{ heading: 'Demands' }, { text: sayEvidence(evidence) }] : []),
    ...(selfCheck
      ? [
          { heading: 'The trace, simulated as it was, beside the log' },
          {
            columns: ['response', 'logged', `simulated (${selfCheck.policy}, ${selfCheck.workers} workers)`],
            rows: selfCheck.rows.map(({ statistic, loggedNs, simulatedNs }) => [
              statistic,
              formatDuration(loggedNs),
              simulatedNs === null ? '–' : formatDuration(simulatedNs),
            ]),
          },
          ...(selfCheck.warning === undefined ? [] : [{ text: `Warning: ${selfCheck.warning}` }]),
        ]
      : []),
    { heading: 'What was assumed' },
    { items: [...assumptions, ...warnings.map((each) => `warning: ${each}`)] },
  ]);
}

function profileParts(profile: Profile): PagePart[] {
  const { types, rateRps, busyWorkers, dispersion } = profile;
  const fewest = Math.max(1, Math.floor(busyWorkers) + 1);
  const workers = [...new Set([fewest, fewest + 1, Math.ceil(fewest * 1.25), Math.ceil(fewest * 1.5), fewest * 2])];
  return [
    { heading: 'Types' },
    {
      columns: ['type', 'requests', 'share of requests', 'share of work', 'mean', 'p50', 'p99', 'p99.9', 'scv'],
      rows: types.map((type) => [
        type.name,
        formatCount(type.requests),
        formatShare(type.share),
        formatShare(type.work),
        ...[type.meanNs, type.p50Ns, type.p99Ns, type.p999Ns].map(formatDuration),
        type.scv.toPrecision(2),
      ]),
    },
    { heading: 'Load' },
    { text: `${formatRate(rateRps)} keep ${Number(busyWorkers.toPrecision(3))} workers busy on average.` },
    {
      columns: ['workers', 'load'],
      rows: workers.map((count) => [String(count), (busyWorkers / count).toFixed(2)]),
    },
    { heading: 'Over time' },
    { chart: overTime(profile) },
    ...(dispersion.length > 0 ? [{ heading: 'Burstiness' }, { text: sayBurstiness(profile) }] : []),
  ];
}

function overTime({ parts }: Profile): Chart {
  return {
    title: 'Rate and mean demand over time',
    columns: 2,
    panels: [
      {
        title: 'Requests per second',
        x: { label: 'time', scale: 'linear', unit: 'duration' },
        y: { label: 'rate', scale: 'linear', unit: 'rate' },
        series: [
          { name: 'rate', shape: 'step', points: parts.map(({ fromNs, rateRps }) => ({ x: fromNs, y: rateRps })) },
        ],
      },
      {
        title: 'Mean demand',
        x: { label: 'time', scale: 'linear', unit: 'duration' },
        y: { label: 'mean demand', scale: 'linear', unit: 'duration' },
        series: [
          {
            name: 'demand',
            shape: 'plain-line',
            points: parts.map(({ fromNs, meanNs }) => ({ x: fromNs, y: meanNs })),
          },
        ],
      },
    ],
  };
}

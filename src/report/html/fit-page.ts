import type { FitReport } from '../../results/fit-schema.js';
import { formatDuration } from '../../units/duration.js';
import { sayArrivals } from '../text/fit-text.js';
import { type PagePart, staticPage } from './static-page.js';

/** A fit as a page, with a picture of the quantiles of each type. */
export function fitPage({ trace, services, arrivals, proof, workers }: FitReport): string {
  return staticPage(`${trace}: a workload fitted to it`, [
    ...services.flatMap(({ name, family, judged, pairs }): PagePart[] => [
      { heading: `${name}: ${family}` },
      ...(judged.length > 0
        ? [
            {
              columns: ['family', 'held-out score', 'KS distance'],
              rows: judged.map((each) => [each.family, each.score.toFixed(4), each.distance.toFixed(4)]),
            },
          ]
        : []),
      {
        chart: {
          title: `Quantiles of ${name}`,
          caption: 'On the line, the fit has the quantiles of the trace.',
          panels: [
            {
              x: { label: 'trace', scale: 'log', unit: 'duration' },
              y: { label: 'fitted', scale: 'log', unit: 'duration' },
              series: [
                { name: 'equal', shape: 'plain-line', points: pairs.map(([x]) => ({ x, y: x })) },
                { name: 'quantile', shape: 'dots', points: pairs.map(([x, y]) => ({ x, y })) },
              ],
            },
          ],
        },
      },
    ]),
    { heading: `Arrivals: ${sayArrivals(arrivals)}` },
    {
      columns: ['window', 'index of dispersion', 'fitted'],
      rows: arrivals.dispersion.map(({ windowNs, index, fitted }) => [
        formatDuration(windowNs),
        index.toPrecision(3),
        fitted.toPrecision(3),
      ]),
    },
    { heading: `p99.9 sojourn, trace and fit, ${workers} workers` },
    {
      columns: ['policy', 'load', 'trace', 'fitted'],
      rows: proof.map(({ policy, load, traceNs, fittedNs }) => [
        policy,
        load.toFixed(2),
        traceNs === null ? '–' : formatDuration(traceNs),
        fittedNs === null ? '–' : formatDuration(fittedNs),
      ]),
    },
  ]);
}

/** A fit as text: families, quality, and the proof by simulation. */

import type { FitReport, FittedArrivals, FittedType } from '../../results/fit-schema.js';
import { formatDuration } from '../../units/duration.js';
import { formatCount } from './numbers.js';
import { type Look, PLAIN, WIDTH } from './style.js';
import { layOut, wrap } from './table.js';

export function formatFit(report: FitReport, { style = PLAIN, width = WIDTH }: Look): string {
  const { trace, requests, services, arrivals, proof, workers } = report;
  const look = { style, width };
  const left = { align: 'left' as const };
  const types = layOut(
    [
      { title: 'type', ...left },
      { title: 'family', ...left },
      { title: 'parameters', ...left, wraps: true as const },
      { title: 'KS' },
      { title: 'p99' },
      { title: 'fitted' },
    ],
    services.map((service) => [
      service.name,
      service.family,
      sayParameters(service),
      service.distance.toFixed(3),
      ...tailOf(service),
    ]),
    look,
  );
  const indices = arrivals.dispersion.filter((_, i, all) => i % 4 === 0 || i === all.length - 1);
  const lines = [
    ...wrap(`${trace} · ${formatCount(requests)} requests`, width).map(style.heading),
    '',
    ...types,
    '',
    ...wrap(
      `Arrivals: ${sayArrivals(arrivals)}. Index of dispersion, measured (fitted): ` +
        `${indices
          .map(({ windowNs, index, fitted }) => `${short(index)} (${short(fitted)}) in ${formatDuration(windowNs)}`)
          .join(', ')}.`,
      width,
    ),
    '',
    ...wrap(`p99.9 sojourn of the trace and of the fitted workload, ${workers} workers:`, width),
    ...layOut(
      [{ title: 'policy', ...left }, { title: 'load' }, { title: 'trace' }, { title: 'fitted' }, { title: 'off by' }],
      proof.map(({ policy, load, traceNs, fittedNs }) => [
        policy,
        load.toFixed(2),
        traceNs === null ? '–' : formatDuration(traceNs),
        fittedNs === null ? '–' : formatDuration(fittedNs),
        traceNs === null || fittedNs === null ? '–' : `${Math.round((fittedNs / traceNs - 1) * 100)} %`,
      ]),
      look,
    ),
  ];
  return `${lines.join('\n')}\n`;
}

function short(x: number): string {
  return String(Number(x.toPrecision(2)));
}

function tailOf({ tail }: FittedType): string[] {
  const p99 = tail.find(({ probability }) => probability === 0.99);
  return p99 ? [formatDuration(p99.sampleNs), formatDuration(p99.fittedNs)] : ['–', '–'];
}

/** `mean 1ms (0.98ms … 1.02ms)` */
function sayParameters({ family, parameters, intervals }: FittedType): string {
  if (family === 'empirical') return 'quantiles of the trace: no family is near';
  return Object.entries(parameters)
    .map(([name, value]) => {
      const show = (x: number) => (/mean|median|scale|value/.test(name) ? formatDuration(x) : short(x));
      const interval = intervals[name];
      return `${name} ${show(value)}${interval ? ` (${show(interval[0])} … ${show(interval[1])})` : ''}`;
    })
    .join(', ');
}

/** How requests come, as a person says it. */
export function sayArrivals({ process, assumed, parameters }: FittedArrivals): string {
  if (assumed !== undefined) return `taken for Poisson, because ${assumed} to tell`;
  if (process === 'poisson') return 'Poisson';
  if (process === 'renewal') return 'independent gaps that are not exponential (renewal)';
  const { burstFactor, meanCalmNs, meanBurstNs } = parameters as Record<string, number>;
  const [burst, calm] = [formatDuration(meanBurstNs!), formatDuration(meanCalmNs!)];
  return Number.isFinite(burstFactor)
    ? `bursts of ${burst} on average at ${short(burstFactor!)} times the rate of the ${calm} between them (mmpp2)`
    : `bursts of ${burst} on average, and nothing in the ${calm} between them (mmpp2)`;
}

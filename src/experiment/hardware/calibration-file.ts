/** Writes a calibration as the file of a system, and compares it with an earlier one. */

import type { Calibration, Measurement, Moved, NamedMeasurement } from '../../results/calibration.js';
import { CONSTANTS, type CostField, constantName } from '../../sim/costs.js';
import type { System } from '../../sim/parse-system.js';

export interface SystemFile {
  readonly name: string;
  readonly policy: string;
  readonly machine: string;
  /** Such as 2026-11-24. */
  readonly date: string;
}

/** The text of a system file with these constants. */
export function systemYaml({ name, policy, machine, date }: SystemFile, calibration: Calibration<CostField>): string {
  const { dilation, workload, workers, load, constants, parts, work } = calibration;
  const quoted = JSON.stringify;
  const stretched =
    dilation === 1 ? 'nothing was stretched' : `times were stretched ${dilation} times, and are given undilated`;
  const sections = [...new Set(CONSTANTS.map(({ section }) => section))].flatMap((section) => {
    const lines = CONSTANTS.filter((spec) => spec.section === section).flatMap(({ key, field }) => {
      const found = constants.find((constant) => constant.field === field);
      if (!found) return [];
      const quantiles = found.quantiles?.map(([p, ns]) => `[${p}, ${whole(ns)}]`).join(', ');
      const policies = Object.entries(found.policies ?? {}).map(([policy, ns]) => `${policy}: ${whole(ns)}`);
      const lines = [
        ...measurementLines(found, whole),
        ...(quantiles === undefined ? [] : [`quantiles: [${quantiles}],`]),
        ...(policies.length === 0 ? [] : [`policies: { ${policies.join(', ')} },`]),
        `source: ${quoted(found.source)},`,
      ];
      return [`  ${key}:`, '    {', ...lines.map((line) => `      ${line}`), '    }'];
    });
    return lines.length > 0 ? ['', `${section}:`, ...lines] : [];
  });
  const list = (key: string, measurements: readonly NamedMeasurement[]): string[] =>
    measurements.length === 0
      ? []
      : [
          `    ${key}: {`,
          ...measurements.map(({ name, source, ...each }) => {
            const lines = measurementLines(each, tenths).join(' ');
            return `      ${quoted(name)}: { ${lines} source: ${quoted(source)} },`;
          }),
          '    },',
        ];
  return `${[
    '# Measured by psp calibrate: medians, the standard deviation of single measurements, the 95 % interval of the',
    `# median, and quantiles where requests differ; ${stretched}.`,
    `name: ${quoted(name)}`,
    `title: ${quoted(`This machine, ${date}`)}`,
    `description: ${quoted(`what ${machine} costs, measured over the real path; ${stretched}`)}`,
    `policy: ${quoted(policy)}`,
    '# Here the dispatcher starts every request, also those of d-fcfs.',
    'queues: dispatcher',
    'measured:',
    '  {',
    `    machine: ${quoted(machine)}, date: ${date}, dilation: ${dilation},`,
    `    workers: ${workers}, policy: ${quoted(policy)}, workload: ${quoted(workload)}, load: ${load},`,
    '    # The parts of the delays below; those of delays.wire are for both ways together.',
    ...list('parts', parts),
    '    # How long threads are busy, in real time. Charged only where the dispatcher has a cost below.',
    ...list('work', work),
    '  }',
    ...sections,
  ].join('\n')}\n`;
}

function measurementLines(
  { medianNs, sdNs, ci95Ns, samples }: Omit<Measurement, 'source'>,
  show: (ns: number) => string,
): string[] {
  return [
    `time: ${show(medianNs)},`,
    `sd: ${show(sdNs)},`,
    `ci95: [${ci95Ns.map(show).join(', ')}],`,
    `samples: ${samples},`,
  ];
}

/** A duration that the model charges. */
function whole(ns: number): string {
  return `${Math.round(ns)}ns`;
}

/** A duration that is only shown. */
function tenths(ns: number): string {
  return `${Number(ns.toFixed(1))}ns`;
}

/** A smaller change moves results by less than their own intervals. */
const NOTABLE = 0.1;

/** Compares a calibration with an earlier one. */
export function compareCalibration(before: System, { constants, parts, work }: Calibration<CostField>): Moved[] {
  const told = { ...before.measured?.parts, ...before.measured?.work };
  return [
    ...constants.map((now) => {
      const stated = before.constants.find(({ spec }) => spec.field === now.field);
      return moved(constantName(now.field), true, stated ?? { ns: 0 }, now);
    }),
    ...[...parts, ...work].map((now) => moved(now.name, false, told[now.name], now)),
  ];
}

function moved(
  name: string,
  charged: boolean,
  before: { readonly ns: number; readonly ci95Ns?: readonly [number, number] } | undefined,
  now: Measurement,
): Moved {
  const told = { name, charged, beforeNs: before?.ns, now };
  if (!before) return { ...told, moved: false };
  const [low, high] = before.ci95Ns ?? [before.ns, before.ns];
  const apart = high < now.ci95Ns[0] || now.ci95Ns[1] < low;
  const far = Math.abs(now.medianNs - before.ns) > NOTABLE * Math.max(before.ns, now.medianNs);
  return { ...told, moved: apart && far };
}

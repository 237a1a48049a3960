import { CONSTANTS } from '../sim/costs.js';
import { formatDuration } from '../units/duration.js';
import { PLAIN, type Style } from './style.js';
import { layOut } from './table.js';

/** What was measured, as src/experiment/calibrate.ts makes it. */
interface ShownMeasurement {
  readonly medianNs: number;
  readonly ci95Ns: readonly [number, number];
  readonly sdNs: number;
  readonly samples: number;
  readonly source: string;
}

export interface ShownConstant extends ShownMeasurement {
  readonly field: string;
}

/** What was measured, a line per constant. */
export function formatCalibration(
  {
    dilation,
    constants,
    parts,
  }: {
    readonly dilation: number;
    readonly constants: readonly ShownConstant[];
    readonly parts: readonly (ShownMeasurement & { readonly name: string })[];
  },
  style: Style = PLAIN,
): string {
  const columns = [
    { title: 'constant', align: 'left' },
    { title: 'median' },
    { title: '95 %' },
    { title: 'spread' },
    { title: 'requests' },
    { title: 'what it is', align: 'left' },
  ] as const;
  const row = (name: string, { medianNs, ci95Ns, sdNs, samples, source }: ShownMeasurement) => [
    name,
    formatDuration(Math.round(medianNs)),
    interval(ci95Ns),
    formatDuration(Math.round(sdNs)),
    String(samples),
    source,
  ];
  const rows = constants.flatMap((constant) => [
    row(nameOf(constant.field), constant),
    ...(constant.field === 'wireNs' ? parts.map((part) => row(`  its ${part.name}`, part)) : []),
  ]);
  const note = dilation === 1 ? '' : `Times were stretched ${dilation} times and are given undilated.\n`;
  return `${layOut(columns, rows, style.heading).join('\n')}\n${note}`;
}

/** What has moved since a calibration, and what has not. */
export function formatMoved(
  constants: readonly {
    readonly field: string;
    readonly beforeNs: number;
    readonly now: ShownConstant;
    readonly moved: boolean;
  }[],
  before: { readonly name: string; readonly measured?: { readonly date?: string } },
  style: Style = PLAIN,
): string {
  const then = before.measured?.date ?? before.name;
  const columns = [
    { title: 'constant', align: 'left' },
    { title: then },
    { title: 'now' },
    { title: '95 %' },
    { title: '', align: 'left' },
  ] as const;
  const rows = constants.map(({ field, beforeNs, now, moved }) => [
    nameOf(field),
    formatDuration(beforeNs),
    formatDuration(Math.round(now.medianNs)),
    interval(now.ci95Ns),
    moved ? 'moved' : 'as it was',
  ]);
  return `${layOut(columns, rows, style.heading).join('\n')}\n`;
}

function interval([low, high]: readonly [number, number]): string {
  return `${formatDuration(Math.round(low))} … ${formatDuration(Math.round(high))}`;
}

/** As it stands in a system's file: `delays.wire`. */
function nameOf(field: string): string {
  const spec = CONSTANTS.find((constant) => constant.field === field);
  return spec ? `${spec.section}.${spec.key}` : field;
}

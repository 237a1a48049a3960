import type { Calibration, Measurement, Moved } from '../../results/calibration.js';
import { type CostField, constantName } from '../../sim/costs.js';
import { formatDuration } from '../../units/duration.js';
import { type Look, PLAIN, WIDTH } from './style.js';
import { layOut } from './table.js';

/** A line per measured constant with its parts, then how long threads are busy. */
export function formatCalibration(
  { dilation, constants, parts, work }: Calibration<CostField>,
  { style = PLAIN, width = WIDTH }: Look = {},
): string {
  const columns = (what: string) =>
    [
      { title: what, align: 'left' },
      { title: 'median' },
      { title: '95 %' },
      { title: 'spread' },
      { title: 'samples' },
      { title: 'what it is', align: 'left', wraps: true },
    ] as const;
  const row = (name: string, { medianNs, ci95Ns, sdNs, samples, source }: Measurement) => [
    name,
    shown(medianNs),
    interval(ci95Ns),
    shown(sdNs),
    String(samples),
    source,
  ];
  const rows = constants.flatMap((constant) => {
    const name = constantName(constant.field);
    const of = `${name.slice(name.indexOf('.') + 1)}.`;
    const own = parts.filter((part) => part.name.startsWith(of));
    return [row(name, constant), ...own.map((part) => row(`  its ${part.name.slice(of.length)}`, part))];
  });
  const note = dilation === 1 ? '' : `Times were stretched ${dilation} times and are given undilated.\n`;
  const tables = [`${layOut(columns('constant'), rows, { style, width }).join('\n')}\n${note}`];
  if (work.length > 0) {
    const busy = work.map((each) => row(each.name, each));
    tables.push(`${layOut(columns('work, in real time'), busy, { style, width }).join('\n')}\n`);
  }
  return tables.join('\n');
}

/** What has moved since a calibration, and what has not. */
export function formatMoved(
  measured: readonly Moved[],
  before: { readonly name: string; readonly measured?: { readonly date?: string } },
  { style = PLAIN, width = WIDTH }: Look = {},
): string {
  const then = before.measured?.date ?? before.name;
  const columns = [
    { title: 'constant', align: 'left' },
    { title: then },
    { title: 'now' },
    { title: '95 %' },
    { title: '', align: 'left' },
  ] as const;
  const rows = measured.map(({ name, beforeNs, now, moved }) => [
    name,
    beforeNs === undefined ? '–' : shown(beforeNs),
    shown(now.medianNs),
    interval(now.ci95Ns),
    beforeNs === undefined ? 'not known' : moved ? 'moved' : 'as it was',
  ]);
  return `${layOut(columns, rows, { style, width }).join('\n')}\n`;
}

function interval([low, high]: readonly [number, number]): string {
  return `${shown(low)} … ${shown(high)}`;
}

function shown(ns: number): string {
  return formatDuration(Math.round(ns));
}

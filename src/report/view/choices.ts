/** What can be chosen on a report page, and what is chosen. */

import { STATISTIC_NAMED } from '../../results/result.js';
import { lookUp } from '../../units/names.js';
import type { Axis } from '../charts/chart.js';
import type { ChartedQuantity } from '../charts/charted-results.js';
import type { ReportData, ShownRun } from './data.js';
import { type Horizontal, horizontals } from './horizontal.js';

/** One thing that is chosen: its name in the address of the view, and its values. */
export interface Choice {
  readonly key: string;
  readonly label: string;
  readonly options: readonly { readonly value: string; readonly text: string }[];
  readonly value: string;
}

/** A view of the data: everything that is chosen, with a value for what was not. */
export interface View {
  /** Those that leave a choice. */
  readonly choices: readonly Choice[];
  readonly workload: string;
  readonly x: Horizontal;
  readonly quantity: ChartedQuantity;
  readonly scale: Axis['scale'];
  /** The series of the workload, in the order of the data. */
  readonly names: readonly string[];
  /** Of these, those that are not drawn. */
  readonly hidden: ReadonlySet<string>;
  /** The points of all series, hidden ones too. */
  readonly runs: readonly ShownRun[];
}

/** All requests together, where the name of a type stands for that type. */
const ALL = '';
/** What the workers have to do, by the options that say so. */
const AMOUNTS: readonly string[] = ['load', 'rate', 'rate-scale'];

/**
 * Completes what was asked for. The address may be old or mistyped, so unknown choices are ignored.
 *
 * @param wanted by the keys of the choices; `hide`, as often as needed, names series
 */
export function viewOf({ runs }: ReportData, wanted: URLSearchParams): View {
  const choices: Choice[] = [];
  const choose = (
    key: string,
    label: string,
    options: readonly (readonly [value: string, text: string])[],
    fallback = options[0]![0],
  ): string => {
    const asked = wanted.get(key);
    const value = options.some(([each]) => each === asked) ? asked! : fallback;
    if (options.length > 1) {
      choices.push({ key, label, options: options.map(([value, text]) => ({ value, text })), value });
    }
    return value;
  };

  const workload = choose('workload', 'Workload', same(distinct(runs.map((run) => run.workload))));
  const ofWorkload = runs.filter((run) => run.workload === workload);
  const { all, first } = horizontals(ofWorkload);
  const axis = choose(
    'x',
    'Horizontal axis',
    all.map(({ key, label }) => [key, label]),
    first,
  );
  const x = all.find(({ key }) => key === axis)!;
  let left = ofWorkload;
  for (const name of optionNames(ofWorkload)) {
    if (!isMixed(left, x, name)) continue;
    const values = sorted(distinct(left.map((run) => optionOf(run, name))));
    const options = values.map((value) => [value, value === '' ? 'not given' : value] as const);
    const value = choose(name, title(name), options, mostCommon(left.map((run) => optionOf(run, name))));
    left = left.filter((run) => optionOf(run, name) === value);
  }
  const types = distinct(ofWorkload.flatMap((run) => run.types.map(({ name }) => name)));
  const type = choose('type', 'Requests', [[ALL, 'all requests'], ...same(types)]);
  const statistic = choose(
    'statistic',
    'Statistic',
    Object.entries(STATISTIC_NAMED).map(([name, statistic]) => [statistic, name]),
    'p99_9',
  ) as ChartedQuantity['statistic'];
  const metric = choose('measure', 'Measure', [
    ['slowdown', 'slowdown'],
    ['sojournNs', 'sojourn'],
  ]) as ChartedQuantity['metric'];
  const scale = choose('scale', 'Vertical axis', [
    ['log', 'log'],
    ['linear', 'linear'],
  ]) as Axis['scale'];
  return {
    choices,
    workload,
    x,
    quantity: { metric, statistic, ...(type !== ALL && { type }) },
    scale,
    names: distinct(ofWorkload.map(x.series)),
    hidden: new Set(wanted.getAll('hide')),
    runs: left,
  };
}

/** What the runs of a command differ by; first what changes the meaning of a curve. */
function optionNames(runs: readonly ShownRun[]): string[] {
  const others = runs.flatMap(({ options }) => Object.keys(options));
  return distinct(['workers', ...AMOUNTS, ...others]);
}

/** The number of workers is in the result even if nobody typed it. */
function optionOf({ workers, options }: ShownRun, name: string): string {
  return name === 'workers' ? String(workers) : (lookUp(options, name) ?? '');
}

/**
 * Would a curve join points that do not belong together? All points of a curve have the same number of workers, or the
 * same load if workers are its x. They may differ in other things, such as the seed, as long as each x has one point.
 */
function isMixed(runs: readonly ShownRun[], x: Horizontal, name: string): boolean {
  const isAmount = AMOUNTS.includes(name);
  const isOfX = x.key === name || (isAmount && (x.key === 'load' || x.key === 'rate'));
  const strict = !isOfX && (isAmount || name === 'workers');
  const values = new Map<string, string>();
  return runs.some((run) => {
    const place = strict ? x.series(run) : `${x.series(run)}\n${x.of(run)}`;
    const value = optionOf(run, name);
    const other = values.get(place) ?? value;
    values.set(place, value);
    return other !== value;
  });
}

/** Of equals, the last in order: the highest load shows most. */
function mostCommon(values: readonly string[]): string {
  const count = (value: string) => values.filter((each) => each === value).length;
  return sorted(distinct(values)).reduce((best, each) => (count(each) >= count(best) ? each : best));
}

/** Numbers by size. */
function sorted(values: readonly string[]): string[] {
  return [...values].sort((a, b) => Number(a) - Number(b) || (a < b ? -1 : 1));
}

function distinct(values: readonly string[]): string[] {
  return [...new Set(values)];
}

function same(values: readonly string[]): (readonly [string, string])[] {
  return values.map((value) => [value, value]);
}

/** `rate-scale` as a label. */
function title(name: string): string {
  return name[0]!.toUpperCase() + name.slice(1).replaceAll('-', ' ');
}

import { failureOf, OUTCOMES } from '../../results/outcome-schema.js';
import { format } from '../charts/scale.js';
import type { ReportData, ShownRun } from './data.js';

/** More than these are counted, not listed. */
const MOST_LISTED = 8;

/** What was swept, as terms and their values. */
export function summaryOf({ runs, failed: notRun, versions }: ReportData): [term: string, value: string][] {
  const failed = runs.map(failureOf);
  const count = (reason: string) => failed.filter((each) => each === reason).length;
  const failing = OUTCOMES.filter((outcome) => count(outcome) > 0).map((outcome) => `${count(outcome)} ${outcome}`);
  const points = `${runs.length}, ${failing.length > 0 ? `of which ${failing.join(' and ')}` : 'all ok'}`;
  const loads = runs.flatMap(({ load }) => load ?? []);
  return [
    ['Workload', listed(runs, ({ workload }) => workload)],
    ['Policy', listed(runs, ({ label }) => label)],
    ['Workers', listed(runs, ({ workers }) => String(workers))],
    ['Load', range(loads)],
    ['Replications', listed(runs, ({ replications }) => String(replications))],
    ['Points', points + (notRun.length > 0 ? `; ${notRun.length} could not be run` : '')],
    ['Version', versions.join('; ')],
  ];
}

function listed(runs: readonly ShownRun[], of: (run: ShownRun) => string): string {
  const values = [...new Set(runs.map(of))];
  return values.length > MOST_LISTED ? `${values.length} different ones` : values.join(', ');
}

function range(values: readonly number[]): string {
  const different = new Set(values).size;
  if (different === 0) return 'unknown';
  const [low, high] = [Math.min(...values), Math.max(...values)].map((value) => format(value));
  return different === 1 ? low! : `${low} to ${high}, ${different} values`;
}

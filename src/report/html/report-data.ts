import type { Point } from '../../results/point.js';
import type { DistributionSummary, Result } from '../../results/result.js';
import { policyLabel } from '../../scheduler/policy-label.js';
import { reservationChanges } from '../text/reserved-workers.js';
import type { FailedRun, Parameter, ReportData, Reserved, ShownRun } from '../view/data.js';

/** A point of a sweep, in memory. */
export type SweptPoint = Omit<Point, 'schema'>;

/** A picture cannot show more changes of a reservation, and they would be most of the page. */
const MOST_CHANGES = 300;
/** Options that are fields of the result; a page chooses them by those. */
const NAMED: readonly string[] = ['workload', 'policy', 'system'];

/** Reduces the points of a sweep to what a page shows of them. */
export function reportData(
  title: string,
  points: readonly SweptPoint[],
  failed: readonly FailedRun[] = [],
): ReportData {
  const varying = varyingParameters(points.map(({ result }) => result));
  const versions = points.map(({ result: { manifest } }) => {
    const commit = manifest.commit?.replace(/^([0-9a-f]{12})[0-9a-f]*/, '$1');
    return `psp ${manifest.version}${commit === undefined ? '' : `, commit ${commit}`}`;
  });
  return {
    title,
    versions: [...new Set(versions)].sort(),
    runs: points.map((point) => runOf(point, varying)),
    failed: failed.map(({ key, command, error }) => ({ key, command, error })),
  };
}

function runOf({ key, command, result }: SweptPoint, varying: ReadonlySet<string>): ShownRun {
  const { workload, workers, load, offeredRps, outcome, reason, replications } = result;
  const changes = [...result.reservations.slice(0, 1), ...reservationChanges(result)];
  return {
    key,
    command,
    // The points of both worlds are no one curve.
    label: `${policyLabel(result)}${result.world === 'hw' ? ', measured' : ''}`,
    workload,
    workers,
    // Computed from the rate: drop the digits that are rounding errors.
    load: load === null ? null : Number(load.toPrecision(12)),
    offeredRps,
    outcome,
    ...(reason !== undefined && { reason }),
    replications,
    options: optionsOf(command),
    parameters: parametersOf(result, varying),
    overall: reduced(result.overall),
    types: result.types.map((type) => ({ name: type.name, ...reduced(type) })),
    reservations: changes.slice(0, MOST_CHANGES).map(
      ({ atNs, groups }): Reserved => ({
        atNs,
        groups: groups.map((group) => ({ name: group.types.join('+'), workers: group.workers.length })),
      }),
    ),
    changesLeftOut: Math.max(0, changes.length - MOST_CHANGES),
    reservationsLeftOut: result.reservationsLeftOut,
    endNs: Math.round(result.durationNs / replications),
  };
}

function reduced({ slowdown, sojournNs }: { slowdown: DistributionSummary; sojournNs: DistributionSummary }) {
  return { slowdown, sojournNs };
}

/** Numbers that differ between points of one policy: `darc-static/reserved`. */
function varyingParameters(results: readonly Result[]): Set<string> {
  const values = new Map<string, Set<unknown>>();
  for (const { policy, policyParameters } of results) {
    for (const [name, value] of Object.entries(policyParameters)) {
      if (typeof value !== 'number') continue;
      const key = `${policy}/${name}`;
      values.set(key, (values.get(key) ?? new Set()).add(value));
    }
  }
  return new Set([...values].filter(([, { size }]) => size > 1).map(([key]) => key));
}

/** By the name on the command line; those that end in `Ns` are durations. */
function parametersOf(result: Result, varying: ReadonlySet<string>): Record<string, Parameter> {
  const { policy, policyParameters } = result;
  const entries = Object.entries(policyParameters).flatMap(([name, value]): [string, Parameter][] => {
    if (typeof value !== 'number' || !varying.has(`${policy}/${name}`)) return [];
    const { [name]: _, ...others } = policyParameters;
    const without = policyLabel({ ...result, policyParameters: others });
    return [[name.replace(/Ns$/, ''), { value, unit: name.endsWith('Ns') ? 'duration' : 'number', without }]];
  });
  return Object.fromEntries(entries);
}

/** `--load 0.5 --seed 'a b'` as names and values. */
function optionsOf(command: string): Record<string, string> {
  const found = [...command.matchAll(/ --([a-z-]+) ((?:'[^']*'|\\'|[^\s'\\])+)/g)];
  const options = found.map(([, name, value]): [string, string] => [
    name!,
    value!.replace(/'([^']*)'|\\'/g, (_, inside?: string) => inside ?? "'"),
  ]);
  return Object.fromEntries(options.filter(([name]) => !NAMED.includes(name)));
}

import { lookUp } from '../../units/names.js';
import type { Unit } from '../charts/chart.js';
import type { ShownRun } from './data.js';

/** What lies along the x axis. */
export interface Horizontal {
  readonly key: string;
  readonly label: string;
  readonly unit: Unit;
  /** Undefined where a run has no such value. */
  of(run: ShownRun): number | undefined;
  /** The series that the run is a point of. */
  series(run: ShownRun): string;
}

const labelOf = ({ label }: ShownRun): string => label;

const LOAD: Horizontal = {
  key: 'load',
  label: 'load',
  unit: 'number',
  of: ({ load }) => load ?? undefined,
  series: labelOf,
};
const RATE: Horizontal = {
  key: 'rate',
  label: 'offered rate',
  unit: 'rate',
  of: ({ offeredRps }) => offeredRps ?? undefined,
  series: labelOf,
};
const WORKERS: Horizontal = {
  key: 'workers',
  label: 'workers',
  unit: 'number',
  of: ({ workers }) => workers,
  series: labelOf,
};

/** Load, rate and everything else with several values; `first` has the most values. */
export function horizontals(runs: readonly ShownRun[]): { all: readonly Horizontal[]; first: string } {
  const parameters = new Map(
    runs.flatMap((run) => Object.entries(run.parameters).map(([name, { unit }]) => [name, byParameter(name, unit)])),
  );
  const values = (x: Horizontal) => new Set(runs.map(x.of)).size;
  const varying = [WORKERS, ...parameters.values()].filter((x) => values(x) > 1);
  const first = varying.reduce((most, x) => (values(x) > values(most) ? x : most), LOAD);
  return { all: [LOAD, RATE, ...varying], first: first.key };
}

function byParameter(name: string, unit: Unit): Horizontal {
  return {
    key: `parameter-${name}`,
    label: name,
    unit,
    of: ({ parameters }) => lookUp(parameters, name)?.value,
    series: ({ parameters, label }) => lookUp(parameters, name)?.without ?? label,
  };
}

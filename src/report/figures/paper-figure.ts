/** A figure of Perséphone (Demoulin et al., SOSP 2021): how results become its panels, and what it claims. */

import type { Result } from '../../results/result.js';
import { lookUp } from '../../units/names.js';
import type { Chart, Series } from '../charts/chart.js';
import { type ChartedQuantity, pointsOf, seriesByWorld } from '../charts/charted-results.js';
import { type Claim, loadOf } from './claims.js';

export interface Figure {
  /** The name on the command line: `5a`. */
  readonly name: string;
  readonly chart: (results: readonly Result[]) => Chart;
  readonly claims: (results: readonly Result[]) => Claim[];
  /** Of a workload that changes: the same figure when all its times are multiplied by a share. */
  readonly inTime?: (share: number) => Figure;
}

/** The names in the legend and in the palette. */
export interface Named {
  readonly name: string;
  readonly color: string;
}

const POLICIES: Readonly<Record<string, string>> = {
  darc: 'DARC',
  'darc-static': 'DARC-static',
  'c-fcfs': 'c-FCFS',
  'd-fcfs': 'd-FCFS',
  ts: 'time sharing',
};

const SYSTEMS: Readonly<Record<string, string>> = {
  persephone: 'Perséphone',
  shinjuku: 'Shinjuku',
  shenango: 'Shenango',
  'shenango-d-fcfs': 'Shenango d-FCFS',
};

export function byPolicy({ policy }: Result): Named {
  return { name: lookUp(POLICIES, policy) ?? policy, color: policy };
}

export function bySystem(result: Result): Named {
  const { system } = result;
  return system === undefined ? byPolicy(result) : { name: lookUp(SYSTEMS, system) ?? system, color: system };
}

/** The tail that all figures show: of all requests together. */
export const TAIL: ChartedQuantity = { metric: 'slowdown', statistic: 'p99_9' };

export function lines(
  results: readonly Result[],
  named: (result: Result) => Named,
  quantity: ChartedQuantity,
  x: (result: Result) => number = loadOf,
): Series[] {
  return seriesByWorld(
    results,
    named,
    ({ world }) => world,
    (own) => pointsOf(own, x, quantity),
  );
}

/** The results of each series by ascending load, under its name in the palette. */
export function groupsOf(results: readonly Result[], named: (result: Result) => Named): Map<string, Result[]> {
  const groups = new Map<string, Result[]>();
  for (const result of [...results].sort((a, b) => loadOf(a) - loadOf(b))) {
    const { color } = named(result);
    groups.set(color, [...(groups.get(color) ?? []), result]);
  }
  return groups;
}

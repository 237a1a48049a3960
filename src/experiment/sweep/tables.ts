/**
 * All points as one tidy table: one row for each request type of a point, one for all its requests, and one for each
 * point that could not be run. docs/sweeps.md describes the columns.
 */

import { parquetWriteBuffer } from 'hyparquet-writer';
import type { CsvCell } from '../../results/csv-cells.js';
import type { HardwareFields } from '../../results/hardware-fields.js';
import type { FailedPoint, Point } from '../../results/point.js';
import { type DistributionSummary, type Result, STATISTIC_NAMED, type Statistic } from '../../results/result.js';
import { policyLabel } from '../../scheduler/policy-label.js';

type Cell = Exclude<CsvCell, undefined>;

interface Column {
  readonly name: string;
  readonly type: 'STRING' | 'DOUBLE' | 'INT64';
  readonly of: (slice: TableRow) => Cell;
}

/** One type of a point, or all its types together. */
interface TableRow {
  readonly point: Point;
  readonly result: Result;
  /** Null for all types together. */
  readonly type: string | null;
  readonly slowdown: DistributionSummary;
  readonly sojournNs: DistributionSummary;
  /** Null for all types together. */
  readonly serviceNs: DistributionSummary | null;
  readonly arrived: number;
  readonly completed: number;
  readonly dropped: number;
  readonly droppedMeasured: number;
}

const STATISTICS = Object.values(STATISTIC_NAMED);

const OF_THE_POINT: readonly Column[] = [
  text('key', ({ point }) => point.key),
  text('world', ({ result }) => result.world),
  text('workload', ({ result }) => result.workload),
  text('system', ({ result }) => result.system ?? null),
  text('policy', ({ result }) => result.policy),
  text('policy_parameters', ({ result }) => JSON.stringify(result.policyParameters)),
  text('label', ({ result }) => policyLabel(result)),
  count('workers', ({ result }) => result.workers),
  // Without the digits that rounding leaves, so that rows of one load have the same value.
  real('load', ({ result: { load } }) => (load === null ? null : Number(load.toPrecision(12)))),
  real('offered_rps', ({ result }) => result.offeredRps),
  real('achieved_rps', ({ result }) => result.achievedRps),
  text('seed', ({ result }) => result.seed),
  real('warmup', ({ result }) => result.warmup),
  text('warmup_rule', ({ result }) => result.warmupRule),
  text('outcome', ({ result }) => result.outcome),
  text('reason', ({ result }) => result.reason ?? null),
  count('replications', ({ result }) => result.replications),
  real('duration_ns', ({ result }) => result.durationNs),
  real('utilisation', ({ result }) => result.utilisation),
  real('overhead', ({ result }) => result.overhead),
  count('preemptions', ({ result }) => result.preemptions),
  count('steals', ({ result }) => result.steals),
  count('in_flight', ({ result }) => result.inFlight),
  real('dilation', ({ result }) => machine(result).manifest.dilation ?? null),
  count('lost', ({ result }) => machine(result).lost ?? null),
  count('late', ({ result }) => machine(result).late ?? null),
  real('cores_away_ns', ({ result }) => machine(result).coresAwayNs ?? null),
  count('runs_repeated', ({ result }) => machine(result).disturbedRuns?.repeated ?? null),
  count('runs_disturbed', ({ result }) => machine(result).disturbedRuns?.kept ?? null),
  text('digest', ({ result }) => result.digest),
  text('version', ({ result }) => result.manifest.version),
  text('commit', ({ result }) => result.manifest.commit),
  real('wall_seconds', ({ result }) => result.manifest.wallSeconds),
  text('command', ({ point }) => point.command),
  text('error', () => null),
];

const OF_THE_SLICE: readonly Column[] = [
  text('scope', ({ type }) => (type === null ? 'overall' : 'type')),
  text('type', ({ type }) => type),
  count('requests', (slice) => slice.arrived),
  count('completed', (slice) => slice.completed),
  count('dropped', (slice) => slice.dropped),
  count('dropped_measured', (slice) => slice.droppedMeasured),
  count('measured', ({ slowdown }) => slowdown.count),
  real('service_mean_ns', ({ serviceNs }) => serviceNs?.mean ?? null),
  ...STATISTICS.flatMap((statistic) => estimate('slowdown', statistic, ({ slowdown }) => slowdown)),
  ...STATISTICS.flatMap((statistic) => estimate('sojourn_ns', statistic, ({ sojournNs }) => sojournNs)),
];

const COLUMNS: readonly Column[] = [...OF_THE_POINT, ...OF_THE_SLICE];

/** The names of the columns, in their order. */
export const COLUMN_NAMES: readonly string[] = COLUMNS.map(({ name }) => name);

/** The rows of the files, with cells in the order of {@link COLUMN_NAMES}. */
export function tidyRows(points: readonly Point[]): Cell[][] {
  return points.flatMap((point) => rowsOf(point).map((slice) => COLUMNS.map(({ of }) => of(slice))));
}

/** One row for each point that could not be run, without numbers. */
export function failedRows(failed: readonly FailedPoint[]): Cell[][] {
  return failed.map(({ schema: _, ...known }) => {
    const cells: Readonly<Record<string, Cell>> = { ...known, scope: 'failed', outcome: 'failed' };
    return COLUMN_NAMES.map((name) => cells[name] ?? null);
  });
}

export function parquetOf(rows: readonly (readonly Cell[])[]): Uint8Array {
  const columnData = COLUMNS.map(({ name, type }, i) => ({
    name,
    type,
    data: rows.map((row) => (type === 'INT64' && row[i] !== null ? BigInt(row[i] as number) : row[i])),
  }));
  return new Uint8Array(parquetWriteBuffer({ columnData, createdBy: 'psp' }));
}

function rowsOf(point: Point): TableRow[] {
  const { result } = point;
  const types = result.types.map((type): TableRow => ({ point, result, type: type.name, ...type }));
  const { requests: arrived, completed, dropped, droppedMeasured } = result;
  const counts = { arrived, completed, dropped, droppedMeasured };
  return [...types, { point, result, type: null, serviceNs: null, ...counts, ...result.overall }];
}

/** The value and the bounds of its 95 % confidence interval. */
function estimate(quantity: string, statistic: Statistic, of: (slice: TableRow) => DistributionSummary): Column[] {
  const name = `${quantity}_${statistic}`;
  return [
    real(name, (slice) => of(slice)[statistic]),
    real(`${name}_low`, (slice) => of(slice).ci95[statistic]?.[0] ?? null),
    real(`${name}_high`, (slice) => of(slice).ci95[statistic]?.[1] ?? null),
  ];
}

/** The fields that only a result of a machine has. */
function machine(result: Result): Partial<HardwareFields> & { readonly manifest: { readonly dilation?: number } } {
  return result as ReturnType<typeof machine>;
}

function text(name: string, of: (slice: TableRow) => string | null): Column {
  return { name, type: 'STRING', of };
}

function real(name: string, of: (slice: TableRow) => number | null): Column {
  return { name, type: 'DOUBLE', of };
}

function count(name: string, of: (slice: TableRow) => number | null): Column {
  return { name, type: 'INT64', of };
}

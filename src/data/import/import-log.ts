/** From a log to a trace, a workload and what they say of the service. */

import { fileBytes } from '../../files/trace-file.js';
import { Histogram, KnownValues } from '../../metrics/histogram.js';
import type { Evidence, Profile } from '../../results/import-schema.js';
import { InputError } from '../../units/errors.js';
import { ArrivalSample } from '../fit/arrival-sample.js';
import type { ArrivalsFit } from '../fit/fit-arrivals.js';
import { Collector } from './collector.js';
import { type AskedColumns, type Columns, findColumns } from './columns.js';
import { Demands, type Examined, examineRows, LEAST_QUIET } from './demands.js';
import { type LogKind, recognise } from './log-kinds.js';
import { TOO_MANY } from './name-table.js';
import { Profiler } from './profile.js';
import { createRows, type Rows } from './row-store.js';
import { writeTrace } from './trace-writer.js';
import type { MeasuredType } from './workload-yaml.js';

export interface ImportOptions {
  readonly columns: AskedColumns;
  readonly logFormat?: string;
  readonly durationIs?: 'service' | 'response';
  /** Of the service that wrote the log. */
  readonly workers?: number;
  /** Types that are kept; the others become OTHER. */
  readonly typesMax: number;
  /** Share of rows that may be unreadable. */
  readonly unreadableMax: number;
  /** Told the part of the file that has been read, 0 … 1. */
  readonly onProgress?: (done: number) => void;
  /** Rows that are sorted at once; default a million. */
  readonly runRows?: number;
}

/** A log as its beginning shows it. */
export interface Understood {
  readonly kind: LogKind;
  readonly columns: Columns;
}

/** Bytes by which a log is recognised. */
const SAMPLE_BYTES = 1 << 18;

/** The beginning of a file, unzipped, as text; whole lines. @throws InputError */
export async function readSample(path: string, fileName: string): Promise<string> {
  for await (const chunk of fileBytes(path, fileName)) {
    const text = new TextDecoder().decode(chunk.subarray(0, SAMPLE_BYTES));
    const end = chunk.length < SAMPLE_BYTES ? text.length : text.lastIndexOf('\n') + 1;
    return end > 0 ? text.slice(0, end) : text;
  }
  return '';
}

/** Recognises a log, and what its columns mean. @throws InputError */
export function understand(sample: string, fileName: string, options: ImportOptions): Understood {
  const kind = recognise(sample, fileName, options.logFormat);
  const { usual } = kind;
  const { columns: asked } = options;
  // Either of the two that is asked for replaces what is usual.
  const { duration, service, ...others } = usual;
  const length = asked.duration || asked.service ? {} : { ...(duration && { duration }), ...(service && { service }) };
  return { kind, columns: findColumns(kind.columns, kind.rows, { ...others, ...length, ...asked }, fileName) };
}

/** A log that has been read. */
export interface Log {
  readonly collector: Collector;
  readonly columns: Columns;
  readonly kind: string;
  /** Its types, and the new number of each number that the rows have. */
  readonly types: readonly string[];
  readonly typeOf: Uint16Array;
  /** Types that became OTHER. */
  readonly others: number;
  /** Earliest and latest arrival, ns after the base. */
  readonly firstNs: number;
  readonly lastNs: number;
}

/** @throws InputError when too many rows cannot be read */
export async function readLog(
  path: string,
  fileName: string,
  understood: Understood,
  options: ImportOptions,
): Promise<Log> {
  const { kind, columns } = understood;
  const collector = new Collector(columns, fileName, options.runRows);
  try {
    const reader = kind.open(collector);
    const onBytes = (read: number, size: number) => options.onProgress?.(read / Math.max(1, size));
    for await (const chunk of fileBytes(path, fileName, onBytes)) reader.parse(chunk);
    reader.finish();
    collector.store.finish();
    refuseUnreadable(collector, options.unreadableMax);
    return { collector, columns, kind: kind.name, ...chooseTypes(collector, options.typesMax), ...spanOf(collector) };
  } catch (error) {
    collector.store.close();
    throw error;
  }
}

function refuseUnreadable({ unreadable, store, fileName, skipped }: Collector, most: number): void {
  const total = store.rows + unreadable.count + skipped;
  if (unreadable.count > most * total) {
    const more = unreadable.count - unreadable.named.length;
    const share = `${Number(((100 * unreadable.count) / total).toPrecision(3))} %`;
    throw new InputError([
      ...unreadable.named,
      {
        file: fileName,
        line: unreadable.named.at(-1)!.line,
        path: '',
        message: `expected at most ${100 * most} % unreadable rows, found ${share}: ${more} more; see --unreadable-max`,
      },
    ]);
  }
  if (store.rows > 0) return;
  throw new InputError(`${fileName}:1: expected requests, found none${skipped > 0 ? ` for --where` : ''}`);
}

const OTHER = 'OTHER';

function chooseTypes({ counts, names: { names } }: Collector, most: number): Pick<Log, 'types' | 'typeOf' | 'others'> {
  const used = names.map((name, number) => ({ name, number, count: counts[number]! })).filter(({ count }) => count > 0);
  const isMore = counts[TOO_MANY]! > 0;
  const isAll = used.length <= most && !isMore;
  const ranked = [...used].sort((a, b) => b.count - a.count || a.number - b.number);
  const kept = isAll ? used : ranked.slice(0, Math.max(0, most - 1)).sort((a, b) => a.number - b.number);
  const types = kept.map(({ name }) => name);
  let other = types.indexOf(OTHER);
  if (!isAll && other < 0) other = types.push(OTHER) - 1;
  const typeOf = new Uint16Array(TOO_MANY + 1).fill(Math.max(0, other));
  kept.forEach(({ number }, type) => {
    typeOf[number] = type;
  });
  return { types, typeOf, others: isAll ? 0 : used.length - kept.length + Number(isMore) };
}

function spanOf({ store }: Collector): Pick<Log, 'firstNs' | 'lastNs'> {
  let [firstNs, lastNs] = [Number.NaN, Number.NaN];
  for (const { arrivalNs, length } of store.read()) {
    if (Number.isNaN(firstNs)) firstNs = arrivalNs[0]!;
    lastNs = arrivalNs[length - 1]!;
  }
  return { firstNs, lastNs };
}

/** What became of a log. */
export interface Imported {
  readonly types: readonly MeasuredType[];
  readonly profile: Profile;
  /** How demands were found in response times; absent where services were logged. */
  readonly evidence?: Evidence;
  /** How the requests came, fitted. */
  readonly arrivals: ArrivalsFit;
  /** Durations as they were logged: p50, p99 and p99.9, ns. */
  readonly logged: readonly number[];
}

/**
 * Finds the demands of a log and writes its trace.
 *
 * @param isService are the durations demands?
 * @throws InputError when the demands cannot be known
 */
export async function writeImport(
  log: Log,
  tracePath: string,
  isService: boolean,
  workers: number | undefined,
): Promise<Imported> {
  const { collector, types, firstNs, lastNs } = log;
  const { store } = collector;
  const examined = isService ? undefined : examineLog(log, workers!);
  const profiler = new Profiler(types, lastNs - firstNs, store.rows);
  const responses = new Histogram();
  const arrivals = new ArrivalSample(lastNs - firstNs, store.rows, collector.resolutionNs);
  let profile: Profile | undefined;
  await writeTrace(tracePath, types, function* (row) {
    const demands = examined && new Demands(examined);
    for (const piece of shifted(log)) {
      const { length, arrivalNs, durationNs, type } = piece;
      for (let i = 0; i < length; i++) {
        const [arrival, duration, k] = [arrivalNs[i]!, durationNs[i]!, type[i]!];
        const demandNs = demands ? demands.next(arrival, duration, k) : Math.max(1, duration);
        responses.record(Math.max(1, duration));
        profiler.add(arrival, demandNs, k);
        arrivals.add(arrival);
        row(arrival, k, demandNs);
        if (i % 4096 === 4095) yield;
      }
      yield;
    }
    profile = profiler.finish();
    // Before the trace has its name.
    refuseOverload(profile, isService, workers);
  });
  return {
    types: profile!.types.map(({ name, requests }, k) => ({ name, requests, demands: profiler.demands[k]! })),
    profile: profile!,
    ...(examined && { evidence: examined.evidence }),
    arrivals: arrivals.fit(),
    logged: new KnownValues(responses).quantiles([0.5, 0.99, 0.999]).map(({ value }) => Math.round(value)),
  };
}

/** The rows with times from the first arrival, and with the types that are kept; the next piece overwrites them. */
function* shifted({ collector, typeOf, firstNs }: Log): Generator<Rows> {
  let piece = createRows(0);
  for (const { length, arrivalNs, durationNs, type } of collector.store.read()) {
    if (piece.arrivalNs.length < length) piece = createRows(length);
    piece.length = length;
    for (let i = 0; i < length; i++) {
      piece.arrivalNs[i] = arrivalNs[i]! - firstNs;
      piece.durationNs[i] = durationNs[i]!;
      piece.type[i] = typeOf[type[i]!]!;
    }
    yield piece;
  }
}

function examineLog(log: Log, workers: number): Examined {
  const examined = examineRows(() => shifted(log), log.collector.store.rows, workers, log.collector.resolutionNs);
  if (examined.evidence.method === 'fcfs') return examined;
  log.types.forEach((name, type) => {
    const seen = examined.quiet.seen[type] ?? 0;
    if (seen >= LEAST_QUIET) return;
    throw new InputError(
      `the demand of '${name}' cannot be known: ${seen} of its requests came while one of ${workers} workers was ` +
        `free, and ${LEAST_QUIET} are needed; check --workers and --time-is, use a longer or a quieter log, or log ` +
        'the service time',
    );
  });
  return examined;
}

function refuseOverload({ busyWorkers }: Profile, isService: boolean, workers: number | undefined): void {
  if (workers === undefined || !(busyWorkers > workers)) return;
  throw new InputError(
    `expected demands that ${workers} workers can serve, found work for ${Number(busyWorkers.toPrecision(3))}: ` +
      (isService
        ? 'these durations contain waiting; for response times, say --duration-is response'
        : 'the service had more workers, or the durations contain more than its work'),
  );
}

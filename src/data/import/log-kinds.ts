/** The kinds of logs that psp reads, and how it knows them by their first lines. */

import { InputError } from '../../units/errors.js';
import { CLIENT_COLUMNS } from '../../workload/client-trace.js';
import type { Collector } from './collector.js';
import type { AskedColumns } from './columns.js';
import { cellsOf, DelimitedReader } from './delimited.js';
import { givenFormat, KNOWN_FORMATS, type LineFormat } from './log-format.js';
import { flattened, ObjectScanner } from './objects.js';
import { readDecimal, readTime } from './read-time.js';

/** Reads a log into a collector, chunk by chunk. */
export interface LogReader {
  parse(chunk: Uint8Array): void;
  finish(): void;
}

/** A log as its first lines show it. */
export interface LogKind {
  readonly name: string;
  readonly columns: readonly string[];
  /** The first rows. */
  readonly rows: readonly (readonly string[])[];
  readonly usual: AskedColumns;
  open(collector: Collector): LogReader;
}

const FIRST_ROWS = 200;

/**
 * Recognises the kind of a log.
 *
 * @param sample its beginning, as text
 * @param logFormat a format of nginx, HAProxy or Envoy, as it stands in their configuration
 * @throws InputError when it is none that psp knows
 */
export function recognise(sample: string, fileName: string, logFormat?: string): LogKind {
  const text = sample.replace(/^\uFEFF/, '');
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '');
  const [first] = lines;
  if (first === undefined) throw new InputError(`${fileName}:1: expected a log, found an empty file`);
  if (logFormat !== undefined) return ofLines(givenFormat(logFormat), lines, fileName, true)!;
  if (/^\s*(?:\{|\[\s*(?:\{|$))/.test(first)) return ofJson(text, lines, fileName);
  for (const format of KNOWN_FORMATS) {
    const kind = ofLines(format, lines, fileName, false);
    if (kind) return kind;
  }
  const separator = ['\t', ',', ';', '|', ' '].find((each) => isSeparator(each, lines));
  if (separator !== undefined) return ofCells(separator, lines);
  throw new InputError(
    `${fileName}:1: expected CSV, JSON lines, spans, or an access log of nginx, HAProxy or Envoy, found ` +
      `'${first.slice(0, 60)}': add --log-format with the format of its lines`,
  );
}

function ofLines(
  format: LineFormat,
  lines: readonly string[],
  fileName: string,
  isGiven: boolean,
): LogKind | undefined {
  const rows = lines.slice(0, FIRST_ROWS).map((line) => format.cellsOf(line));
  const fit = rows.filter((row) => row !== undefined);
  if (fit.length === 0 && isGiven) {
    throw new InputError(`${fileName}:1: expected a line of --log-format, found '${lines[0]!.slice(0, 80)}'`);
  }
  if (!isGiven && fit.length * 2 < rows.length) return undefined;
  const { name, columns, usual } = format;
  return {
    name,
    columns,
    rows: fit,
    usual,
    open: (collector) =>
      new LineReader((line, text) => {
        const cells = format.cellsOf(text);
        if (cells) collector.takeCells(line, cells);
        else collector.refuse(line, `expected a line of ${name}, found '${text.slice(0, 60)}'`);
      }),
  };
}

/** A row longer than this is not a line of a log. */
const LONGEST_LINE = 1 << 16;

class LineReader implements LogReader {
  private readonly decoder = new TextDecoder();
  private rest = '';
  private line = 0;

  constructor(private readonly take: (line: number, text: string) => void) {}

  parse(chunk: Uint8Array): void {
    const lines = (this.rest + this.decoder.decode(chunk, { stream: true })).split('\n');
    this.rest = lines.pop()!.slice(0, LONGEST_LINE);
    for (const line of lines) this.next(line);
  }

  finish(): void {
    this.next(this.rest);
  }

  private next(line: string): void {
    this.line++;
    const text = line.replace(/^\uFEFF/, '').replace(/\r$/, '');
    if (text.trim() !== '') this.take(this.line, text);
  }
}

/** Does it part the lines into equally many cells, two at least? */
function isSeparator(separator: string, lines: readonly string[]): boolean {
  const counts = lines.slice(0, 20).map((line) => cellsOf(line, separator).length);
  const [first] = counts as [number];
  return first >= 2 && counts.filter((count) => count === first).length * 4 >= counts.length * 3;
}

/** Files of cells whose columns are known to hold demands. */
const KNOWN_COLUMNS: readonly {
  readonly name: string;
  readonly has: readonly string[];
  readonly usual: AskedColumns;
}[] = [
  {
    // AzureFunctionsInvocationTraceForTwoWeeksJan2021: both in seconds; a duration is the function's own.
    name: 'azure-functions-2021',
    has: ['end_timestamp', 'duration', 'func'],
    usual: {
      time: { column: 'end_timestamp', form: 'epoch-s' },
      timeIs: 'completion',
      type: ['func'],
      service: { column: 'duration', unit: 's' },
    },
  },
  {
    name: 'persephone',
    has: Object.values(CLIENT_COLUMNS),
    usual: {
      time: { column: CLIENT_COLUMNS.arrival, form: 'epoch-ns' },
      timeIs: 'arrival',
      type: [CLIENT_COLUMNS.type],
      service: { column: CLIENT_COLUMNS.service, unit: 'ns' },
    },
  },
];

function ofCells(separator: string, lines: readonly string[]): LogKind {
  const cells = lines.slice(0, FIRST_ROWS).map((line) => cellsOf(line, separator));
  const [first] = cells as [string[]];
  const hasHeader = !first.some((cell) => isValue(cell));
  const columns = hasHeader ? first : first.map((_, i) => String(i + 1));
  const known = KNOWN_COLUMNS.find(({ has }) => has.every((name) => columns.includes(name)));
  return {
    name: known?.name ?? (separator === '\t' ? 'tsv' : 'csv'),
    columns,
    rows: hasHeader ? cells.slice(1) : cells,
    usual: known?.usual ?? {},
    open: (collector) => new DelimitedReader(collector, separator.charCodeAt(0), columns.length, hasHeader),
  };
}

/** A number or a time: no header has one. */
function isValue(cell: string): boolean {
  const bytes = Buffer.from(cell);
  const { length } = bytes;
  const moment = { seconds: 0, ns: 0 };
  return !Number.isNaN(readDecimal(bytes, 0, length)) || readTime(bytes, 0, length, 'iso', moment);
}

/** Spans by the names of their fields: OpenTelemetry's OTLP/JSON, and Jaeger's UI and API. */
const SPANS: readonly { readonly name: string; readonly columns: readonly string[]; readonly usual: AskedColumns }[] = [
  {
    name: 'otlp',
    columns: ['startTimeUnixNano', 'durationNs', 'name', 'kind'],
    usual: {
      time: { column: 'startTimeUnixNano', form: 'epoch-ns' },
      duration: { column: 'durationNs', unit: 'ns' },
      type: ['name'],
    },
  },
  {
    name: 'jaeger',
    columns: ['startTime', 'duration', 'operationName', 'kind'],
    usual: {
      time: { column: 'startTime', form: 'epoch-us' },
      duration: { column: 'duration', unit: 'us' },
      type: ['operationName'],
    },
  },
];

function ofJson(text: string, lines: readonly string[], fileName: string): LogKind {
  const isSpans = /"spans"\s*:/.test(text);
  const objects: Readonly<Record<string, unknown>>[] = [];
  const scanner = new ObjectScanner(isSpans ? 'spans' : undefined, (_, object) => {
    if (object && objects.length < FIRST_ROWS) objects.push(object);
  });
  scanner.parse(new TextEncoder().encode(text));
  const [first] = objects;
  if (!first) {
    throw new InputError(
      `${fileName}:1: expected JSON with an object for each request, found '${lines[0]!.slice(0, 60)}'`,
    );
  }
  const spans = isSpans ? SPANS.find(({ columns }) => Object.hasOwn(first, columns[0]!)) : undefined;
  if (isSpans && !spans) throw new InputError(`${fileName}:1: expected spans of OTLP or Jaeger, found others`);
  const columns = spans?.columns ?? [...new Set(objects.flatMap((object) => [...flattened(object).keys()]))];
  const rows = objects.map((object) => cellsIn(object, columns));
  // The spans of a server are its requests; the others are calls that it makes.
  const isServed = spans !== undefined && rows.some((row) => row[3] === 'server');
  return {
    name: spans?.name ?? 'json-lines',
    columns,
    rows: isServed ? rows.filter((row) => row[3] === 'server') : rows,
    usual: { ...spans?.usual, ...(isServed && { where: [{ column: 'kind', value: 'server' }] }) },
    open: (collector) =>
      new ObjectScanner(isSpans ? 'spans' : undefined, (line, object) => {
        if (object) collector.takeCells(line, cellsIn(object, columns));
        else collector.refuse(line, 'expected a JSON object, found something else');
      }),
  };
}

function cellsIn(object: Readonly<Record<string, unknown>>, columns: readonly string[]): string[] {
  const cells = flattened(object);
  const [time, duration, name] = columns;
  if (time === 'startTimeUnixNano' && duration === 'durationNs') {
    const start = cells.get(time) ?? '';
    const end = cells.get('endTimeUnixNano') ?? '';
    const isKnown = /^\d{1,19}$/.test(start) && /^\d{1,19}$/.test(end);
    const kind = cells.get('kind') ?? '';
    const length = isKnown ? String(BigInt(end) - BigInt(start)) : '';
    return [start, length, cells.get(name!) ?? '', /^(2|SPAN_KIND_SERVER)$/.test(kind) ? 'server' : kind];
  }
  if (time === 'startTime' && name === 'operationName') {
    const tags = Array.isArray(object.tags) ? object.tags : [];
    const kind = tags.find((tag) => (tag as { key?: unknown } | null)?.key === 'span.kind') as { value?: unknown };
    return [cells.get(time) ?? '', cells.get(duration!) ?? '', cells.get(name) ?? '', String(kind?.value ?? '')];
  }
  return columns.map((column) => cells.get(column) ?? '');
}

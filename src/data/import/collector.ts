/** Takes the rows of a log, whatever its format, into the store, and counts what is wrong with them. */

import { InputError, type InputIssue } from '../../units/errors.js';
import { isName, visible } from '../../units/names.js';
import { type Columns, shown } from './columns.js';
import { Endpoint } from './endpoint.js';
import { NameTable, TOO_MANY } from './name-table.js';
import { type Moment, readDecimal, readTime } from './read-time.js';
import { RowStore } from './row-store.js';

/** Unreadable rows that are named; the others are counted. */
const MOST_NAMED = 5;
/** A file whose first rows are all unreadable is another format. */
const HOPELESS = 1000;
const NS_PER_S = 1e9;
/** The types of a log without a column for them. */
const ONLY_TYPE = 'REQUEST';
/** Longer durations are mistakes: 11 days. */
const LONGEST_NS = 1e15;
const encoder = new TextEncoder();

export interface Unreadable {
  count: number;
  /** The first ones. */
  readonly named: InputIssue[];
}

export class Collector {
  readonly store: RowStore;
  readonly names = new NameTable();
  readonly unreadable: Unreadable = { count: 0, named: [] };
  /** Rows per number of a type. */
  readonly counts = new Float64Array(TOO_MANY + 1);
  /** Rows that `where` passes over. */
  skipped = 0;
  /** Rows that equal the one before in time, type and duration. */
  repeated = 0;
  /** Of times, ns: the largest power of ten that divides all of them. */
  resolutionNs = NS_PER_S;
  /** The second that times count from; the first one that was read. */
  baseSeconds = Number.NaN;
  private readonly moment: Moment = { seconds: 0, ns: 0 };
  private readonly only: number;
  private readonly endpoint = new Endpoint();
  private joined = new Uint8Array(256);
  private last = { arrivalNs: Number.NaN, durationNs: Number.NaN, type: -1 };

  constructor(
    readonly columns: Columns,
    readonly fileName: string,
    runRows?: number,
  ) {
    this.store = new RowStore(runRows);
    this.only = columns.type.length === 0 ? this.names.named(ONLY_TYPE) : -1;
  }

  /** Reports a row that cannot be read. @param line from 1 */
  refuse(line: number, message: string): void {
    const { unreadable, fileName } = this;
    unreadable.count++;
    if (unreadable.named.length < MOST_NAMED) unreadable.named.push({ file: fileName, line, path: '', message });
    if (unreadable.count >= HOPELESS && this.store.rows === 0) throw new InputError(unreadable.named);
  }

  /** Takes a row of which each cell is a part of the bytes: `bounds` has two numbers for each column. */
  takeBytes(line: number, bytes: Uint8Array, bounds: Int32Array): void {
    const { columns, moment } = this;
    for (const { column, value } of columns.where) {
      if (this.textAt(bytes, bounds, column) === value) continue;
      this.skipped++;
      return;
    }
    const { time, duration } = columns;
    if (!readTime(bytes, bounds[2 * time.column]!, bounds[2 * time.column + 1]!, time.form, moment)) {
      this.refuse(line, this.wrong(bytes, bounds, time.column, `a time (${time.form})`));
      return;
    }
    const amount = readDecimal(bytes, bounds[2 * duration.column]!, bounds[2 * duration.column + 1]!);
    const durationNs = Math.round(amount * duration.unitNs);
    if (!(durationNs >= 0 && durationNs <= LONGEST_NS)) {
      this.refuse(line, this.wrong(bytes, bounds, duration.column, `a duration of 0 or more (${duration.unit})`));
      return;
    }
    this.take(durationNs, this.typeOf(bytes, bounds));
  }

  /** Takes a row of texts, in the order of the columns. */
  takeCells(line: number, cells: readonly string[]): void {
    const parts = cells.map((cell) => encoder.encode(cell));
    const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
    const bounds = new Int32Array(2 * parts.length);
    let at = 0;
    parts.forEach((part, i) => {
      bounds[2 * i] = at;
      bytes.set(part, at);
      at += part.length;
      bounds[2 * i + 1] = at;
    });
    this.takeBytes(line, bytes, bounds);
  }

  private take(durationNs: number, type: number): void {
    const { moment, columns, last } = this;
    if (Number.isNaN(this.baseSeconds)) this.baseSeconds = moment.seconds;
    const timeNs = (moment.seconds - this.baseSeconds) * NS_PER_S + moment.ns;
    while (this.resolutionNs > 1 && moment.ns % this.resolutionNs !== 0) this.resolutionNs /= 10;
    const arrivalNs = columns.timeIs === 'completion' ? timeNs - durationNs : timeNs;
    if (arrivalNs === last.arrivalNs && durationNs === last.durationNs && type === last.type) this.repeated++;
    last.arrivalNs = arrivalNs;
    last.durationNs = durationNs;
    last.type = type;
    this.counts[type]!++;
    this.store.add(arrivalNs, durationNs, type);
  }

  /** The number of the type. Several columns are joined by spaces. */
  private typeOf(bytes: Uint8Array, bounds: Int32Array): number {
    const { endpoint, columns, names } = this;
    const { type } = columns;
    if (type.length === 0) return this.only;
    const first = type[0]!;
    if (type.length === 1) endpoint.take(bytes, bounds[2 * first]!, bounds[2 * first + 1]!);
    else {
      const length = this.join(bytes, bounds, type);
      endpoint.take(this.joined, 0, length);
    }
    return names.numberOf(endpoint.bytes, 0, endpoint.length, typeNamed);
  }

  /** Returns the length of what is in `joined` then. */
  private join(bytes: Uint8Array, bounds: Int32Array, columns: readonly number[]): number {
    let length = columns.length;
    for (const column of columns) length += bounds[2 * column + 1]! - bounds[2 * column]!;
    if (this.joined.length < length) this.joined = new Uint8Array(2 * length);
    let at = 0;
    for (let i = 0; i < columns.length; i++) {
      const column = columns[i]!;
      if (i > 0) this.joined[at++] = 0x20;
      for (let from = bounds[2 * column]!; from < bounds[2 * column + 1]!; from++) this.joined[at++] = bytes[from]!;
    }
    return at;
  }

  private textAt(bytes: Uint8Array, bounds: Int32Array, column: number): string {
    return new TextDecoder().decode(bytes.subarray(bounds[2 * column]!, bounds[2 * column + 1]!));
  }

  private wrong(bytes: Uint8Array, bounds: Int32Array, column: number, expected: string): string {
    const text = this.textAt(bytes, bounds, column);
    const found = text === '' ? 'nothing' : `'${visible(text.slice(0, 60))}'`;
    return `${shown(this.columns.names[column]!)}: expected ${expected}, found ${found}`;
  }
}

/** The name of a type: as it stands there, where that is a name at all. */
function typeNamed(text: string): string {
  const name = visible(text.replaceAll('""', '"').trim()).slice(0, 200).trim();
  return isName(name) ? name : 'UNNAMED';
}

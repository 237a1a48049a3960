/**
 * The rows of a log, sorted by arrival in constant memory: runs of a million rows are sorted and written to a temporary
 * file; reading merges them. A log that fits in one run never touches the disk.
 */

import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cannotWrite } from '../../files/output-file.js';

/** Rows of a run. */
const RUN_ROWS = 1 << 20;
/** Rows of each run that a merge holds. */
const READ_ROWS = 1 << 13;

/** Rows as columns. Times are ns after the base of the log, and may be negative. */
export interface Rows {
  length: number;
  readonly arrivalNs: Float64Array;
  /** Duration as it was logged, or the service where that was logged, ns. */
  readonly durationNs: Float64Array;
  readonly type: Uint16Array;
}

export function createRows(capacity: number): Rows {
  return {
    length: 0,
    arrivalNs: new Float64Array(capacity),
    durationNs: new Float64Array(capacity),
    type: new Uint16Array(capacity),
  };
}

const ROW_BYTES = 8 + 8 + 2;

interface Run {
  readonly offset: number;
  readonly rows: number;
}

export class RowStore {
  rows = 0;
  /** Rows that came after one with a later arrival. */
  late = 0;
  private readonly filling: Rows;
  private readonly sorted: Rows;
  private readonly order: Uint32Array;
  private readonly scratch: Uint32Array;
  private readonly runs: Run[] = [];
  private file: { readonly folder: string; readonly path: string; readonly descriptor: number } | undefined;
  private lastNs = Number.NEGATIVE_INFINITY;

  constructor(private readonly runRows = RUN_ROWS) {
    this.filling = createRows(runRows);
    this.sorted = createRows(runRows);
    this.order = new Uint32Array(runRows);
    this.scratch = new Uint32Array(runRows);
  }

  add(arrivalNs: number, durationNs: number, type: number): void {
    const { filling } = this;
    if (filling.length === this.runRows) this.spill();
    const i = filling.length++;
    filling.arrivalNs[i] = arrivalNs;
    filling.durationNs[i] = durationNs;
    filling.type[i] = type;
    this.rows++;
    if (arrivalNs < this.lastNs) this.late++;
    else this.lastNs = arrivalNs;
  }

  /** No more rows come. */
  finish(): void {
    if (this.file) this.spill();
    else this.sort();
  }

  private sort(): void {
    const { filling, sorted, order } = this;
    const { length } = filling;
    for (let i = 0; i < length; i++) order[i] = i;
    sortByTime(filling.arrivalNs, order, this.scratch, length);
    for (let i = 0; i < length; i++) {
      const from = order[i]!;
      sorted.arrivalNs[i] = filling.arrivalNs[from]!;
      sorted.durationNs[i] = filling.durationNs[from]!;
      sorted.type[i] = filling.type[from]!;
    }
    sorted.length = length;
    filling.length = 0;
  }

  private spill(): void {
    this.sort();
    const { sorted } = this;
    if (sorted.length === 0) return;
    try {
      if (!this.file) {
        const folder = mkdtempSync(join(tmpdir(), 'psp-import-'));
        const path = join(folder, 'runs');
        this.file = { folder, path, descriptor: openSync(path, 'w+') };
      }
      const last = this.runs.at(-1);
      const offset = last ? last.offset + last.rows * ROW_BYTES : 0;
      let at = offset;
      for (const column of columnsOf(sorted, 0, sorted.length)) at += writeAll(this.file.descriptor, column, at);
      this.runs.push({ offset, rows: sorted.length });
    } catch (error) {
      throw cannotWrite(this.file?.path ?? tmpdir(), error);
    }
  }

  /** All rows in the order of arrival, in pieces that are overwritten by the next. May be called again. */
  *read(): Generator<Rows> {
    if (!this.file) {
      yield* partsOf(this.sorted);
      return;
    }
    const { descriptor } = this.file;
    const cursors = this.runs.map((run) => new Cursor(descriptor, run));
    const heap = new CursorHeap(cursors);
    const out = createRows(READ_ROWS);
    for (let cursor = heap.first; cursor; cursor = heap.first) {
      const { rows, at } = cursor;
      const i = out.length++;
      out.arrivalNs[i] = rows.arrivalNs[at]!;
      out.durationNs[i] = rows.durationNs[at]!;
      out.type[i] = rows.type[at]!;
      cursor.advance();
      heap.sink();
      if (out.length < READ_ROWS) continue;
      yield out;
      out.length = 0;
    }
    if (out.length > 0) yield out;
  }

  /** Removes what is on disk. */
  close(): void {
    if (!this.file) return;
    closeSync(this.file.descriptor);
    rmSync(this.file.folder, { recursive: true, force: true });
    this.file = undefined;
  }
}

function* partsOf({ length, arrivalNs, durationNs, type }: Rows): Generator<Rows> {
  for (let from = 0; from < length; from += READ_ROWS) {
    const to = Math.min(length, from + READ_ROWS);
    yield {
      length: to - from,
      arrivalNs: arrivalNs.subarray(from, to),
      durationNs: durationNs.subarray(from, to),
      type: type.subarray(from, to),
    };
  }
}

function columnsOf({ arrivalNs, durationNs, type }: Rows, from: number, to: number): Uint8Array[] {
  return [arrivalNs, durationNs, type].map((column) => {
    const part = column.subarray(from, to);
    return new Uint8Array(part.buffer, part.byteOffset, part.byteLength);
  });
}

function writeAll(descriptor: number, bytes: Uint8Array, at: number): number {
  for (let done = 0; done < bytes.length; ) done += writeSync(descriptor, bytes, done, bytes.length - done, at + done);
  return bytes.length;
}

/** A place in a run. */
class Cursor {
  readonly rows = createRows(READ_ROWS);
  at = 0;
  private next = 0;

  constructor(
    private readonly descriptor: number,
    private readonly run: Run,
  ) {
    this.load();
  }

  get ended(): boolean {
    return this.at === this.rows.length;
  }

  get timeNs(): number {
    return this.rows.arrivalNs[this.at]!;
  }

  advance(): void {
    this.at++;
    if (this.at === this.rows.length) this.load();
  }

  private load(): void {
    const { offset, rows } = this.run;
    const count = Math.min(READ_ROWS, rows - this.next);
    const sizes = [8, 8, 2];
    let column = offset;
    columnsOf(this.rows, 0, count).forEach((bytes, i) => {
      const at = column + this.next * sizes[i]!;
      for (let done = 0; done < bytes.length; ) {
        const read = readSync(this.descriptor, bytes, done, bytes.length - done, at + done);
        if (read === 0) throw new Error('a temporary file is shorter than what was written');
        done += read;
      }
      column += rows * sizes[i]!;
    });
    this.next += count;
    this.rows.length = count;
    this.at = 0;
  }
}

/** The runs by the time of their next row; equal times in the order of the runs, which is that of the log. */
class CursorHeap {
  private readonly heap: Cursor[];
  private readonly rank: ReadonlyMap<Cursor, number>;

  constructor(cursors: readonly Cursor[]) {
    this.rank = new Map(cursors.map((cursor, i) => [cursor, i]));
    this.heap = [...cursors].sort((a, b) => (this.isBefore(a, b) ? -1 : 1));
  }

  get first(): Cursor | undefined {
    return this.heap[0];
  }

  private isBefore(a: Cursor, b: Cursor): boolean {
    return a.timeNs < b.timeNs || (a.timeNs === b.timeNs && this.rank.get(a)! < this.rank.get(b)!);
  }

  /** The first has moved on. */
  sink(): void {
    const { heap } = this;
    if (heap[0]!.ended) {
      const last = heap.pop()!;
      if (heap.length === 0) return;
      heap[0] = last;
    }
    let at = 0;
    const moved = heap[0]!;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && this.isBefore(heap[child + 1]!, heap[child]!)) child++;
      if (!this.isBefore(heap[child]!, moved)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = moved;
  }
}

/** Sorts indices by the times that they stand for; equal times keep their order. Logs are sorted or nearly so. */
function sortByTime(times: Float64Array, order: Uint32Array, scratch: Uint32Array, length: number): void {
  let descents = 0;
  for (let i = 1; i < length; i++) if (times[i]! < times[i - 1]!) descents++;
  if (descents > 0) radixSort(times, order, scratch, length);
}

const DIGITS = 1 << 16;

/**
 * LSD radix sort by the bits of the doubles, 16 at a time, on a little-endian machine. The bits of doubles of one sign
 * are in the order of their values, so the least time is subtracted first.
 */
function radixSort(times: Float64Array, order: Uint32Array, scratch: Uint32Array, length: number): void {
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < length; i++) least = Math.min(least, times[i]!);
  const keys = new Float64Array(length);
  for (let i = 0; i < length; i++) keys[i] = times[i]! - least;
  const words = new Uint16Array(keys.buffer);
  const counts = new Uint32Array(DIGITS);
  let [from, to] = [order, scratch];
  for (let word = 0; word < 4; word++) {
    counts.fill(0);
    for (let i = 0; i < length; i++) counts[words[4 * i + word]!]!++;
    if (counts[words[word]!] === length) continue;
    let sum = 0;
    for (let digit = 0; digit < DIGITS; digit++) {
      const count = counts[digit]!;
      counts[digit] = sum;
      sum += count;
    }
    for (let i = 0; i < length; i++) {
      const row = from[i]!;
      to[counts[words[4 * row + word]!]!++] = row;
    }
    [from, to] = [to, from];
  }
  if (from !== order) order.set(from.subarray(0, length));
}

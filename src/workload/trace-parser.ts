/**
 * The parser of trace files: CSV lines `arrival_ns,type,service_ns`, optionally with a fourth column `flow`. It is fed byte
 * chunks of any size and writes straight into request batches; no string is made for a line that is right.
 *
 * The first line is a header, which may be left out. Empty lines and \r\n are passed over.
 */
import type { RequestBatch } from './request-source.js';
import { foldByte, HASH_START, MAX_TRACE_TYPES, TypeTable } from './type-table.js';

const COMMA = 0x2c;
const NEWLINE = 0x0a;
const RETURN = 0x0d;
const ZERO = 0x30;
const NINE = 0x39;
const HEADER = 'arrival_ns,type,service_ns';

/** Longest line, in bytes: one that is cut by the end of a chunk is put together here. */
const MAX_LINE = 1024;

/** Is told of a wrong line (from 1). Returning passes over the line. */
export type RefuseLine = (line: number, message: string) => void;

export class TraceParser {
  /** The types by index. They grow as names appear, unless they were given. */
  readonly types = new TypeTable();
  /** Does the file have the column `flow`? Known after the first line. */
  hasFlow = false;

  private readonly typesGiven: boolean;
  /** The beginning of a line whose end has not come yet. */
  private readonly carry = new Uint8Array(MAX_LINE);
  private carried = 0;
  private tooLong = false;
  private line = 0;
  private begun = false;
  private lastArrivalNs = 0;
  /** Reading position in the line at hand. */
  private position = 0;

  /** @param types the names by index; when they are not given, names are numbered as they appear */
  constructor(
    private readonly refuse: RefuseLine,
    types?: readonly string[],
  ) {
    this.typesGiven = types !== undefined;
    for (const name of types ?? []) this.types.add(name);
  }

  /**
   * Appends requests to `batch` (from `batch.length` on) until it is full or the chunk is used up.
   *
   * @returns the offset in the chunk to go on from; `chunk.length` when it is used up
   */
  parse(chunk: Uint8Array, offset: number, batch: RequestBatch): number {
    const capacity = batch.arrivalNs.length;
    const { length } = chunk;
    let start = offset;
    while (batch.length < capacity) {
      let end = start;
      while (end < length && chunk[end] !== NEWLINE) end++;
      if (end === length) {
        this.keep(chunk, start, end);
        return length;
      }
      if (this.carried > 0 || this.tooLong) {
        this.keep(chunk, start, end);
        this.readCarried(batch);
      } else {
        this.readLine(chunk, start, end, batch);
      }
      start = end + 1;
    }
    return start;
  }

  /** The file has ended: reads the last line if no newline followed it. The batch must have room for one more. */
  finish(batch: RequestBatch): void {
    if (this.carried > 0 || this.tooLong) this.readCarried(batch);
  }

  private keep(chunk: Uint8Array, start: number, end: number): void {
    if (this.carried + end - start > MAX_LINE) {
      this.tooLong = true;
      return;
    }
    for (let i = start; i < end; i++) this.carry[this.carried++] = chunk[i]!;
  }

  private readCarried(batch: RequestBatch): void {
    const end = this.carried;
    this.carried = 0;
    if (this.tooLong) {
      this.tooLong = false;
      this.line++;
      this.refuse(this.line, `expected a line of at most ${MAX_LINE} bytes, found a longer one`);
    } else {
      this.readLine(this.carry, 0, end, batch);
    }
  }

  private readLine(bytes: Uint8Array, start: number, lineEnd: number, batch: RequestBatch): void {
    this.line++;
    const end = lineEnd > start && bytes[lineEnd - 1] === RETURN ? lineEnd - 1 : lineEnd;
    // Spreadsheets put a byte order mark first.
    if (this.line === 1 && bytes[start] === 0xef && bytes[start + 1] === 0xbb && bytes[start + 2] === 0xbf) start += 3;
    if (start === end) return;
    const problem = this.begun ? this.readRequest(bytes, start, end, batch) : this.readFirst(bytes, start, end, batch);
    if (problem !== undefined) this.refuse(this.line, problem);
  }

  /** The first line: the header, or a request, which then tells the number of columns. Answers what is wrong with it. */
  private readFirst(bytes: Uint8Array, start: number, end: number, batch: RequestBatch): string | undefined {
    this.begun = true;
    const line = decode(bytes, start, end);
    const header = line.replaceAll(' ', '').toLowerCase();
    this.hasFlow = line.split(',').length === 4;
    if (header === HEADER || header === `${HEADER},flow`) return undefined;
    if (/^[-+.\d]/.test(line)) return this.readRequest(bytes, start, end, batch);
    return `expected the header ${HEADER} (and perhaps flow), found '${shorten(line)}'`;
  }

  /** Answers what is wrong with the line. */
  private readRequest(bytes: Uint8Array, start: number, end: number, batch: RequestBatch): string | undefined {
    const arrivalNs = this.readNumber(bytes, start, end);
    if (arrivalNs < 0) return wrongNumber('arrival_ns', 'a whole number of ns', bytes, start, end);
    if (arrivalNs < this.lastArrivalNs) {
      return `arrival_ns: expected at least that of the request before (${this.lastArrivalNs}), found ${arrivalNs}`;
    }
    if (this.position === end) return this.wrongColumns(bytes, start, end);

    const nameStart = this.position + 1;
    let hash = HASH_START;
    let at = nameStart;
    while (at < end && bytes[at] !== COMMA) hash = foldByte(hash, bytes[at++]!);
    if (at === end) return this.wrongColumns(bytes, start, end);
    const known = this.types.find(bytes, nameStart, at, hash);
    const type = known >= 0 ? known : this.newType(bytes, nameStart, at);
    if (typeof type === 'string') return type;

    const serviceStart = at + 1;
    const serviceNs = this.readNumber(bytes, serviceStart, end);
    if (!(serviceNs > 0)) return wrongNumber('service_ns', 'a whole number of ns above 0', bytes, serviceStart, end);

    let flow = 0;
    if (this.hasFlow !== this.position < end) return this.wrongColumns(bytes, start, end);
    if (this.hasFlow) {
      const flowStart = this.position + 1;
      flow = this.readNumber(bytes, flowStart, end);
      if (flow < 0 || flow > 0xffffffff) return wrongNumber('flow', 'a whole number below 2^32', bytes, flowStart, end);
      if (this.position < end) return this.wrongColumns(bytes, start, end);
    }

    this.lastArrivalNs = arrivalNs;
    const i = batch.length++;
    batch.arrivalNs[i] = arrivalNs;
    batch.type[i] = type;
    batch.serviceNs[i] = serviceNs;
    batch.flow[i] = flow;
    return undefined;
  }

  /** Digits up to a comma or the end, where {@link position} is left; -1 when it is anything else or above 2^53. */
  private readNumber(bytes: Uint8Array, start: number, end: number): number {
    let value = 0;
    let at = start;
    while (at < end) {
      const byte = bytes[at]!;
      if (byte === COMMA) break;
      if (byte < ZERO || byte > NINE) return -1;
      value = value * 10 + (byte - ZERO);
      at++;
    }
    this.position = at;
    return at > start && value <= Number.MAX_SAFE_INTEGER ? value : -1;
  }

  /** Takes up a name that is not in the table and answers its index, or what is wrong with it. */
  private newType(bytes: Uint8Array, start: number, end: number): number | string {
    const name = decode(bytes, start, end);
    const found = `found '${shorten(name)}'`;
    if (name.trim() !== name || name === '' || /["\p{Cc}]/u.test(name)) {
      return `type: expected a name without spaces around it or quotes, ${found}`;
    }
    if (this.typesGiven) return `type: expected one of ${this.types.names.join(', ')}, ${found}`;
    if (this.types.full) return `type: expected at most ${MAX_TRACE_TYPES} different types, ${found} as another`;
    return this.types.add(name);
  }

  private wrongColumns(bytes: Uint8Array, start: number, end: number): string {
    const expected = this.hasFlow ? `4 columns (${HEADER},flow)` : `3 columns (${HEADER})`;
    const line = decode(bytes, start, end);
    return `expected ${expected}, found ${line.split(',').length}: '${shorten(line)}'`;
  }
}

function wrongNumber(column: string, expected: string, bytes: Uint8Array, start: number, end: number): string {
  let at = start;
  while (at < end && bytes[at] !== COMMA) at++;
  const found = at === start ? 'nothing' : `'${shorten(decode(bytes, start, at))}'`;
  return `${column}: expected ${expected}, found ${found}`;
}

function decode(bytes: Uint8Array, start: number, end: number): string {
  return new TextDecoder().decode(bytes.subarray(start, end));
}

function shorten(text: string): string {
  return text.length <= 60 ? text : `${text.slice(0, 57)}...`;
}

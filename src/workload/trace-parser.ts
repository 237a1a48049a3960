/**
 * The parser of trace files: CSV lines `arrival_ns,type,service_ns`, optionally with a fourth column `flow`. It takes
 * byte chunks of any size and writes straight into request batches; it makes no string for a line that is right. So it
 * is about ten times as fast as the cells of src/input/csv.ts (a million lines in 0.3 s, not 3 s), which it uses only
 * for the header and for lines that are wrong.
 *
 * The first line may be a header. Empty lines are skipped, and lines may end in \r\n. Under the header of Perséphone's
 * client, each line is first written in this form, as a string: those files are as long as one run of its testbed.
 */

import { csvCells } from '../input/csv.js';
import { MAX_TIME, MAX_TIME_NS } from '../units/duration.js';
import { unquoted } from '../units/lists.js';
import { isName, NAME_EXPECTED, visible } from '../units/names.js';
import { clientLines } from './client-trace.js';
import type { RequestBatch } from './request-source.js';
import { foldByte, HASH_START, hashOf, MAX_TRACE_TYPES, TypeTable } from './type-table.js';

const COMMA = 0x2c;
const QUOTE = 0x22;
const NEWLINE = 0x0a;
const RETURN = 0x0d;
const ZERO = 0x30;
const NINE = 0x39;
const TAB = 0x09;
const HEADER = 'arrival_ns,type,service_ns';

/**
 * Longest line, in bytes, without its end. A line that the end of a chunk cuts is put together in a buffer of this
 * size.
 */
const MAX_LINE = 1024;

const TOO_LONG = `expected a line of at most ${MAX_LINE} bytes, found a longer one`;
const ARRIVAL = `a whole number of ns, at most ${MAX_TIME}`;
const SERVICE = `a whole number of ns above 0, at most ${MAX_TIME}`;

/**
 * Is told of a wrong line (from 1). When it returns, the parser skips the line.
 *
 * @param hopeless the same will be wrong with all lines that follow
 */
export type RefuseLine = (line: number, message: string, hopeless: boolean) => void;

/** What is wrong with a line. */
type Problem = string | { readonly hopeless: string };

export class TraceParser {
  /** The types by index. New names are added, unless the types were given. */
  readonly types = new TypeTable();
  /** Does the file have the column `flow`? The first line decides. */
  hasFlow = false;

  private readonly typesGiven: boolean;
  /** The beginning of a line that the end of a chunk has cut. */
  private readonly carry = new Uint8Array(MAX_LINE + 1);
  private carried = 0;
  private tooLong = false;
  private line = 0;
  private begun = false;
  /** Of a file of Perséphone's client. */
  private ownForm: ((line: string) => string) | undefined;
  private lastArrivalNs = 0;
  private requests = 0;
  /** Where {@link readNumber} stopped. */
  private position = 0;

  /** @param types the names by index; without them, names are numbered as they appear */
  constructor(
    private readonly refuse: RefuseLine,
    types?: readonly string[],
  ) {
    this.typesGiven = types !== undefined;
    for (const name of types ?? []) this.types.add(name);
  }

  /**
   * Appends requests to `batch` (from `batch.length` on) until the batch is full or the chunk ends.
   *
   * @returns the offset in the chunk to continue from; `chunk.length` at its end
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

  /** At the end of the file: reads the last line if no newline followed it. The batch must have room for one more. */
  finish(batch: RequestBatch): void {
    if (this.carried > 0 || this.tooLong) this.readCarried(batch);
  }

  private keep(chunk: Uint8Array, start: number, end: number): void {
    // One more, for a carriage return.
    if (this.carried + end - start > MAX_LINE + 1) {
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
      this.refuse(this.line, TOO_LONG, false);
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
    const problem = this.problemOf(bytes, start, end, batch);
    if (typeof problem === 'string') this.refuse(this.line, problem, false);
    else if (problem !== undefined) this.refuse(this.line, problem.hopeless, true);
  }

  private problemOf(bytes: Uint8Array, start: number, end: number, batch: RequestBatch): Problem | undefined {
    if (end - start > MAX_LINE) return TOO_LONG;
    if (!this.begun) return this.readFirst(bytes, start, end, batch);
    if (!this.ownForm) return this.readRequest(bytes, start, end, batch);
    const line = new TextEncoder().encode(this.ownForm(decode(bytes, start, end)));
    return this.readRequest(line, 0, line.length, batch);
  }

  /**
   * The first line: the header, or a request; it fixes the number of columns. Returns what is wrong with it.
   */
  private readFirst(bytes: Uint8Array, start: number, end: number, batch: RequestBatch): Problem | undefined {
    this.begun = true;
    const other = otherFormat(bytes, start, end);
    if (other !== undefined) return { hopeless: `expected lines of CSV in UTF-8, found ${other}` };
    const line = decode(bytes, start, end);
    this.ownForm = clientLines(line);
    if (this.ownForm) return undefined;
    const header = line.replaceAll(' ', '').toLowerCase();
    this.hasFlow = csvCells(line).length === 4;
    if (header === HEADER || header === `${HEADER},flow`) return undefined;
    if (/^[-+.\d]/.test(line)) return this.readRequest(bytes, start, end, batch);
    return `expected the header ${HEADER} (and perhaps flow), found '${shorten(line)}': psp import reads other logs`;
  }

  /** Returns what is wrong with the line. */
  private readRequest(bytes: Uint8Array, start: number, end: number, batch: RequestBatch): Problem | undefined {
    const arrivalNs = this.readNumber(bytes, start, end);
    if (arrivalNs < 0) return this.wrongArrival(bytes, start, end);
    if (arrivalNs < this.lastArrivalNs) {
      const least = `at least that of the request before (${this.lastArrivalNs})`;
      return `arrival_ns: expected ${least}, found ${arrivalNs}${this.ownForm ? ': psp import sorts requests' : ''}`;
    }
    if (this.position === end) return this.wrongColumns(bytes, start, end);

    const nameStart = this.position + 1;
    let hash = HASH_START;
    let at = nameStart;
    if (bytes[at] === QUOTE) {
      at = endOfQuoted(bytes, at, end);
      hash = hashOf(bytes, nameStart, at);
    } else {
      while (at < end && bytes[at] !== COMMA) hash = foldByte(hash, bytes[at++]!);
    }
    if (at === end) return this.wrongColumns(bytes, start, end);
    const known = this.types.find(bytes, nameStart, at, hash);
    const type = known >= 0 ? known : this.newType(bytes, nameStart, at);
    if (typeof type !== 'number') return type;

    const serviceStart = at + 1;
    const serviceNs = this.readNumber(bytes, serviceStart, end);
    if (!(serviceNs > 0)) return wrongNumber('service_ns', SERVICE, bytes, serviceStart, end);

    let flow = 0;
    if (this.hasFlow !== this.position < end) return this.wrongColumns(bytes, start, end);
    if (this.hasFlow) {
      const flowStart = this.position + 1;
      flow = this.readNumber(bytes, flowStart, end);
      if (flow < 0 || flow > 0xffffffff) return wrongNumber('flow', 'a whole number below 2^32', bytes, flowStart, end);
      if (this.position < end) return this.wrongColumns(bytes, start, end);
    }

    this.lastArrivalNs = arrivalNs;
    this.requests++;
    const i = batch.length++;
    batch.arrivalNs[i] = arrivalNs;
    batch.type[i] = type;
    batch.serviceNs[i] = serviceNs;
    batch.flow[i] = flow;
    return undefined;
  }

  /**
   * Reads digits up to a comma or the end, and leaves {@link position} there. Returns -1 for anything else, and for
   * numbers from 2^53.
   */
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
    return at > start && value <= MAX_TIME_NS ? value : -1;
  }

  private wrongArrival(bytes: Uint8Array, start: number, end: number): Problem {
    const text = fieldAt(bytes, start, end);
    if (this.requests > 0 || !/^\d+$/.test(text)) return wrongNumber('arrival_ns', ARRIVAL, bytes, start, end);
    return {
      hopeless: `arrival_ns: expected ${ARRIVAL}, found '${shorten(text)}': subtract that from every arrival_ns`,
    };
  }

  /** Adds a name to the table and returns its index, or what is wrong with it. */
  private newType(bytes: Uint8Array, start: number, end: number): number | Problem {
    const text = decode(bytes, start, end);
    if (text.includes(REPLACEMENT))
      return { hopeless: `type: expected UTF-8, found other bytes in '${shorten(text)}'` };
    const found = `found '${shorten(text)}'`;
    const name = unquoted(text);
    const isHalfQuoted = text.startsWith('"') && name === text;
    if (!isName(name) || isHalfQuoted) return `type: expected ${NAME_EXPECTED}, ${found}`;
    const index = this.types.names.indexOf(name);
    if (index >= 0) return this.types.addSpelling(bytes.slice(start, end), index);
    if (this.typesGiven) return `type: expected one of ${this.types.names.join(', ')}, ${found}`;
    if (this.types.full) return `type: expected at most ${MAX_TRACE_TYPES} different types, ${found} as another`;
    return this.types.addSpelling(bytes.slice(start, end), this.types.names.push(name) - 1);
  }

  private wrongColumns(bytes: Uint8Array, start: number, end: number): string {
    const expected = this.hasFlow ? `4 columns (${HEADER},flow)` : `3 columns (${HEADER})`;
    const line = decode(bytes, start, end);
    return `expected ${expected}, found ${csvCells(line).length}: '${shorten(line)}'`;
  }
}

function wrongNumber(column: string, expected: string, bytes: Uint8Array, start: number, end: number): string {
  const text = fieldAt(bytes, start, end);
  return `${column}: expected ${expected}, found ${text === '' ? 'nothing' : `'${shorten(text)}'`}`;
}

/** The end of a cell in quotes, in which a quote is doubled; the comma after it, or the end of the line. */
function endOfQuoted(bytes: Uint8Array, start: number, end: number): number {
  let isInside = false;
  for (let at = start; at < end; at++) {
    if (bytes[at] === QUOTE) isInside = !isInside;
    else if (bytes[at] === COMMA && !isInside) return at;
  }
  return end;
}

function fieldAt(bytes: Uint8Array, start: number, end: number): string {
  let at = start;
  while (at < end && bytes[at] !== COMMA) at++;
  return decode(bytes, start, at);
}

/** Bytes that are not UTF-8 become {@link REPLACEMENT}. */
function decode(bytes: Uint8Array, start: number, end: number): string {
  return new TextDecoder().decode(bytes.subarray(start, end));
}

const REPLACEMENT = '\uFFFD';

/** What a file is by the bytes of its first line, if it is not CSV in UTF-8. */
function otherFormat(bytes: Uint8Array, start: number, end: number): string | undefined {
  const [first, second] = [bytes[start], bytes[start + 1]];
  if (first === 0x1f && second === 0x8b) return 'a gzip file: give it a name that ends in .csv.gz';
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)) return 'UTF-16: save it as UTF-8';
  if (first === 0x50 && second === 0x4b) return 'a zip file or a spreadsheet: save it as CSV';
  for (let i = start; i < end; i++) if (bytes[i]! < 0x20 && bytes[i] !== TAB) return 'binary data';
  return decode(bytes, start, end).includes(REPLACEMENT) ? 'another encoding: save it as UTF-8' : undefined;
}

function shorten(text: string): string {
  const shown = visible(text);
  return shown.length <= 60 ? shown : `${shown.slice(0, 57)}...`;
}

/** Results in JSON with every request of theirs, however many: neither text needs to fit a string of V8 (512 MB). */

import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { z } from 'zod';
import { cannotRead } from '../../files/cannot-read.js';
import type { RequestSamples } from '../../metrics/samples.js';
import type { Result } from '../../results/result.js';
import { readAs, resultSchema } from '../../results/result-schema.js';
import { InputError } from '../../units/errors.js';

/** A result and, where they were kept, the requests behind it. */
export interface Sampled {
  readonly result: Result;
  readonly samples?: RequestSamples | undefined;
}

/** A multiple of 3, so that the base64 of the pieces joins to that of the whole. */
const PIECE_BYTES = 3 << 20;
const COLUMNS = ['type', 'serviceNs', 'sojournNs'] as const;

/** The text of a file for `psp compare`, in pieces. Samples are columns of little-endian numbers in base64. */
export function* sampledJson(sides: readonly Sampled[]): Generator<string> {
  yield '[';
  for (const [i, { result, samples }] of sides.entries()) {
    const text = JSON.stringify(result, null, 2);
    yield i === 0 ? '\n' : ',\n';
    if (!samples) {
      yield text;
      continue;
    }
    yield `${text.slice(0, -2)},\n  "samples": {\n    "traceDigest": ${JSON.stringify(samples.traceDigest)}`;
    for (const column of COLUMNS) {
      yield `,\n    "${column}": "`;
      yield* base64Pieces(samples[column]);
      yield '"';
    }
    yield '\n  }\n}';
  }
  yield '\n]\n';
}

function* base64Pieces({ buffer, byteOffset, byteLength }: Uint16Array | Float64Array): Generator<string> {
  for (let at = 0; at < byteLength; at += PIECE_BYTES) {
    yield Buffer.from(buffer, byteOffset + at, Math.min(PIECE_BYTES, byteLength - at)).toString('base64');
  }
}

/** Bytes read at once. */
const CHUNK_BYTES = 1 << 20;
/** Strings longer than this are taken for columns and kept as bytes; no name or message is that long. */
const LONG_STRING = 1 << 16;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/**
 * Reads results as `--json` writes them, with or without samples.
 *
 * @throws InputError when the file cannot be read or is something else
 */
export function readSampled(file: string): Sampled[] {
  const { text, columns } = withoutColumns(file);
  const results = parsed(file, text);
  if (!Array.isArray(results)) throw new InputError(`${file}: expected an array of results, found ${typeof results}`);
  return results.map((each: unknown, i) => {
    const where = `${file}: result ${i + 1}`;
    const schema = (each as { schema?: unknown } | null)?.schema;
    if (schema !== 'psp.result/1') {
      throw new InputError(`${where}: expected schema psp.result/1, found ${JSON.stringify(schema) ?? 'nothing'}`);
    }
    const read = readAs(resultSchema, each);
    if ('wrong' in read) throw new InputError(`${where}: ${read.wrong}`);
    const { samples, ...result } = read.value;
    return { result, ...(samples !== undefined && { samples: samplesOf(samples, columns, where) }) };
  });
}

function parsed(file: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new InputError(`${file}: expected JSON as --json writes it: ${(error as Error).message}`);
  }
}

/** Takes the place of a long string in the text: the number of its column. */
const PLACE = 'psp.column';
const column = z.union([z.string(), z.strictObject({ [PLACE]: z.int().min(0) })]);
const samplesSchema = z.looseObject({ traceDigest: z.string(), type: column, serviceNs: column, sojournNs: column });

function samplesOf(data: unknown, columns: readonly Uint8Array[], where: string): RequestSamples {
  const read = readAs(samplesSchema, data);
  if ('wrong' in read) throw new InputError(`${where}: samples.${read.wrong}`);
  const bytesOf = (value: z.infer<typeof column>) =>
    typeof value === 'string' ? decoded([Buffer.from(value)]) : (columns[value[PLACE]] ?? new Uint8Array(0));
  const [type, serviceNs, sojournNs] = COLUMNS.map((name) => bytesOf(read.value[name]));
  const count = type!.byteLength / 2;
  if (!Number.isInteger(count) || serviceNs!.byteLength !== count * 8 || sojournNs!.byteLength !== count * 8) {
    throw new InputError(
      `${where}: samples: expected columns of one length, found ${count} types, ${serviceNs!.byteLength / 8} ` +
        `services, ${sojournNs!.byteLength / 8} sojourns`,
    );
  }
  return {
    traceDigest: read.value.traceDigest,
    type: new Uint16Array(type!.buffer),
    serviceNs: new Float64Array(serviceNs!.buffer),
    sojournNs: new Float64Array(sojournNs!.buffer),
  };
}

/** The text of a JSON file with its long strings taken out, and what these hold. */
function withoutColumns(file: string): { text: string; columns: Uint8Array[] } {
  const columns: Uint8Array[] = [];
  const rest: Buffer[] = [];
  let string: Buffer[] = [];
  let length = 0;
  let inString = false;
  let isEscaped = false;
  const endString = () => {
    if (length > LONG_STRING) {
      rest.push(Buffer.from(`{"${PLACE}":${columns.length}}`));
      columns.push(decoded(string));
    } else {
      rest.push(Buffer.from('"'), ...string, Buffer.from('"'));
    }
    string = [];
    length = 0;
  };
  for (const chunk of chunksOf(file)) {
    let at = 0;
    while (at < chunk.length) {
      const end: number = inString ? endOfString(chunk, at, isEscaped) : chunk.indexOf(QUOTE, at);
      const upTo = end < 0 ? chunk.length : end;
      const part = chunk.subarray(at, upTo);
      if (inString) {
        string.push(part);
        length += part.length;
      } else {
        rest.push(part);
      }
      isEscaped = inString && end < 0 && endsEscaped(part, isEscaped);
      at = upTo + 1;
      if (end < 0) continue;
      if (inString) endString();
      inString = !inString;
    }
  }
  // A string that does not end: JSON.parse says so.
  if (inString) rest.push(Buffer.from('"'), ...string);
  return { text: textOf(file, rest), columns };
}

/** Where the quote is that ends a string; -1 when it is not in this chunk. */
function endOfString(chunk: Buffer, from: number, isEscaped: boolean): number {
  let at = isEscaped ? from + 1 : from;
  let backslash = chunk.indexOf(BACKSLASH, at);
  for (;;) {
    const quote = chunk.indexOf(QUOTE, at);
    if (backslash < 0 || quote < backslash) return quote;
    at = backslash + 2;
    backslash = chunk.indexOf(BACKSLASH, at);
  }
}

/** Does the part of a string end with a backslash that escapes what follows? */
function endsEscaped(part: Buffer, isEscaped: boolean): boolean {
  let from = part.length;
  while (from > 0 && part[from - 1] === BACKSLASH) from--;
  const backslashes = part.length - from - (isEscaped && from === 0 ? 1 : 0);
  return backslashes % 2 === 1;
}

function* chunksOf(file: string): Generator<Buffer> {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(file, 'r');
    // Some devices never end.
    if (fstatSync(descriptor).isCharacterDevice()) throw new InputError(`${file}: expected a file, found a device`);
    for (;;) {
      const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
      const bytes = readSync(descriptor, chunk);
      if (bytes === 0) return;
      yield chunk.subarray(0, bytes);
    }
  } catch (error) {
    throw (error as NodeJS.ErrnoException).syscall === undefined ? error : cannotRead(file, error);
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

function textOf(file: string, parts: readonly Buffer[]): string {
  try {
    return Buffer.concat(parts).toString('utf8');
  } catch (error) {
    throw new InputError(`${file}: too long to read: ${(error as Error).message}`);
  }
}

/** The bytes of base64 text, however long it is. */
function decoded(text: readonly Buffer[]): Uint8Array {
  const whole = Buffer.concat(text);
  const bytes = Buffer.from(new ArrayBuffer(Math.ceil((whole.length * 3) / 4)));
  const step = (PIECE_BYTES / 3) * 4;
  let length = 0;
  for (let at = 0; at < whole.length; at += step) {
    length += bytes.write(whole.toString('latin1', at, at + step), length, 'base64');
  }
  // Of its own buffer, so that columns of any length are aligned.
  return new Uint8Array(bytes.subarray(0, length));
}

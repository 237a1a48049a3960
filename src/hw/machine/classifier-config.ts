/** The `classifier:` of a configuration: how a server finds the type of a request in its payload. */

import { type Checker, type Field, show } from '../../input/checker.js';
import { anything, optional } from '../../input/fields.js';
import type { FrameFormat } from '../native/native.js';
import { choice, integer } from './config-fields.js';

/** Bytes that a request of a type has at an offset of its payload. */
export interface MatchPattern {
  /** From the start of the UDP payload, 0 to {@link LONGEST_OFFSET}. */
  readonly offset: number;
  /** 1 to {@link LONGEST_PATTERN} of them. */
  readonly bytes: readonly number[];
}

/**
 * Where a request says its type. Codes are by type name; without them Perséphone's codes are used. The patterns are
 * tried first, in their order.
 */
export interface ClassifierConfig {
  readonly offset: number;
  readonly width: number;
  readonly endian: 'little' | 'big';
  readonly codes?: Readonly<Record<string, number>>;
  readonly match?: readonly { readonly type: string; readonly pattern: MatchPattern }[];
}

/** An Ethernet frame has room for 1472 bytes of payload. */
const LONGEST_OFFSET = 1400;
const LONGEST_PATTERN = 64;

/** Where the type is read by default: the second word of a PSP_MB payload, the first of an IX payload. */
export function defaultClassifier(frame: FrameFormat): ClassifierConfig {
  return frame === 'ix' ? { offset: 0, width: 2, endian: 'little' } : { offset: 4, width: 4, endian: 'little' };
}

const width: Field<number> = (input) => {
  if ([1, 2, 4, 8].includes(input as number)) return input as number;
  throw new Error(`expected a width of 1, 2, 4 or 8 bytes, found ${show(input)}`);
};
const offset = integer(`an offset in the payload, bytes from 0 to ${LONGEST_OFFSET}`, 0, LONGEST_OFFSET);

/** Reads a classifier. A udp payload has no field of psp's, so there it must be given in full. */
export function readClassifier(value: unknown, checker: Checker, frame: FrameFormat): ClassifierConfig | undefined {
  if (value === undefined) {
    return checker.refuse('expected a classifier with match or codes, because frame: udp has no field of its own');
  }
  const otherwise = defaultClassifier(frame);
  const fields = checker.map(
    {
      offset: optional(offset),
      width: optional(width),
      endian: optional(choice('little', 'big')),
      codes: anything,
      match: anything,
    },
    value,
  );
  if (!fields) return undefined;
  // A code must fit the field it is read from, and the field that the load generator writes: 16 bits in an IX frame,
  // 32 bits in the others.
  const bytes = Math.min(fields.width ?? otherwise.width, frame === 'ix' ? 2 : 4);
  const codes = fields.codes === undefined ? undefined : readCodes(fields.codes, checker.at('codes'), bytes);
  const match = fields.match === undefined ? undefined : readMatches(fields.match, checker.at('match'));
  if (frame === 'udp' && fields.codes === undefined && fields.match === undefined) {
    return checker.refuse('expected match or codes, because frame: udp has no codes of its own, found neither');
  }
  if (frame === 'udp' && fields.codes !== undefined && (fields.offset === undefined || fields.width === undefined)) {
    return checker.refuse('expected offset and width beside codes, because frame: udp has no field of its own');
  }
  return {
    offset: fields.offset ?? otherwise.offset,
    width: fields.width ?? otherwise.width,
    endian: fields.endian ?? otherwise.endian,
    ...(codes && { codes }),
    ...(match && { match }),
  };
}

/** The entries of a map from type names, or nothing when it is none. */
function byType(what: string, value: unknown, checker: Checker): [string, unknown][] {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return Object.entries(value);
  checker.refuse(`expected a map from type names to ${what}, found ${show(value)}`);
  return [];
}

function readCodes(value: unknown, checker: Checker, bytes: number): Record<string, number> {
  const highest = 2 ** (8 * bytes) - 1;
  const codes = byType('codes', value, checker).flatMap(([name, code]): [string, number][] => {
    const checked = checker.at(name).value(integer(`a code from 0 to ${highest}`, 0, highest), code);
    return checked === undefined ? [] : [[name, checked]];
  });
  return Object.fromEntries(codes);
}

/** One pattern for each type, or a list of them. */
function readMatches(value: unknown, checker: Checker): NonNullable<ClassifierConfig['match']> {
  return byType('patterns', value, checker).flatMap(([type, given]) => {
    const below = checker.at(type);
    if (Array.isArray(given) && given.length === 0) below.refuse('expected a pattern or more, found an empty list');
    const patterns = Array.isArray(given)
      ? given.map((each, i) => readPattern(each, below.at(i)))
      : [readPattern(given, below)];
    return patterns.flatMap((pattern) => (pattern === undefined ? [] : [{ type, pattern }]));
  });
}

/** `{ offset: 8, text: "get " }` or `{ offset: 8, bytes: "67 65 74 20" }`. */
function readPattern(value: unknown, checker: Checker): MatchPattern | undefined {
  const fields = checker.map({ offset: optional(offset), bytes: optional(hexBytes), text: optional(textBytes) }, value);
  if (!fields) return undefined;
  if ((fields.bytes === undefined) === (fields.text === undefined)) {
    return checker.refuse(`expected bytes or text, found ${fields.bytes === undefined ? 'neither' : 'both'}`);
  }
  return { offset: fields.offset ?? 0, bytes: fields.bytes ?? fields.text! };
}

/** Pairs of hexadecimal digits, with or without spaces between them. */
const hexBytes: Field<readonly number[]> = (input) => {
  const isHex = typeof input === 'string' && /^\s*[0-9a-f]{2}(\s*[0-9a-f]{2})*\s*$/i.test(input);
  if (!isHex) {
    const word = typeof input === 'number' ? `the bare number ${input}: write '${input}' in quotes` : show(input);
    throw new Error(`expected bytes as pairs of hexadecimal digits, such as '67 65 74 20', found ${word}`);
  }
  return notTooLong((input.match(/[0-9a-f]{2}/gi) ?? []).map((pair) => Number.parseInt(pair, 16)));
};

/** Any text: spaces at its ends and control characters count. As UTF-8. */
const textBytes: Field<readonly number[]> = (input) => {
  if (typeof input === 'string' && input !== '') return notTooLong([...new TextEncoder().encode(input)]);
  const word = typeof input === 'number' ? `the bare number ${input}: write '${input}'` : show(input);
  throw new Error(`expected the text that requests have there, found ${word}`);
};

function notTooLong(bytes: readonly number[]): readonly number[] {
  if (bytes.length <= LONGEST_PATTERN) return bytes;
  throw new Error(`expected 1 to ${LONGEST_PATTERN} bytes, found ${bytes.length}`);
}

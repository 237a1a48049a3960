/**
 * Blocks of events as bytes. A block holds its events column by column: the kinds, one byte each; the times; then the
 * first, second and third number of the events whose kind has one. Numbers have a variable length (LEB128; signed ones
 * zigzag) and times are differences from the event before, so that an event takes about five bytes. A block needs no
 * other block to be read.
 */

import { ARITY, carriesQuantity, kindName } from './event.js';

/** The events of a block, one row each. */
export interface EventBlock {
  readonly count: number;
  readonly kind: Uint8Array;
  readonly a: Int32Array;
  readonly b: Int32Array;
  readonly c: Int32Array;
  /** When it happened, ns; or the quantity, for the kinds that carry one. */
  readonly timeNs: Float64Array;
}

/** Most events in a block. */
export const BLOCK_EVENTS = 1 << 15;
/** Longest varint of a time (53 bits) and of an int32. */
const TIME_BYTES = 8;
const NUMBER_BYTES = 5;
const COLUMNS = 5;
/** Bytes of the longest block. */
export const BLOCK_BYTES = COLUMNS * 4 + BLOCK_EVENTS * (1 + TIME_BYTES + 3 * NUMBER_BYTES);
const LARGEST_TIME_NS = Number.MAX_SAFE_INTEGER;

export interface BlockEncoder {
  /** Adds an event; there must be fewer than {@link BLOCK_EVENTS} of them. */
  add(kind: number, a: number, b: number, c: number, timeNs: number): void;
  readonly count: () => number;
  /** The block as bytes, valid until the next call; the encoder is empty afterwards. */
  take(): Uint8Array;
}

export function createBlockEncoder(): BlockEncoder {
  const kinds = new Uint8Array(BLOCK_EVENTS);
  const columns = [TIME_BYTES, NUMBER_BYTES, NUMBER_BYTES, NUMBER_BYTES].map(
    (bytes) => new Uint8Array(BLOCK_EVENTS * bytes),
  );
  const used = new Int32Array(4);
  const out = new Uint8Array(BLOCK_BYTES);
  const header = new DataView(out.buffer);
  let count = 0;
  let lastNs = 0;

  function varint(column: number, value: number): void {
    const bytes = columns[column]!;
    let at = used[column]!;
    let rest = value;
    while (rest >= 0x80) {
      bytes[at++] = (rest & 0x7f) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    bytes[at++] = rest;
    used[column] = at;
  }

  return {
    add: (kind, a, b, c, timeNs) => {
      kinds[count++] = kind;
      if (carriesQuantity(kind)) varint(0, timeNs);
      else {
        varint(0, timeNs - lastNs);
        lastNs = timeNs;
      }
      const arity = ARITY[kind]!;
      if (arity > 0) varint(1, zigzag(a));
      if (arity > 1) varint(2, zigzag(b));
      if (arity > 2) varint(3, zigzag(c));
    },
    count: () => count,
    take: () => {
      let at = COLUMNS * 4;
      header.setUint32(0, count, true);
      out.set(kinds.subarray(0, count), at);
      at += count;
      columns.forEach((column, i) => {
        header.setUint32((i + 1) * 4, used[i]!, true);
        out.set(column.subarray(0, used[i]!), at);
        at += used[i]!;
      });
      count = 0;
      lastNs = 0;
      used.fill(0);
      return out.subarray(0, at);
    },
  };
}

/**
 * Reads a block.
 *
 * @throws RangeError that says what does not fit. A right checksum does not mean a right block: anyone can compute one.
 */
export function decodeBlock(bytes: Uint8Array): EventBlock {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < COLUMNS * 4) throw new RangeError('a block without its header');
  const count = view.getUint32(0, true);
  const lengths = [1, 2, 3, 4].map((i) => view.getUint32(i * 4, true));
  const total = COLUMNS * 4 + count + lengths.reduce((sum, length) => sum + length, 0);
  if (count > BLOCK_EVENTS || total !== bytes.length) {
    throw new RangeError(`columns of ${total} bytes in a block of ${bytes.length}`);
  }
  const kind = bytes.slice(COLUMNS * 4, COLUMNS * 4 + count);
  const at: number[] = [];
  const ends: number[] = [];
  let next = COLUMNS * 4 + count;
  for (const length of lengths) {
    at.push(next);
    next += length;
    ends.push(next);
  }
  function varint(column: number): number {
    let value = 0;
    let scale = 1;
    for (;;) {
      const position = at[column]!++;
      if (position >= ends[column]! || scale > 2 ** 49) throw new RangeError('a number that does not end');
      const byte = bytes[position]!;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) break;
      scale *= 0x80;
    }
    if (value > (column === 0 ? LARGEST_TIME_NS : 0xffff_ffff))
      throw new RangeError(`the number ${value}, out of range`);
    return value;
  }
  const block = {
    count,
    kind,
    a: new Int32Array(count),
    b: new Int32Array(count),
    c: new Int32Array(count),
    timeNs: new Float64Array(count),
  };
  let nowNs = 0;
  for (let i = 0; i < count; i++) {
    if (kindName(kind[i]!) === undefined) throw new RangeError(`an event of the unknown kind ${kind[i]}`);
    const time = varint(0);
    if (!carriesQuantity(kind[i]!)) nowNs += time;
    if (nowNs > LARGEST_TIME_NS) throw new RangeError(`the time ${nowNs} ns, out of range`);
    block.timeNs[i] = carriesQuantity(kind[i]!) ? time : nowNs;
    const arity = ARITY[kind[i]!]!;
    if (arity > 0) block.a[i] = unzigzag(varint(1));
    if (arity > 1) block.b[i] = unzigzag(varint(2));
    if (arity > 2) block.c[i] = unzigzag(varint(3));
  }
  if (at.some((position, column) => position !== ends[column])) throw new RangeError('bytes after the last event');
  return block;
}

/** Makes small numbers of either sign small and unsigned: 0, -1, 1, -2 … become 0, 1, 2, 3 … */
function zigzag(value: number): number {
  return ((value << 1) ^ (value >> 31)) >>> 0;
}

function unzigzag(value: number): number {
  return (value >>> 1) ^ -(value & 1);
}

const CRC_TABLE = Int32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  return crc;
});

/** CRC-32 (IEEE 802.3), as zip and PNG use it. */
export function crc32(bytes: Uint8Array): number {
  let crc = -1;
  for (const byte of bytes) crc = CRC_TABLE[(crc ^ byte) & 0xff]! ^ (crc >>> 8);
  return (crc ^ -1) >>> 0;
}

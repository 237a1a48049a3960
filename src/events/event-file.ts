/**
 * Event files: what a scheduler was told and what it decided in one run.
 *
 * `PSPEVENT`, version (u32), length of the header (u32), CRC-32 of the header (u32), the header as JSON; then sections:
 * kind (u32: 1 events, 2 end), length (u32), CRC-32 of the content (u32), content. The end section is JSON; a file
 * without one was cut off. All numbers are little-endian.
 */

import { closeSync, openSync, readSync, statSync, writeSync } from 'node:fs';
import { z } from 'zod';
import { openOutput } from '../files/output-file.js';
import type { EventFileHeader } from '../results/event-header.js';
import { InputError } from '../units/errors.js';
import { BLOCK_BYTES, BLOCK_EVENTS, crc32, createBlockEncoder, decodeBlock, type EventBlock } from './codec.js';
import type { EventSink } from './event.js';

const MAGIC = 'PSPEVENT';
const VERSION = 2;
const SCHEMA = 'psp.events/2';
const PREFIX_BYTES = 20;
const EVENTS = 1;
const END = 2;
const SECTION_HEADER_BYTES = 12;
/** A file says how much memory its parts take, and may lie. No run needs more than this. */
const HEADER_LIMIT = 1 << 20;
const END_LIMIT = 1 << 10;
const WORKERS_LIMIT = 1 << 16;
const TYPES_LIMIT = 1 << 12;
const TEXT_LIMIT = 1 << 12;

const text = z.string().max(TEXT_LIMIT);
const whole = z.number().int().min(0);
const perType = z.array(z.number().min(0)).max(TYPES_LIMIT);
const typeInfo = z.object({
  name: text,
  deadlineNs: z.number().min(0).optional(),
  sloNs: z.number().min(0).optional(),
});
const headerSchema = z
  .object({
    schema: z.literal(SCHEMA),
    world: z.enum(['sim', 'hw']),
    policy: text,
    parameters: z.record(text, z.union([z.number(), text, z.boolean()])),
    policyCode: z.object({ sha256: text, file: text.optional() }).optional(),
    workload: text,
    workers: whole.min(1).max(WORKERS_LIMIT),
    types: z.array(typeInfo).max(TYPES_LIMIT),
    seed: text,
    replication: whole,
    trueProfile: z.object({ meanNs: perType, ratio: perType }).optional(),
    handoffNs: z.number().min(0).optional(),
    dilation: z.number().min(1),
  })
  .refine(
    ({ types, trueProfile }) => !trueProfile || Object.values(trueProfile).every((all) => all.length === types.length),
    {
      path: ['trueProfile'],
      error: 'expected a mean and a ratio for each type',
    },
  );
const endSchema = z.object({ events: whole, lost: whole });

/** How many events were written, and how many a full log lost. */
export type EventFileEnd = z.infer<typeof endSchema>;

export interface EventFileWriter {
  add(kind: number, a: number, b: number, c: number, timeNs: number): void;
  /** Writes what was added since the last block: a run that is killed afterwards does not lose it. */
  flush(): void;
  /** Writes what is left and the end section, and closes the file. */
  close(lost: number): void;
}

/**
 * Creates (or overwrites) an event file. It writes synchronously, so it must not be used in the dispatcher's thread.
 */
export function createEventFile(path: string, header: Omit<EventFileHeader, 'schema'>): EventFileWriter {
  const output = openOutput(path);
  const file = output.descriptor;
  const encoder = createBlockEncoder();
  const content = encodeJson({ schema: SCHEMA, ...header });
  const prefix = new DataView(new ArrayBuffer(PREFIX_BYTES));
  [...MAGIC].forEach((char, i) => {
    prefix.setUint8(i, char.charCodeAt(0));
  });
  prefix.setUint32(8, VERSION, true);
  prefix.setUint32(12, content.length, true);
  prefix.setUint32(16, crc32(content), true);
  try {
    writeAll(file, new Uint8Array(prefix.buffer));
    writeAll(file, content);
    // From now on the file has its name, so that a run that is killed leaves what was recorded.
    output.publish();
  } catch (error) {
    output.close();
    throw error;
  }
  let events = 0;

  function writeSection(kind: number, content: Uint8Array): void {
    const head = new DataView(new ArrayBuffer(SECTION_HEADER_BYTES));
    head.setUint32(0, kind, true);
    head.setUint32(4, content.length, true);
    head.setUint32(8, crc32(content), true);
    writeAll(file, new Uint8Array(head.buffer));
    writeAll(file, content);
  }

  function flush(): void {
    if (encoder.count() > 0) writeSection(EVENTS, encoder.take());
  }

  return {
    add: (kind, a, b, c, timeNs) => {
      encoder.add(kind, a, b, c, timeNs);
      events++;
      if (encoder.count() === BLOCK_EVENTS) flush();
    },
    flush,
    close: (lost) => {
      flush();
      const end: EventFileEnd = { events, lost };
      writeSection(END, encodeJson(end));
      output.close();
    },
  };
}

/** Makes a writer the sink of a tap. For a simulation, which may wait for its file. */
export function sinkOf(writer: EventFileWriter): EventSink {
  return { write: (kind, a, b, c, time) => writer.add(kind, a, b, c, time[0]!) };
}

export interface EventFileReader {
  readonly header: EventFileHeader;
  /**
   * Yields the blocks in order. Throws an {@link InputError} where the file is damaged or cut off; what came before is
   * whole.
   */
  blocks(): Generator<EventBlock, EventFileEnd>;
  /** Makes an error about the block that was read last; before the first block, about the header. */
  damage(problem: string): InputError;
  close(): void;
}

/**
 * Opens an event file and reads its header.
 *
 * @throws InputError when it is not an event file
 */
export function openEventFile(path: string): EventFileReader {
  // To open a pipe would wait for its writer.
  if (!statSync(path).isFile()) throw new InputError(`${path}: expected an event file, found no regular file`);
  const file = openSync(path, 'r');
  const parts = createPartReader(file, path);
  try {
    return {
      header: readHeader(parts),
      blocks: () => readBlocks(parts),
      damage: parts.damage,
      close: () => closeSync(file),
    };
  } catch (error) {
    closeSync(file);
    throw error;
  }
}

function readHeader({ begin, read, readChecked, parse, damage }: PartReader): EventFileHeader {
  const magic = String.fromCharCode(...read(MAGIC.length, `its first ${MAGIC.length} bytes`));
  if (magic !== MAGIC) {
    throw damage(`expected an event file, which begins with ${MAGIC}, found ${JSON.stringify(magic)}`);
  }
  begin();
  const prefix = new DataView(read(PREFIX_BYTES - MAGIC.length, `its first ${PREFIX_BYTES} bytes`).buffer);
  const version = prefix.getUint32(0, true);
  if (version === 1) throw damage('written by an older psp (version 1 of the format): record the run again');
  if (version !== VERSION) throw damage(`expected version ${VERSION} of the format, found ${version}`);
  const length = prefix.getUint32(4, true);
  if (length > HEADER_LIMIT) throw damage(`a header of ${length} bytes, more than ${HEADER_LIMIT}`);
  begin();
  const content = readChecked(length, prefix.getUint32(8, true), 'the header');
  return parse(headerSchema, content, 'the header') as EventFileHeader;
}

function* readBlocks({ begin, read, readChecked, parse, damage }: PartReader): Generator<EventBlock, EventFileEnd> {
  for (let events = 0; ; ) {
    begin();
    const head = new DataView(read(SECTION_HEADER_BYTES, 'a section’s header (was the run killed?)').buffer);
    const kind = head.getUint32(0, true);
    const length = head.getUint32(4, true);
    const limit = kind === EVENTS ? BLOCK_BYTES : kind === END ? END_LIMIT : 0;
    if (length > limit || limit === 0) throw damage('not the beginning of a section');
    const content = readChecked(length, head.getUint32(8, true), 'the section');
    if (kind === END) {
      const end = parse(endSchema, content, 'the end section');
      if (end.events !== events) throw damage(`expected ${end.events} events before the end, found ${events}`);
      return end;
    }
    const block = decodeOr(damage, content);
    events += block.count;
    yield block;
  }
}

function decodeOr(damage: PartReader['damage'], content: Uint8Array): EventBlock {
  try {
    return decodeBlock(content);
  } catch (error) {
    if (error instanceof RangeError) throw damage(error.message);
    throw error;
  }
}

/** Reads a file part by part; every error names the offset of its part. */
interface PartReader {
  /** A part begins here. */
  begin(): void;
  read(bytes: number, what: string): Uint8Array<ArrayBuffer>;
  readChecked(bytes: number, checksum: number, what: string): Uint8Array;
  parse<T>(schema: z.ZodType<T>, content: Uint8Array, what: string): T;
  damage(problem: string): InputError;
}

function createPartReader(file: number, path: string): PartReader {
  let offset = 0;
  let beginsAt = 0;
  const begin = (): void => {
    beginsAt = offset;
  };
  const damage = (problem: string): InputError => new InputError(`${path}: offset ${beginsAt}: ${problem}`);
  const read = (bytes: number, what: string): Uint8Array<ArrayBuffer> => {
    const content = new Uint8Array(bytes);
    let got = 0;
    while (got < bytes) {
      const more = readSync(file, content, got, bytes - got, offset + got);
      if (more === 0) {
        begin();
        throw damage(`the file ends in the middle of ${what} (expected ${bytes} bytes, found ${got})`);
      }
      got += more;
    }
    offset += bytes;
    return content;
  };
  return {
    begin,
    read,
    damage,
    readChecked: (bytes, checksum, what) => {
      const content = read(bytes, what);
      const found = crc32(content);
      if (found !== checksum) throw damage(`checksum ${hex(found)} instead of ${hex(checksum)}: ${what} is damaged`);
      return content;
    },
    parse: (schema, content, what) => {
      try {
        return schema.parse(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(content)));
      } catch (error) {
        const why =
          error instanceof z.ZodError ? z.prettifyError(error).replaceAll('\n', ' ') : (error as Error).message;
        throw damage(`${what}: ${why}`);
      }
    },
  };
}

function hex(value: number): string {
  return value.toString(16).padStart(8, '0');
}

function encodeJson(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}

function writeAll(file: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length; ) done += writeSync(file, bytes, done);
}

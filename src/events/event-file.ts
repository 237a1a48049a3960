/**
 * Event files: what a scheduler was told and what it answered in one run.
 *
 * `PSPEVENT`, version (u32), length of the header (u32), the header as JSON; then sections: kind (u32: 1 events, 2 end), length (u32), CRC-32 of
 * the content (u32), content. The end section is JSON; a file without one was cut off. All numbers little-endian.
 */

import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import { z } from 'zod';
import type { Parameters } from '../scheduler/policy.js';
import type { TrueProfile, TypeInfo } from '../scheduler/scheduler.js';
import { InputError } from '../units/errors.js';
import { BLOCK_EVENTS, crc32, createBlockEncoder, decodeBlock, type EventBlock } from './codec.js';
import type { EventSink } from './event.js';

const MAGIC = 'PSPEVENT';
const VERSION = 1;
const EVENTS = 1;
const END = 2;
const SECTION_HEADER_BYTES = 12;
/** No section psp writes is longer; a longer one is damage, and must not make us ask for that much memory. */
const SECTION_LIMIT = 1 << 26;

const typeInfo = z.object({ name: z.string(), deadlineNs: z.number().optional(), sloNs: z.number().optional() });
const headerSchema = z.object({
  schema: z.literal('psp.events/1'),
  world: z.enum(['sim', 'hw']),
  policy: z.string(),
  parameters: z.record(z.string(), z.union([z.number(), z.string(), z.boolean()])),
  workload: z.string(),
  workers: z.number().int().min(1),
  types: z.array(typeInfo),
  seed: z.string(),
  replication: z.number().int().min(0),
  trueProfile: z.object({ meanNs: z.array(z.number()), ratio: z.array(z.number()) }).optional(),
  handoverNs: z.number().optional(),
  dilation: z.number(),
});
const endSchema = z.object({ events: z.number(), lost: z.number() });

/** What a run was, for whoever wants to repeat it. */
export interface EventFileHeader {
  readonly schema: 'psp.events/1';
  readonly world: 'sim' | 'hw';
  /** The policy as it is typed. */
  readonly policy: string;
  /** Its parameters as the scheduler got them (stretched in a dilated run). */
  readonly parameters: Parameters;
  readonly workload: string;
  readonly workers: number;
  readonly types: readonly TypeInfo[];
  /** What the scheduler's random numbers are drawn from. */
  readonly seed: string;
  readonly replication: number;
  readonly trueProfile?: TrueProfile;
  /** What the scheduler was told of the hand-over of a request. */
  readonly handoverNs?: number;
  /** All times are stretched by this factor. */
  readonly dilation: number;
}
/** Counts of events written and of those lost to a full log. */
export type EventFileEnd = z.infer<typeof endSchema>;

/** An event file is not what it should be at `offset` bytes from its start. */
function damaged(file: string, offset: number, problem: string): InputError {
  return new InputError(`${file}: offset ${offset}: ${problem}`);
}

export interface EventFileWriter {
  add(kind: number, a: number, b: number, c: number, timeNs: number): void;
  /** Writes what is left and the end section, and closes the file. */
  close(lost: number): void;
}

/** Creates (or overwrites) an event file. Writes synchronously, a block at a time: to be used off the dispatcher's thread. */
export function createEventFile(path: string, header: EventFileHeader): EventFileWriter {
  const file = openSync(path, 'w');
  const encoder = createBlockEncoder();
  const text = encodeJson(header);
  const prefix = new DataView(new ArrayBuffer(16));
  [...MAGIC].forEach((char, i) => {
    prefix.setUint8(i, char.charCodeAt(0));
  });
  prefix.setUint32(8, VERSION, true);
  prefix.setUint32(12, text.length, true);
  writeAll(file, new Uint8Array(prefix.buffer));
  writeAll(file, text);
  let events = 0;

  function writeSection(kind: number, content: Uint8Array): void {
    const head = new DataView(new ArrayBuffer(SECTION_HEADER_BYTES));
    head.setUint32(0, kind, true);
    head.setUint32(4, content.length, true);
    head.setUint32(8, crc32(content), true);
    writeAll(file, new Uint8Array(head.buffer));
    writeAll(file, content);
  }

  return {
    add: (kind, a, b, c, timeNs) => {
      encoder.add(kind, a, b, c, timeNs);
      events++;
      if (encoder.count() === BLOCK_EVENTS) writeSection(EVENTS, encoder.take());
    },
    close: (lost) => {
      if (encoder.count() > 0) writeSection(EVENTS, encoder.take());
      const end: EventFileEnd = { events, lost };
      writeSection(END, encodeJson(end));
      closeSync(file);
    },
  };
}

/** A writer as the sink of a tap, for a run that may wait for its file: a simulation. */
export function sinkOf(writer: EventFileWriter): EventSink {
  return { write: (kind, a, b, c, time) => writer.add(kind, a, b, c, time[0]!) };
}

export interface EventFileReader {
  readonly header: EventFileHeader;
  /**
   * The blocks in order. Ends by throwing an {@link InputError} where the file is damaged or cut off; what came before is whole.
   */
  blocks(): Generator<EventBlock, EventFileEnd>;
  close(): void;
}

/**
 * Opens an event file and reads its header.
 *
 * @throws InputError when it is none
 */
export function openEventFile(path: string): EventFileReader {
  const file = openSync(path, 'r');
  let offset = 0;
  const fail = (problem: string, at = offset): never => {
    throw damaged(path, at, problem);
  };
  const read = (bytes: number, what: string): Uint8Array => {
    const content = new Uint8Array(bytes);
    let got = 0;
    while (got < bytes) {
      const more = readSync(file, content, got, bytes - got, offset + got);
      if (more === 0) fail(`the file ends in the middle of ${what} (expected ${bytes} bytes, found ${got})`);
      got += more;
    }
    offset += bytes;
    return content;
  };
  const json = <T>(schema: z.ZodType<T>, content: Uint8Array, what: string, at: number): T => {
    try {
      return schema.parse(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(content)));
    } catch (error) {
      const why = error instanceof z.ZodError ? z.prettifyError(error).replaceAll('\n', ' ') : (error as Error).message;
      return fail(`${what}: ${why}`, at);
    }
  };

  try {
    const prefix = read(16, 'its first 16 bytes');
    const view = new DataView(prefix.buffer);
    const magic = String.fromCharCode(...prefix.subarray(0, 8));
    if (magic !== MAGIC) fail(`expected an event file, which begins with ${MAGIC}, found ${JSON.stringify(magic)}`, 0);
    const version = view.getUint32(8, true);
    if (version !== VERSION) fail(`expected version ${VERSION} of the format, found ${version}`, 8);
    const length = view.getUint32(12, true);
    if (length > SECTION_LIMIT) fail(`a header of ${length} bytes`, 12);
    const header = json(headerSchema, read(length, 'the header'), 'the header', 16) as EventFileHeader;
    return { header, blocks, close: () => closeSync(file) };
  } catch (error) {
    closeSync(file);
    throw error;
  }

  function* blocks(): Generator<EventBlock, EventFileEnd> {
    for (;;) {
      const at = offset;
      const head = new DataView(read(SECTION_HEADER_BYTES, 'a section’s header (was the run killed?)').buffer);
      const kind = head.getUint32(0, true);
      const length = head.getUint32(4, true);
      if ((kind !== EVENTS && kind !== END) || length > SECTION_LIMIT) fail('not the beginning of a section', at);
      const content = read(length, 'a section');
      const found = crc32(content);
      const expected = head.getUint32(8, true);
      if (found !== expected) fail(`checksum ${hex(found)} instead of ${hex(expected)}: the section is damaged`, at);
      if (kind === END) return json(endSchema, content, 'the end section', at);
      try {
        yield decodeBlock(content);
      } catch (error) {
        if (error instanceof RangeError) fail(error.message, at);
        throw error;
      }
    }
  }
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

import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import type { TransformOptions } from 'node:stream';
import { constants, createGzip, type ZlibOptions } from 'node:zlib';
import { cannotWrite, openOutput } from '../../files/output-file.js';
import { quoted } from '../../units/lists.js';

/** Bytes that are handed to the compressor at once. */
const PIECE = 1 << 18;
/** Bytes that may wait for the compressor, which works in another thread. */
const MOST_WAITING = 1 << 22;
/** The types of Node do not know that a stream of zlib is a Transform. */
const ZIP: ZlibOptions & TransformOptions = {
  level: constants.Z_BEST_SPEED,
  chunkSize: PIECE,
  writableHighWaterMark: MOST_WAITING,
};
/** A number of a row is at most 2^53: 16 digits. */
const MOST_DIGITS = 16;

/** A row of a trace: arrival and demand in ns, and the number of a type. */
export type WriteRow = (arrivalNs: number, type: number, serviceNs: number) => void;

/**
 * Writes a zipped trace file. `write` gives its rows; it is resumed when the disk has taken what there was.
 *
 * @param names of the types by number
 * @throws EnvironmentError; the file that was there before is unchanged then
 */
export async function writeTrace(
  path: string,
  names: readonly string[],
  write: (row: WriteRow) => Iterable<unknown>,
): Promise<void> {
  const zip = createGzip(ZIP);
  try {
    const output = openOutput(path);
    const written = writeAll(zip, output.descriptor);
    // Seen where it is waited for, or not at all if the rows fail first.
    written.catch(() => {});
    try {
      const lines = new Lines(names);
      const row = lines.add.bind(lines);
      for (const _ of write(row)) {
        if (lines.length < PIECE || zip.write(lines.take())) continue;
        await Promise.race([once(zip, 'drain'), written]);
      }
      zip.end(lines.take());
      await written;
      output.publish();
    } finally {
      // The file is closed only when nothing is written any more.
      zip.destroy();
      await written.catch(() => {});
      output.close();
    }
  } catch (error) {
    throw (error as NodeJS.ErrnoException).code === undefined ? error : cannotWrite(path, error);
  }
}

async function writeAll(pieces: AsyncIterable<Uint8Array>, descriptor: number): Promise<void> {
  for await (const piece of pieces) writeFileSync(descriptor, piece);
}

/** Lines of a trace as bytes: strings would take most of the time of an import. */
class Lines {
  length = 0;
  private bytes = new Uint8Array(2 * PIECE);
  private readonly cells: readonly Uint8Array[];
  private readonly longest: number;

  constructor(names: readonly string[]) {
    const encoder = new TextEncoder();
    this.cells = names.map((name) => encoder.encode(`,${quoted(name)},`));
    this.longest = 2 * MOST_DIGITS + 1 + Math.max(0, ...this.cells.map(({ length }) => length));
    this.copy(encoder.encode('arrival_ns,type,service_ns\n'));
  }

  add(arrivalNs: number, type: number, serviceNs: number): void {
    if (this.length + this.longest > this.bytes.length) {
      const larger = new Uint8Array(2 * this.bytes.length);
      larger.set(this.bytes);
      this.bytes = larger;
    }
    this.number(arrivalNs);
    this.copy(this.cells[type]!);
    this.number(serviceNs);
    this.bytes[this.length++] = 0x0a;
  }

  /** What there is; the next lines begin anew. */
  take(): Uint8Array {
    const taken = this.bytes.subarray(0, this.length);
    this.bytes = new Uint8Array(2 * PIECE);
    this.length = 0;
    return taken;
  }

  private copy(from: Uint8Array): void {
    for (let i = 0; i < from.length; i++) this.bytes[this.length++] = from[i]!;
  }

  /** @param value a whole number, 0 … 2^53 */
  private number(value: number): void {
    const high = Math.floor(value / 1e8);
    if (high > 0) this.digits(high, 1);
    this.digits(value - high * 1e8, high > 0 ? 8 : 1);
  }

  /** @param value below 2^31 */
  private digits(value: number, least: number): void {
    let count = least;
    for (let size = 10 ** least; size <= value; size *= 10) count++;
    this.length += count;
    for (let at = this.length - 1, left = value | 0; count > 0; count--, at--) {
      const next = (left / 10) | 0;
      this.bytes[at] = 0x30 + left - next * 10;
      left = next;
    }
  }
}

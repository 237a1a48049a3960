import { createWriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import { constants, createGzip } from 'node:zlib';
import { cannotWrite, openOutput } from '../../files/output-file.js';
import { quoted } from '../../units/lists.js';

/** Characters that are handed to the compressor at once. */
const PIECE = 1 << 18;

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
  const cells = names.map((name) => quoted(name));
  const zip = createGzip({ level: constants.Z_BEST_SPEED, chunkSize: PIECE });
  try {
    const output = openOutput(path);
    try {
      const file = zip.pipe(createWriteStream('', { fd: output.descriptor, autoClose: false }));
      let text = 'arrival_ns,type,service_ns\n';
      const flush = async (): Promise<void> => {
        const piece = text;
        text = '';
        if (!zip.write(piece)) await new Promise<void>((resolve) => zip.once('drain', resolve));
      };
      const row: WriteRow = (arrivalNs, type, serviceNs) => {
        text += `${arrivalNs},${cells[type]},${serviceNs}\n`;
      };
      for (const _ of write(row)) if (text.length >= PIECE) await flush();
      zip.end(text);
      await finished(file);
      output.publish();
    } finally {
      output.close();
    }
  } catch (error) {
    throw (error as NodeJS.ErrnoException).code === undefined ? error : cannotWrite(path, error);
  }
}

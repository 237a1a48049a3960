import { createReadStream } from 'node:fs';
import { createGunzip } from 'node:zlib';

/** Bytes handed over at once: large enough that the parser, not the stream, sets the pace. */
const CHUNK_BYTES = 1 << 18;

/** The bytes of a trace file, unzipped when its name ends in .gz. */
export async function* traceChunks(path: string): AsyncGenerator<Uint8Array> {
  const file = createReadStream(path, { highWaterMark: CHUNK_BYTES });
  try {
    if (!path.endsWith('.gz')) {
      yield* file as AsyncIterable<Uint8Array>;
      return;
    }
    const gunzip = createGunzip({ chunkSize: CHUNK_BYTES });
    // pipe() does not pass errors on.
    file.once('error', (error) => gunzip.destroy(error));
    yield* file.pipe(gunzip) as AsyncIterable<Uint8Array>;
  } finally {
    file.destroy();
  }
}

import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { createGunzip } from 'node:zlib';
import { scanTrace, type TraceSummary } from '../workload/trace.js';
import { InputError } from './errors.js';
import { cannotRead } from './files.js';

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

/**
 * First pass over a trace file: checks all of it.
 *
 * @throws WorkloadError with the wrong lines
 * @throws InputError when the file cannot be read or unzipped
 */
export async function scanTraceFile(
  path: string,
  fileName: string,
): Promise<{ summary: TraceSummary; sha256: string }> {
  const hash = createHash('sha256');
  async function* hashed() {
    for await (const chunk of traceChunks(path)) {
      hash.update(chunk);
      yield chunk;
    }
  }
  try {
    return { summary: await scanTrace(hashed(), fileName), sha256: hash.digest('hex') };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code?.startsWith('Z_')) throw new InputError(`${fileName}: expected a gzip file, found: ${message}`);
    throw code === undefined ? error : cannotRead(fileName, error);
  }
}

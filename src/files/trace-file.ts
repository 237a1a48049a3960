/** Trace files: one pass checks a file, and each run reads it again and must find the same bytes. */

import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { InputError } from '../units/errors.js';
import type { RequestSource } from '../workload/request-source.js';
import { openTrace, scanTrace, type TraceOptions, type TraceSummary } from '../workload/trace.js';
import { cannotRead } from './cannot-read.js';

/** A trace file that has been checked. Plain data: it can go to another thread or process. */
export interface TraceFile {
  /** Absolute path. */
  readonly path: string;
  readonly summary: TraceSummary;
  /** SHA-256 of the lines, unzipped. */
  readonly sha256: string;
  /** Size of the file and time of its last change. */
  readonly bytes: number;
  readonly modifiedMs: number;
}

/** Bytes read at once: large enough that the parser, not the stream, sets the pace. */
const CHUNK_BYTES = 1 << 18;

/**
 * First pass: checks all of a trace file.
 *
 * @param fileName what to call it in messages
 * @throws InputError with the wrong lines, or when it cannot be read or unzipped
 */
export async function scanTraceFile(path: string, fileName: string): Promise<TraceFile> {
  const file = await openRegular(path, fileName);
  try {
    const { size: bytes, mtimeMs: modifiedMs } = await file.stat();
    const hash = createHash('sha256');
    async function* hashed() {
      for await (const chunk of unzipped(file, path)) {
        hash.update(chunk);
        yield chunk;
      }
    }
    const summary = await scanTrace(hashed(), fileName);
    const trace = { path, summary, sha256: hash.digest('hex'), bytes, modifiedMs };
    if (!(await isAsChecked(file, trace))) throw changed(fileName);
    return trace;
  } catch (error) {
    throw readable(error, fileName);
  } finally {
    await file.close();
  }
}

/**
 * Second pass: plays a trace file that has been checked. `fill` rejects with an InputError when the file is no longer
 * what it was then.
 *
 * @throws InputError when the scale takes a time beyond the limit
 */
export function playTraceFile(trace: TraceFile, options: TraceOptions): RequestSource {
  return openTrace(checkedBytes(trace), trace.summary, options);
}

/**
 * The bytes of a file as they were checked. A reader that stops early trusts size and time; the digest decides where
 * they differ.
 */
async function* checkedBytes(trace: TraceFile): AsyncGenerator<Uint8Array> {
  const { path, summary, sha256, bytes } = trace;
  const { fileName } = summary;
  const file = await openRegular(path, fileName);
  try {
    if ((await file.stat()).size !== bytes) throw changed(fileName);
    const hash = createHash('sha256');
    const chunks = unzipped(file, path);
    const check = async (ended: boolean) => {
      if (!ended && (await isAsChecked(file, trace))) return;
      for await (const chunk of chunks) hash.update(chunk);
      if (hash.digest('hex') !== sha256) throw changed(fileName);
    };
    let ended = false;
    try {
      for (let next = await chunks.next(); !next.done; next = await chunks.next()) {
        hash.update(next.value);
        yield next.value;
      }
      ended = true;
    } finally {
      // A reader that stops early comes here only.
      await check(ended);
    }
  } catch (error) {
    throw (error as NodeJS.ErrnoException).code?.startsWith('Z_') ? changed(fileName) : readable(error, fileName);
  } finally {
    await file.close();
  }
}

/**
 * The bytes of any file, unzipped where its name ends in `.gz`.
 *
 * @param onBytes is told how much of the file has been read, and its size
 * @throws InputError when it cannot be read or unzipped
 */
export async function* fileBytes(
  path: string,
  fileName: string,
  onBytes: (read: number, size: number) => void = () => {},
): AsyncGenerator<Uint8Array> {
  const file = await openRegular(path, fileName);
  try {
    const { size } = await file.stat();
    yield* unzipped(file, path, (read) => onBytes(read, size));
  } catch (error) {
    throw readable(error, fileName);
  } finally {
    await file.close();
  }
}

async function isAsChecked(file: FileHandle, { bytes, modifiedMs }: TraceFile): Promise<boolean> {
  const { size, mtimeMs } = await file.stat();
  return size === bytes && mtimeMs === modifiedMs;
}

/** A trace is read more than once, so it must be a file: a pipe can be read only once, and a device may have no end. */
async function openRegular(path: string, fileName: string): Promise<FileHandle> {
  let file: FileHandle;
  try {
    // Without O_NONBLOCK, opening a pipe waits for someone to write.
    file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  } catch (error) {
    throw cannotRead(fileName, error);
  }
  const stats = await file.stat();
  if (stats.isFile()) return file;
  await file.close();
  if (stats.isDirectory()) throw cannotRead(fileName, { code: 'EISDIR' });
  const found = stats.isFIFO() ? 'a pipe' : stats.isSocket() ? 'a socket' : 'a device';
  throw new InputError(`${fileName}: expected a regular file, found ${found}: save the trace in a file first`);
}

async function* unzipped(
  file: FileHandle,
  path: string,
  onBytes: (read: number) => void = () => {},
): AsyncGenerator<Uint8Array> {
  if (!/\.gz$/i.test(path)) {
    yield* chunksOf(file, onBytes);
    return;
  }
  const zipped = Readable.from(chunksOf(file, onBytes));
  const gunzip = createGunzip({ chunkSize: CHUNK_BYTES });
  // pipe() does not pass errors on.
  zipped.once('error', (error) => gunzip.destroy(error));
  try {
    yield* zipped.pipe(gunzip) as AsyncIterable<Uint8Array>;
  } finally {
    zipped.destroy();
  }
}

/** Not a stream of the file, which would close it when it is left early. */
async function* chunksOf(file: FileHandle, onBytes: (read: number) => void): AsyncGenerator<Uint8Array> {
  for (let read = 0; ; ) {
    const { bytesRead, buffer } = await file.read(Buffer.allocUnsafeSlow(CHUNK_BYTES), 0, CHUNK_BYTES, null);
    if (bytesRead === 0) return;
    read += bytesRead;
    onBytes(read);
    yield buffer.subarray(0, bytesRead);
  }
}

/** An error of the system or of gzip as one about the file. */
function readable(error: unknown, fileName: string): unknown {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === undefined) return error;
  return code.startsWith('Z_')
    ? new InputError(`${fileName}: expected a gzip file, found: ${message}`)
    : cannotRead(fileName, error);
}

function changed(fileName: string): InputError {
  return new InputError(`${fileName}: expected the file as it was checked, found it changed meanwhile: run it again`);
}

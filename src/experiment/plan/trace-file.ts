import { createHash } from 'node:crypto';
import { traceChunks } from '../../files/trace-chunks.js';
import { InputError } from '../../units/errors.js';
import { scanTrace, type TraceSummary } from '../../workload/trace.js';
import { cannotRead } from './files.js';

/**
 * First pass over a trace file: checks all of it.
 *
 * @throws InputError with the wrong lines
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

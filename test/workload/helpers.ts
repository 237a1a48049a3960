import { readFileSync } from 'node:fs';
import { InputError } from '../../src/units/errors.js';
import { parseWorkload } from '../../src/workload/parse-workload.js';
import { substream } from '../../src/workload/random.js';
import { BATCH_CAPACITY, RequestBatch, type RequestSource } from '../../src/workload/request-source.js';
import type { Workload } from '../../src/workload/workload.js';
import { seedOr } from '../support/runs.js';

/** A whole trace, as plain arrays. */
export interface Columns {
  arrivalNs: number[];
  type: number[];
  serviceNs: number[];
  flow: number[];
}

/** Plays a source to its end. */
export async function drain(
  source: RequestSource,
  capacity = BATCH_CAPACITY,
  onBatch?: (batch: RequestBatch) => void,
): Promise<Columns> {
  const columns: Columns = { arrivalNs: [], type: [], serviceNs: [], flow: [] };
  const batch = new RequestBatch(capacity);
  for (;;) {
    await source.fill(batch);
    if (batch.length === 0) return columns;
    onBatch?.(batch);
    for (let i = 0; i < batch.length; i++) {
      columns.arrivalNs.push(batch.arrivalNs[i]!);
      columns.type.push(batch.type[i]!);
      columns.serviceNs.push(batch.serviceNs[i]!);
      columns.flow.push(batch.flow[i]!);
    }
  }
}

export function shipped(name: string): Workload {
  return parseWorkload(shippedText(name), `workloads/${name}.yaml`);
}

export function shippedText(name: string): string {
  return readFileSync(new URL(`../../workloads/${name}.yaml`, import.meta.url), 'utf8');
}

/** A workload of one type. */
export function single(service: unknown, arrivals: unknown = 'poisson'): Workload {
  return parseWorkload(
    JSON.stringify({ name: 'single', types: [{ name: 'A', ratio: 1, service }], arrivals }),
    'single.yaml',
  );
}

/** The lines of the InputError that `action` throws or rejects with. */
export async function complaints(action: () => unknown): Promise<string[]> {
  try {
    await action();
  } catch (error) {
    if (error instanceof InputError) return error.message.split('\n');
    throw error;
  }
  throw new Error('nothing was refused');
}

/** Mean of n samples and the standard error of that mean. */
export function meanAndError(n: number, sample: () => number): { mean: number; error: number } {
  let sum = 0;
  let sum2 = 0;
  for (let i = 0; i < n; i++) {
    const x = sample();
    sum += x;
    sum2 += x * x;
  }
  const mean = sum / n;
  return { mean, error: Math.sqrt(Math.max(0, sum2 / n - mean * mean) / n) };
}

export const random = (name: string) => substream(seedOr('test'), name);

export const bytes = (text: string) => new TextEncoder().encode(text);

/** The text in pieces of these sizes, over and over. */
export function* pieces(text: string, sizes: readonly number[] = [text.length + 1]): Generator<Uint8Array> {
  const all = bytes(text);
  for (let at = 0, i = 0; at < all.length; i++) {
    const size = sizes[i % sizes.length]!;
    yield all.subarray(at, at + size);
    at += size;
  }
}

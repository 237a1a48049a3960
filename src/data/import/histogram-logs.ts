/**
 * Files that hold distributions instead of requests: HdrHistogram logs, Prometheus buckets and wrk2's percentiles. They
 * give a workload, but no trace.
 */

import { inflateSync } from 'node:zlib';
import { bucketOf, Histogram } from '../../metrics/histogram.js';
import { InputError } from '../../units/errors.js';
import type { MeasuredType } from './workload-yaml.js';

export interface Distributions {
  readonly kind: 'hdr-histogram' | 'prometheus' | 'wrk2';
  readonly types: readonly MeasuredType[];
  /** Requests per second, where the file says so. */
  readonly rateRps?: number;
  /** What a unit of the file's values is, ns. */
  readonly unitNs: number;
}

/**
 * @param unitNs of the values of an HdrHistogram; the other two say it themselves
 * @returns undefined when the text is none of them
 * @throws InputError with file and line
 */
export function readDistributions(text: string, fileName: string, unitNs = 1): Distributions | undefined {
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/);
  if (lines.some((line) => /^#\[Histogram log format|^"StartTimestamp"/.test(line)))
    return readHdrLog(lines, fileName, unitNs);
  if (lines.some((line) => /^[a-zA-Z_:][\w:]*_bucket\{/.test(line))) return readPrometheus(lines, fileName);
  if (lines.some((line) => /Detailed Percentile spectrum|Latency Distribution/.test(line)))
    return readWrk(lines, fileName);
  return undefined;
}

/** Counts per type, filled in any order. */
class Types {
  private readonly all = new Map<string, Histogram>();

  add(type: string, valueNs: number, count: number): void {
    if (!(count > 0)) return;
    const histogram = this.all.get(type) ?? new Histogram();
    this.all.set(type, histogram);
    const value = Math.max(1, valueNs);
    histogram.counts[bucketOf(value)]! += count;
    histogram.sum += value * count;
    histogram.widen({ min: value, atMin: count, max: value });
  }

  list(fileName: string): MeasuredType[] {
    const types = [...this.all].map(([name, demands]) => ({ name, requests: demands.count, demands }));
    if (types.length === 0) throw new InputError(`${fileName}:1: expected counts, found none above 0`);
    return types;
  }
}

function readHdrLog(lines: readonly string[], fileName: string, unitNs: number): Distributions {
  const types = new Types();
  let seconds = 0;
  // Each tag has its own lines for the same time.
  let firstTag: string | undefined;
  lines.forEach((line, i) => {
    if (line === '' || line.startsWith('#') || line.startsWith('"')) return;
    const match = /^(?:Tag=([^,]+),)?([\d.]+),([\d.]+),([\d.]+),([A-Za-z0-9+/=]+)$/.exec(line);
    if (!match) throw at(fileName, i, `[Tag=…,]start,length,max,histogram, found '${line.slice(0, 40)}'`);
    const [, tag = 'REQUEST', , length, , encoded] = match as unknown as string[];
    firstTag ??= tag;
    if (tag === firstTag) seconds += Number(length);
    try {
      decodeHdr(Buffer.from(encoded!, 'base64'), (value, count) => types.add(tag, value * unitNs, count));
    } catch (error) {
      throw at(fileName, i, `an encoded HdrHistogram (V2), found: ${(error as Error).message}`);
    }
  });
  const list = types.list(fileName);
  const requests = list.reduce((sum, each) => sum + each.requests, 0);
  return { kind: 'hdr-histogram', types: list, unitNs, ...(seconds > 0 && { rateRps: requests / seconds }) };
}

function at(fileName: string, line: number, message: string): InputError {
  return new InputError([{ file: fileName, line: line + 1, path: '', message: `expected ${message}` }]);
}

const COMPRESSED_V2 = 0x1c849304;
const PLAIN_V2 = 0x1c849303;
/** A histogram of three digits up to an hour in ns has 40 thousand counts. */
const MOST_BYTES = 64 << 20;

/** HdrHistogram, encoding V2 (HdrHistogram Java, AbstractHistogram.encodeIntoByteBuffer): zigzag LEB128 counts. */
function decodeHdr(bytes: Buffer, add: (value: number, count: number) => void): void {
  let data = bytes;
  if ((data.readUInt32BE(0) & ~0xf0) >>> 0 === (COMPRESSED_V2 & ~0xf0) >>> 0) {
    data = inflateSync(data.subarray(8, 8 + data.readUInt32BE(4)), { maxOutputLength: MOST_BYTES });
  }
  if ((data.readUInt32BE(0) & ~0xf0) >>> 0 !== (PLAIN_V2 & ~0xf0) >>> 0) throw new Error('another encoding');
  const length = data.readUInt32BE(4);
  const digits = data.readUInt32BE(12);
  const lowest = Number(data.readBigUInt64BE(16));
  if (digits > 5) throw new Error(`${digits} significant digits`);
  // A sub-bucket is as fine as the digits ask for (HdrHistogram, "unit magnitude" and "sub bucket half count").
  const unitMagnitude = Math.floor(Math.log2(Math.max(1, lowest)));
  const subMagnitude = Math.ceil(Math.log2(2 * 10 ** digits));
  const half = 2 ** (Math.max(1, subMagnitude) - 1);
  const end = Math.min(data.length, 40 + length);
  let index = 0;
  for (let from = 40; from < end; ) {
    const { value, next } = zigzag(data, from, end);
    from = next;
    if (value < 0) index -= value;
    else {
      if (value > 0) add(middleOf(index, half, unitMagnitude), value);
      index++;
    }
    if (index > 2 ** 26) throw new Error('more counts than a histogram has');
  }
}

function middleOf(index: number, half: number, unitMagnitude: number): number {
  let bucket = Math.floor(index / half) - 1;
  let sub = (index % half) + half;
  if (bucket < 0) {
    sub -= half;
    bucket = 0;
  }
  const size = 2 ** (bucket + unitMagnitude);
  return sub * size + Math.floor(size / 2);
}

function zigzag(data: Buffer, from: number, end: number): { value: number; next: number } {
  let result = 0n;
  let shift = 0n;
  for (let next = from; next < end; next++) {
    const byte = data[next]!;
    // The ninth byte has eight bits.
    if (shift === 56n) {
      result |= BigInt(byte) << 56n;
      return { value: unzigzag(result), next: next + 1 };
    }
    result |= BigInt(byte & 0x7f) << shift;
    if ((byte & 0x80) === 0) return { value: unzigzag(result), next: next + 1 };
    shift += 7n;
  }
  throw new Error('it is cut off');
}

function unzigzag(value: bigint): number {
  return Number(BigInt.asIntN(64, (value >> 1n) ^ -(value & 1n)));
}

/** A bucket is spread evenly over so many values. */
const PARTS = 20;
const TYPE_LABELS = ['type', 'handler', 'route', 'endpoint', 'operation', 'method', 'path', 'uri', 'grpc_method'];

/** `name_bucket{handler="/item",le="0.1"} 123`: counts of all values up to `le`, in seconds by convention. */
function readPrometheus(lines: readonly string[], fileName: string): Distributions {
  const series = new Map<string, { le: number; count: number; line: number }[]>();
  lines.forEach((line, i) => {
    const match = /^([a-zA-Z_:][\w:]*)_bucket\{(.*)\}\s+(\S+)/.exec(line);
    if (!match) return;
    const labels = new Map(
      [...match[2]!.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, key, value]) => [key!, value!]),
    );
    const le = labels.get('le') === '+Inf' ? Number.POSITIVE_INFINITY : Number(labels.get('le'));
    const count = Number(match[3]);
    if (Number.isNaN(le) || !(count >= 0)) throw at(fileName, i, `le and a count, found '${line.slice(0, 60)}'`);
    const names = TYPE_LABELS.flatMap((label) => labels.get(label) ?? []);
    const type = names.join(' ') || match[1]!;
    const known = series.get(type) ?? [];
    series.set(type, known);
    known.push({ le, count, line: i });
  });
  const unitNs = 1e9;
  const types = new Types();
  for (const [type, buckets] of series) {
    const merged = new Map<number, number>();
    for (const { le, count } of buckets) merged.set(le, (merged.get(le) ?? 0) + count);
    let [below, lower] = [0, 0];
    for (const [le, count] of [...merged].sort(([a], [b]) => a - b)) {
      if (count < below) {
        throw at(fileName, buckets[0]!.line, `counts that grow with le, found ${count} after ${below} for ${type}`);
      }
      const upper = Number.isFinite(le) ? le : lower;
      for (let part = 0; part < PARTS; part++) {
        const value = lower + ((upper - lower) * (part + 0.5)) / PARTS;
        types.add(type, Math.round(value * unitNs), (count - below) / PARTS);
      }
      below = count;
      lower = upper;
    }
  }
  return { kind: 'prometheus', types: types.list(fileName), unitNs };
}

/** wrk2 --latency: `value  percentile  total count  1/(1-percentile)`, values in ms; else `50.000%  1.23ms`. */
function readWrk(lines: readonly string[], fileName: string): Distributions {
  const types = new Types();
  const unitNs = 1e6;
  let [before, lower] = [0, 0];
  for (const line of lines) {
    const row = /^\s*([\d.]+)\s+([\d.]+)\s+(\d+)(?:\s+([\d.]+|inf))?\s*$/.exec(line);
    if (!row) continue;
    const [value, total] = [Number(row[1]) * unitNs, Number(row[3])];
    for (let part = 0; part < PARTS; part++) {
      types.add('REQUEST', lower + ((value - lower) * (part + 0.5)) / PARTS, (total - before) / PARTS);
    }
    [before, lower] = [Math.max(before, total), value];
  }
  if (before === 0) {
    throw new InputError(`${fileName}:1: expected the detailed percentiles of wrk2, found none: run it with --latency`);
  }
  const rate = lines.map((line) => /^Requests\/sec:\s+([\d.]+)/.exec(line)?.[1]).find((each) => each !== undefined);
  return { kind: 'wrk2', types: types.list(fileName), unitNs, ...(rate !== undefined && { rateRps: Number(rate) }) };
}

/**
 * Traces as the whole workload. A first pass over the bytes checks every line and sums up what is in it; a second pass
 * plays it. Both hold one chunk at a time, so that a trace may be larger than memory.
 */

import { exactDuration, MAX_TIME, MAX_TIME_NS } from '../units/duration.js';
import { InputError, type InputIssue } from '../units/errors.js';
import { byIndex } from '../units/unknown.js';
import { RequestBatch, type RequestSource } from './request-source.js';
import { TraceParser } from './trace-parser.js';
import type { Offer } from './workload.js';

/** The bytes of a trace file, unzipped, in pieces of any size. */
export type Chunks = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

export interface TraceSummary {
  readonly fileName: string;
  readonly requests: number;
  /** First and last arrival as they stand in the file, ns. */
  readonly firstArrivalNs: number;
  readonly lastArrivalNs: number;
  /** The time in the file that is time 0 of a run, ns: 0, or the first arrival of a trace that begins late. */
  readonly startNs: number;
  /** Mean rate between the first and the last arrival, requests per second; null when they are at the same time. */
  readonly rateRps: number | null;
  /** Mean service demand, ns. */
  readonly meanServiceNs: number;
  /** The types in the order of their first appearance, except that UNKNOWN, if there is one, is last. */
  readonly types: readonly TraceType[];
  /** Number of types the classifier recognises: all but UNKNOWN. */
  readonly classified: number;
  /** Does the file have the column `flow`? */
  readonly hasFlow: boolean;
}

export interface TraceType {
  readonly name: string;
  readonly count: number;
  /** Share among all requests. */
  readonly ratio: number;
  /** Mean of the demand, ns, and of its square, ns². */
  readonly meanServiceNs: number;
  readonly secondMomentNs2: number;
}

/** A file with this many wrong lines is wrong as a whole. */
const MAX_ISSUES = 20;

/**
 * First pass: checks the whole file.
 *
 * @throws InputError with the first wrong lines (at most 20)
 */
export async function scanTrace(chunks: Chunks, fileName: string): Promise<TraceSummary> {
  const issues: InputIssue[] = [];
  const parser = new TraceParser((line, message, hopeless) => {
    issues.push({ file: fileName, line, path: '', message });
    if (hopeless || issues.length >= MAX_ISSUES) throw new InputError(issues);
  });
  const sums = new Sums();
  const batch = new RequestBatch();
  for await (const chunk of chunks) {
    for (let offset = 0; offset < chunk.length; ) {
      batch.length = 0;
      offset = parser.parse(chunk, offset, batch);
      sums.add(batch);
    }
  }
  batch.length = 0;
  parser.finish(batch);
  sums.add(batch);
  if (issues.length > 0) throw new InputError(issues);
  if (sums.requests === 0) {
    throw new InputError([{ file: fileName, line: 1, path: '', message: 'expected requests, found none' }]);
  }
  return sums.summary(fileName, parser);
}

/** Counts and sums over a trace. */
class Sums {
  requests = 0;
  private firstArrivalNs = 0;
  private lastArrivalNs = 0;
  private readonly counts: number[] = [];
  private readonly serviceNs: number[] = [];
  private readonly serviceNs2: number[] = [];

  add({ length, arrivalNs, serviceNs, type }: RequestBatch): void {
    if (length === 0) return;
    if (this.requests === 0) this.firstArrivalNs = arrivalNs[0]!;
    this.requests += length;
    this.lastArrivalNs = arrivalNs[length - 1]!;
    for (let i = 0; i < length; i++) {
      const k = type[i]!;
      const ns = serviceNs[i]!;
      this.counts[k] = (this.counts[k] ?? 0) + 1;
      this.serviceNs[k] = (this.serviceNs[k] ?? 0) + ns;
      this.serviceNs2[k] = (this.serviceNs2[k] ?? 0) + ns * ns;
    }
  }

  summary(fileName: string, { types: { names }, hasFlow }: TraceParser): TraceSummary {
    const { requests, firstArrivalNs, lastArrivalNs } = this;
    const types = names.map((name, k) => ({
      name,
      count: this.counts[k]!,
      ratio: this.counts[k]! / requests,
      meanServiceNs: this.serviceNs[k]! / this.counts[k]!,
      secondMomentNs2: this.serviceNs2[k]! / this.counts[k]!,
    }));
    const span = lastArrivalNs - firstArrivalNs;
    return {
      fileName,
      requests,
      firstArrivalNs,
      lastArrivalNs,
      startNs: beginsLate(firstArrivalNs, span, requests) ? firstArrivalNs : 0,
      rateRps: span > 0 ? ((requests - 1) * 1e9) / span : null,
      meanServiceNs: this.serviceNs.reduce((a, b) => a + b, 0) / requests,
      ...byIndex(types, ({ name }) => name),
      hasFlow,
    };
  }
}

/** Mean gaps before the first arrival that are not chance: of Poisson arrivals, one trace in e^100 has more. */
const LATE_GAPS = 100;

/**
 * Does a trace begin late for its rate, as one with times since 1970 does? A wait longer than the trace is late in any
 * case.
 */
function beginsLate(firstArrivalNs: number, spanNs: number, requests: number): boolean {
  const gapNs = spanNs / Math.max(1, requests - 1);
  return firstArrivalNs > Math.min(spanNs, LATE_GAPS * gapNs);
}

/** What a reader of the results should know of how a trace is played. */
export function traceNotes({ fileName, startNs }: TraceSummary): string[] {
  return startNs === 0 ? [] : [`${fileName}: begins at ${exactDuration(startNs)}: times count from its first arrival`];
}

/**
 * When the last request of a trace arrives, ns after its start.
 *
 * @throws InputError when that is beyond the limit of times
 */
export function traceEndNs({ fileName, startNs, lastArrivalNs }: TraceSummary, rateScale: number): number {
  const endNs = Math.floor((lastArrivalNs - startNs) / rateScale);
  if (endNs <= MAX_TIME_NS) return endNs;
  throw new InputError(
    `${fileName}: expected a last arrival before ${MAX_TIME}, found it later at ${rateScale} times the rate`,
  );
}

/**
 * The `rateScale` that makes a trace offer this load or rate.
 *
 * @throws RangeError when the trace has no rate, because all its requests arrive at once
 */
export function traceRateScale(summary: TraceSummary, offer: Offer): number {
  if (summary.rateRps === null)
    throw new RangeError(`trace ${summary.fileName} has no rate: all requests arrive at once`);
  const rateRps = 'rateRps' in offer ? offer.rateRps : (offer.load * offer.workers * 1e9) / summary.meanServiceNs;
  return rateRps / summary.rateRps;
}

export interface TraceOptions {
  /** What the rate is multiplied by: arrival times are divided by it, then rounded down; default 1. */
  readonly rateScale?: number;
  /** End after this many requests. */
  readonly requests?: number;
  /** End at this time, ns after scaling; the last arrival is before it. */
  readonly durationNs?: number;
}

/**
 * Second pass: plays the trace.
 *
 * `fill` returns at once while something is left of a chunk, else a promise. It rejects with an InputError when a line
 * is wrong, which means that the trace has changed since the first pass.
 *
 * @throws RangeError when the scale is not above 0
 * @throws InputError when the scale takes a time beyond the limit
 */
export function openTrace(chunks: Chunks, summary: TraceSummary, options: TraceOptions = {}): RequestSource {
  const { rateScale = 1, requests = Number.POSITIVE_INFINITY, durationNs = Number.POSITIVE_INFINITY } = options;
  if (!(rateScale > 0 && rateScale < Number.POSITIVE_INFINITY)) {
    throw new RangeError(`expected a rate scale above 0, found ${rateScale}`);
  }
  traceEndNs(summary, rateScale);
  // A trace that is wanted whole is read to its end, where a change of the file shows.
  const wanted = requests < summary.requests ? requests : Number.POSITIVE_INFINITY;
  return new TraceSource(chunks, summary, rateScale, wanted, durationNs);
}

const NOTHING = new Uint8Array(0);

class TraceSource implements RequestSource {
  private readonly iterator: AsyncIterator<Uint8Array> | Iterator<Uint8Array>;
  private readonly parser: TraceParser;
  private chunk: Uint8Array = NOTHING;
  private offset = 0;
  private ended = false;
  private readonly startNs: number;

  constructor(
    chunks: Chunks,
    { fileName, types, startNs }: TraceSummary,
    private readonly rateScale: number,
    private requestsLeft: number,
    private readonly durationNs: number,
  ) {
    this.iterator = Symbol.asyncIterator in chunks ? chunks[Symbol.asyncIterator]() : chunks[Symbol.iterator]();
    this.startNs = startNs;
    const refuse = (line: number, message: string) => {
      this.close()?.catch(() => {});
      const why = `${message}: the file has changed since it was checked`;
      throw new InputError([{ file: fileName, line, path: '', message: why }]);
    };
    this.parser = new TraceParser(
      refuse,
      types.map(({ name }) => name),
    );
  }

  fill(batch: RequestBatch): void | Promise<void> {
    batch.length = 0;
    this.parseChunk(batch);
    if (this.ended || batch.length > 0) return this.finishBatch(batch);
    return this.fillFromNextChunks(batch);
  }

  /** Stops at the first chunk that has requests, so that a slow reader delays nothing. */
  private async fillFromNextChunks(batch: RequestBatch): Promise<void> {
    while (!this.ended && batch.length === 0) {
      const next = await this.iterator.next();
      if (next.done) {
        this.ended = true;
        this.parser.finish(batch);
      } else {
        this.chunk = next.value;
        this.offset = 0;
        this.parseChunk(batch);
      }
    }
    return this.finishBatch(batch);
  }

  private parseChunk(batch: RequestBatch): void {
    if (this.offset < this.chunk.length) this.offset = this.parser.parse(this.chunk, this.offset, batch);
  }

  /** Shifts and scales the arrivals, and cuts the batch where the trace is to end. */
  private finishBatch(batch: RequestBatch): void | Promise<void> {
    const { rateScale, durationNs, startNs } = this;
    const { arrivalNs } = batch;
    let length = Math.min(batch.length, this.requestsLeft);
    for (let i = 0; i < length; i++) arrivalNs[i] = Math.floor((arrivalNs[i]! - startNs) / rateScale);
    if (length > 0 && arrivalNs[length - 1]! >= durationNs) {
      while (length > 0 && arrivalNs[length - 1]! >= durationNs) length--;
      this.requestsLeft = length;
    }
    batch.length = length;
    this.requestsLeft -= length;
    if (this.requestsLeft > 0 || this.ended) return;
    return this.close();
  }

  close(): Promise<void> | undefined {
    if (this.ended) return undefined;
    this.ended = true;
    this.chunk = NOTHING;
    this.offset = 0;
    const closing = this.iterator.return?.();
    return closing instanceof Promise ? closing.then(() => undefined) : undefined;
  }
}

/** Traces of a few hundred requests, held in memory. */

import { log } from '../workload/math.js';
import { substream } from '../workload/random.js';
import type { RequestBatch, RequestSource } from '../workload/request-source.js';

/** A small request trace; each request can be looked up by its number. */
export interface SmallTrace {
  readonly arrivalNs: number[];
  readonly serviceNs: number[];
  readonly type: number[];
  readonly flow: number[];
}

export interface TraceShape {
  readonly types: number;
  readonly workers: number;
  readonly load: number;
  readonly requests: number;
  readonly seed: number;
  /** Times are multiples of this: a coarse clock makes many events fall on the same moment. */
  readonly tickNs: number;
  /** Do services of a type vary? */
  readonly vary: boolean;
}

/** Mean service demand of type `t`: each type three times the one before. */
export const meanOfType = (t: number): number => 1000 * 3 ** t;

/** Poisson arrivals, types with equal probability, constant or exponential services. */
export function makeSmallTrace({ types, workers, load, requests, seed, tickNs, vary }: TraceShape): SmallTrace {
  const random = substream(seed, 'check');
  const tick = (ns: number) => Math.round(ns / tickNs) * tickNs;
  const meanNs = Array.from({ length: types }, (_, t) => meanOfType(t)).reduce((a, b) => a + b, 0) / types;
  const gapNs = meanNs / (load * workers);
  const trace: SmallTrace = { arrivalNs: [], serviceNs: [], type: [], flow: [] };
  let atNs = 0;
  for (let i = 0; i < requests; i++) {
    atNs += -log(1 - random()) * gapNs;
    const type = Math.floor(random() * types);
    const serviceNs = vary ? -log(1 - random()) * meanOfType(type) : meanOfType(type);
    trace.arrivalNs.push(tick(atNs));
    trace.serviceNs.push(Math.max(1, tick(serviceNs)));
    trace.type.push(type);
    trace.flow.push(Math.floor(random() * 2 ** 32));
  }
  return trace;
}

/** Plays a trace in batches of an awkward size. */
export function sourceOf(trace: SmallTrace): RequestSource {
  let at = 0;
  return {
    fill(batch: RequestBatch): void {
      const n = Math.min(37, trace.arrivalNs.length - at, batch.arrivalNs.length);
      for (let i = 0; i < n; i++, at++) {
        batch.arrivalNs[i] = trace.arrivalNs[at]!;
        batch.serviceNs[i] = trace.serviceNs[at]!;
        batch.type[i] = trace.type[at]!;
        batch.flow[i] = trace.flow[at]!;
      }
      batch.length = n;
    },
  };
}

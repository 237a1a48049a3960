import { float64s } from '../units/arrays.js';
import { BUCKETS, bucketOf, Histogram, NOTHING } from './histogram.js';

/** The measured distributions of one request type. */
export interface TypeHistograms {
  readonly sojournNs: Histogram;
  readonly slowdown: Histogram;
  readonly serviceNs: Histogram;
}

/** Records completed requests, by type. */
export interface Recorder {
  /**
   * A request of `type` with this service demand left the system after `sojournNs`; slowdown is their quotient.
   *
   * @param request its number in the trace
   */
  record(type: number, sojournNs: number, serviceNs: number, request: number): void;
  /** Forgets what was recorded. */
  reset(): void;
  /** What was recorded for a type. Views of the live counts, all else as of now. */
  histograms(type: number): TypeHistograms;
  /** What was recorded for each type since the last cut, or the start. */
  cut(): TypeHistograms[];
}

/**
 * A recorder over flat arrays, one row of buckets per type and quantity. A factory of closures rather than a class: the
 * arrays are constants of the closure, and V8 compiles constants of a closure that is made once into the code.
 *
 * @param sojournsNs also written: the sojourn of each request, by number
 */
export function createRecorder(types: number, sojournsNs?: Float64Array): Recorder {
  // Names of this closure: see src/sim/loop.ts.
  const buckets = BUCKETS;
  const bucket = bucketOf;
  const sojourns = new Float64Array(types * BUCKETS);
  const slowdowns = new Float64Array(types * BUCKETS);
  const services = new Float64Array(types * BUCKETS);
  // One entry per type and quantity: the sum of all values, and the extremes of those since the last cut.
  const sums = float64s(types * 3);
  const mins = float64s(types * 3).fill(NOTHING.min);
  const atMins = float64s(types * 3);
  const maxs = float64s(types * 3).fill(NOTHING.max);

  function note(at: number, value: number): void {
    sums[at] = sums[at]! + value;
    const min = mins[at]!;
    if (value <= min) {
      mins[at] = value;
      atMins[at] = value < min ? 1 : atMins[at]! + 1;
    }
    if (value > maxs[at]!) maxs[at] = value;
  }

  function record(type: number, sojournNs: number, serviceNs: number): void {
    const row = type * buckets;
    const slowdown = sojournNs / serviceNs;
    sojourns[row + bucket(sojournNs)]!++;
    slowdowns[row + bucket(slowdown)]!++;
    services[row + bucket(serviceNs)]!++;
    const at = type * 3;
    note(at, sojournNs);
    note(at + 1, slowdown);
    note(at + 2, serviceNs);
  }

  /** What there was at the last cut, by entry. */
  const before = new Map<number, Histogram>();

  function live(at: number): Histogram {
    const type = Math.floor(at / 3);
    const counts = [sojourns, slowdowns, services][at % 3]!.subarray(type * BUCKETS, (type + 1) * BUCKETS);
    return new Histogram({ counts, sum: sums[at]!, min: mins[at]!, atMin: atMins[at]!, max: maxs[at]! });
  }

  function all(at: number): Histogram {
    const histogram = live(at);
    histogram.widen(before.get(at) ?? NOTHING);
    return histogram;
  }

  function sinceCut(at: number): Histogram {
    const earlier = before.get(at);
    const since = live(at);
    const counts = since.counts.map((count, bucket) => count - (earlier?.counts[bucket] ?? 0));
    before.set(at, new Histogram({ ...all(at), counts: since.counts.slice() }));
    mins[at] = NOTHING.min;
    atMins[at] = NOTHING.atMin;
    maxs[at] = NOTHING.max;
    return new Histogram({ ...since, counts, sum: since.sum - (earlier?.sum ?? 0) });
  }

  const of = (type: number, read: (at: number) => Histogram): TypeHistograms => ({
    sojournNs: read(type * 3),
    slowdown: read(type * 3 + 1),
    serviceNs: read(type * 3 + 2),
  });
  const histograms = (type: number) => of(type, all);
  const cut = () => Array.from({ length: types }, (_, type) => of(type, sinceCut));

  function reset(): void {
    for (const each of [sojourns, slowdowns, services, sums, atMins]) each.fill(0);
    mins.fill(NOTHING.min);
    maxs.fill(NOTHING.max);
    before.clear();
  }

  if (!sojournsNs) return { record, reset, histograms, cut };
  return {
    record: (type, sojournNs, serviceNs, request) => {
      sojournsNs[request] = sojournNs;
      record(type, sojournNs, serviceNs);
    },
    reset,
    histograms,
    cut,
  };
}

import { float64s } from '../units/arrays.js';
import { BUCKETS, bucketOf, Histogram } from './histogram.js';

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
  /** What was recorded for a type. Views of the live counts, sums as of now. */
  histograms(type: number): TypeHistograms;
}

/**
 * A recorder over flat arrays, one row of buckets per type and quantity. A factory of closures rather than a class: the arrays are constants of
 * the closure, and V8 compiles constants of a closure that is made once into the code.
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
  const sums = float64s(types * 3);

  function record(type: number, sojournNs: number, serviceNs: number): void {
    const row = type * buckets;
    const slowdown = sojournNs / serviceNs;
    sojourns[row + bucket(sojournNs)]!++;
    slowdowns[row + bucket(slowdown)]!++;
    services[row + bucket(serviceNs)]!++;
    const sum = type * 3;
    sums[sum] = sums[sum]! + sojournNs;
    sums[sum + 1] = sums[sum + 1]! + slowdown;
    sums[sum + 2] = sums[sum + 2]! + serviceNs;
  }

  function histograms(type: number): TypeHistograms {
    const row = (counts: Float64Array) => counts.subarray(type * BUCKETS, (type + 1) * BUCKETS);
    return {
      sojournNs: new Histogram(row(sojourns), sums[type * 3]!),
      slowdown: new Histogram(row(slowdowns), sums[type * 3 + 1]!),
      serviceNs: new Histogram(row(services), sums[type * 3 + 2]!),
    };
  }

  if (!sojournsNs) return { record, histograms };
  return {
    record: (type, sojournNs, serviceNs, request) => {
      sojournsNs[request] = sojournNs;
      record(type, sojournNs, serviceNs);
    },
    histograms,
  };
}

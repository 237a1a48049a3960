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
  /** What was recorded for a type. Views of the live counts, all else as of now. */
  histograms(type: number): TypeHistograms;
  /** What was recorded for each type since the last cut, or the start. */
  cut(): TypeHistograms[];
}

/** Numbers kept per type and quantity beside the buckets: sum, min, atMin, max. */
const FACTS = 4;

/**
 * A recorder over flat arrays, one row of buckets per type and quantity. A factory of closures rather than a class: the arrays are
 * constants of the closure, and V8 compiles constants of a closure that is made once into the code.
 *
 * @param sojournsNs also written: the sojourn of each request, by number
 */
export function createRecorder(types: number, sojournsNs?: Float64Array): Recorder {
  // Names of this closure: see src/sim/loop.ts.
  const buckets = BUCKETS;
  const bucket = bucketOf;
  const stride = FACTS;
  const sojourns = new Float64Array(types * BUCKETS);
  const slowdowns = new Float64Array(types * BUCKETS);
  const services = new Float64Array(types * BUCKETS);
  /** The sum of all values, the extremes of those since the last cut. */
  const facts = float64s(types * 3 * FACTS);
  const rows = Array.from({ length: types * 3 }, (_, row) => {
    facts.set([0, NOTHING.min, NOTHING.atMin, NOTHING.max], row * FACTS);
    const type = Math.floor(row / 3);
    const counts = [sojourns, slowdowns, services][row % 3]!.subarray(type * BUCKETS, (type + 1) * BUCKETS);
    return { at: row * FACTS, counts, before: undefined as Histogram | undefined };
  });

  function note(at: number, value: number): void {
    facts[at] = facts[at]! + value;
    const min = facts[at + 1]!;
    if (value <= min) {
      facts[at + 1] = value;
      facts[at + 2] = value < min ? 1 : facts[at + 2]! + 1;
    }
    if (value > facts[at + 3]!) facts[at + 3] = value;
  }

  function record(type: number, sojournNs: number, serviceNs: number): void {
    const row = type * buckets;
    const slowdown = sojournNs / serviceNs;
    sojourns[row + bucket(sojournNs)]!++;
    slowdowns[row + bucket(slowdown)]!++;
    services[row + bucket(serviceNs)]!++;
    const at = type * 3 * stride;
    note(at, sojournNs);
    note(at + stride, slowdown);
    note(at + 2 * stride, serviceNs);
  }

  function live({ at, counts }: (typeof rows)[number]): Histogram {
    const [sum = 0, min = 0, atMin = 0, max = 0] = facts.subarray(at);
    return new Histogram({ counts, sum, min, atMin, max });
  }

  function all(row: (typeof rows)[number]): Histogram {
    const histogram = live(row);
    if (row.before) histogram.widen(row.before);
    return histogram;
  }

  function sinceCut(row: (typeof rows)[number]): Histogram {
    const { at, before } = row;
    const since = live(row);
    const counts = since.counts.map((count, bucket) => count - (before?.counts[bucket] ?? 0));
    row.before = new Histogram({ ...all(row), counts: since.counts.slice() });
    facts.set([NOTHING.min, NOTHING.atMin, NOTHING.max], at + 1);
    return new Histogram({ ...since, counts, sum: since.sum - (before?.sum ?? 0) });
  }

  const of = (type: number, read: (row: (typeof rows)[number]) => Histogram): TypeHistograms => ({
    sojournNs: read(rows[type * 3]!),
    slowdown: read(rows[type * 3 + 1]!),
    serviceNs: read(rows[type * 3 + 2]!),
  });
  const histograms = (type: number) => of(type, all);
  const cut = () => Array.from({ length: types }, (_, type) => of(type, sinceCut));

  if (!sojournsNs) return { record, histograms, cut };
  return {
    record: (type, sojournNs, serviceNs, request) => {
      sojournsNs[request] = sojournNs;
      record(type, sojournNs, serviceNs);
    },
    histograms,
    cut,
  };
}

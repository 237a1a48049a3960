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
  /** What was recorded for a type, as of now. */
  histograms(type: number): TypeHistograms;
  /** What was recorded for each type since the last cut, or the start. */
  cut(): TypeHistograms[];
}

/** Lines of a type: what is kept of the requests that waited, and of those that did not. */
const LINES = 4;
const [SOJOURN, SLOWDOWN, SERVICE, AT_ONCE] = [0, 1, 2, 3];

/**
 * A recorder over flat arrays. A factory of closures rather than a class: the arrays are constants of the closure, and
 * V8 compiles constants of a closure that is made once into the code.
 *
 * A request that never waited has a sojourn equal to its demand and a slowdown of 1, so only its demand is counted.
 * That saves a division and two buckets, and the processor need not guess whether a value equals the smallest.
 *
 * @param sojournsNs also written: the sojourn of each request, by number
 */
export function createRecorder(types: number, sojournsNs?: Float64Array): Recorder {
  // Names of this closure: see src/sim/loop.ts.
  const buckets = BUCKETS;
  const bucket = bucketOf;
  const [lines, sojournLine, slowdownLine, serviceLine, atOnceLine] = [LINES, SOJOURN, SLOWDOWN, SERVICE, AT_ONCE];
  const sojourns = new Float64Array(types * BUCKETS);
  const slowdowns = new Float64Array(types * BUCKETS);
  const services = new Float64Array(types * BUCKETS);
  const atOnce = new Float64Array(types * BUCKETS);
  const rows = [sojourns, slowdowns, services, atOnce];
  // Per type and quantity, over all requests.
  const sums = float64s(types * LINES);
  // Per type and line, since the last cut.
  const mins = float64s(types * LINES).fill(NOTHING.min);
  const atMins = float64s(types * LINES);
  const maxs = float64s(types * LINES).fill(NOTHING.max);

  function note(at: number, value: number): void {
    const min = mins[at]!;
    if (value <= min) {
      if (value < min) {
        mins[at] = value;
        atMins[at] = 0;
      }
      atMins[at]!++;
    }
    if (value > maxs[at]!) maxs[at] = value;
  }

  function record(type: number, sojournNs: number, serviceNs: number): void {
    const row = type * buckets;
    const at = type * lines;
    sums[at + sojournLine] = sums[at + sojournLine]! + sojournNs;
    sums[at + serviceLine] = sums[at + serviceLine]! + serviceNs;
    if (sojournNs === serviceNs) {
      sums[at + slowdownLine]!++;
      atOnce[row + bucket(serviceNs)]!++;
      note(at + atOnceLine, serviceNs);
      return;
    }
    const slowdown = sojournNs / serviceNs;
    sums[at + slowdownLine] = sums[at + slowdownLine]! + slowdown;
    sojourns[row + bucket(sojournNs)]!++;
    slowdowns[row + bucket(slowdown)]!++;
    services[row + bucket(serviceNs)]!++;
    note(at + sojournLine, sojournNs);
    note(at + slowdownLine, slowdown);
    note(at + serviceLine, serviceNs);
  }

  /** What there was at the last cut, by line. */
  const before = new Map<number, Histogram>();

  function live(at: number): Histogram {
    const type = Math.floor(at / LINES);
    const counts = rows[at % LINES]!.slice(type * BUCKETS, (type + 1) * BUCKETS);
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
    before.set(at, all(at));
    mins[at] = NOTHING.min;
    atMins[at] = NOTHING.atMin;
    maxs[at] = NOTHING.max;
    return new Histogram({ ...since, counts, sum: since.sum - (earlier?.sum ?? 0) });
  }

  function of(type: number, read: (at: number) => Histogram): TypeHistograms {
    const [sojournNs, slowdown, serviceNs, promptNs] = Array.from({ length: LINES }, (_, line) =>
      read(type * LINES + line),
    ) as [Histogram, Histogram, Histogram, Histogram];
    sojournNs.merge(promptNs);
    serviceNs.merge(promptNs);
    const { count } = promptNs;
    slowdown.counts[bucketOf(1)]! += count;
    if (count > 0) slowdown.widen({ min: 1, atMin: count, max: 1 });
    return { sojournNs, slowdown, serviceNs };
  }

  const histograms = (type: number) => of(type, all);
  const cut = () => Array.from({ length: types }, (_, type) => of(type, sinceCut));

  function reset(): void {
    for (const each of [...rows, sums, atMins]) each.fill(0);
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

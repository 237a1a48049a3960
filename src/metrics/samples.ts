import { sampleStandardDeviation } from 'simple-statistics';
import type { PairedDifference } from '../results/comparison.js';
import type { Interval } from '../results/result.js';
import { CONFIDENCE } from './confidence.js';
import { studentT } from './student.js';

/**
 * What happened to each request of a run, by its number in the trace. Two runs are compared by whole distributions and
 * request by request.
 */
export interface RequestSamples {
  /** Equal in two runs that met the same requests. */
  readonly traceDigest: string;
  readonly type: Uint16Array;
  readonly serviceNs: Float64Array;
  /** NaN where it was not measured: it came during the warm-up, or did not complete. */
  readonly sojournNs: Float64Array;
}

/** A quantity of every measured request of one type, or of all (`undefined`), in ascending order. */
export function sortedSojourns({ type, sojournNs }: RequestSamples, only: number | undefined): Float64Array {
  return sojournNs.filter((ns, i) => !Number.isNaN(ns) && (only === undefined || type[i] === only)).sort();
}

/**
 * Kolmogorov–Smirnov distance of two samples: the largest difference of their empirical distribution functions, 0 … 1.
 * NaN when either is empty. (Conover, Practical Nonparametric Statistics, 3rd edition, section 6.3.)
 *
 * @param a ascending
 * @param b ascending
 */
export function kolmogorovSmirnov(a: Float64Array, b: Float64Array): number {
  if (a.length === 0 || b.length === 0) return Number.NaN;
  let i = 0;
  let j = 0;
  let largest = 0;
  while (i < a.length && j < b.length) {
    const at = Math.min(a[i]!, b[j]!);
    // Pass all equal values on both sides first: within ties there is no difference.
    while (i < a.length && a[i] === at) i++;
    while (j < b.length && b[j] === at) j++;
    largest = Math.max(largest, Math.abs(i / a.length - j / b.length));
  }
  return largest;
}

/** Pairs each request of one type, or of all, with itself. Undefined when no request was measured in both. */
export function pairedDifference(
  a: RequestSamples,
  b: RequestSamples,
  only: number | undefined,
): PairedDifference | undefined {
  const differences = a.sojournNs
    .map((ns, i) => (only === undefined || a.type[i] === only ? ns - b.sojournNs[i]! : Number.NaN))
    .filter((ns) => !Number.isNaN(ns))
    .sort();
  const { length } = differences;
  if (length === 0) return undefined;
  const at = (q: number) => differences[Math.min(length - 1, Math.max(0, Math.ceil(q * length) - 1))]!;
  return { count: length, p1Ns: at(0.01), medianNs: at(0.5), p99Ns: at(0.99) };
}

/**
 * Consecutive parts of a run: few enough that a disturbance of one is mostly over in the next, enough to measure a
 * spread.
 */
const BATCHES = 20;

/**
 * Intervals at 95 % of a quantile of the slowdown in two runs of the same requests, from what the runs do not have in
 * common. The requests, and how they wait for each other, are the same in both and cancel out. A disturbance of one run
 * does not, and counts once, however many requests it delayed.
 *
 * Batch means of a paired difference: in each of 20 consecutive parts of the run, the share of requests at or below the
 * quantile on the one side less that on the other; their spread says how far the ranks of the two quantiles may be
 * apart. Asmussen and Glynn, Stochastic Simulation, sections III.4a (quantiles) and IV.5 (batches). Undefined with
 * fewer than two requests a batch; a bound is null where a rank lies beyond the run.
 *
 * @param only one type, or all (`undefined`)
 */
export function pairedIntervals(
  a: RequestSamples,
  b: RequestSamples,
  only: number | undefined,
  q: number,
): { readonly a: Interval; readonly b: Interval } | undefined {
  const both = [...a.type.keys()].filter(
    (i) =>
      (only === undefined || a.type[i] === only) && !Number.isNaN(a.sojournNs[i]!) && !Number.isNaN(b.sojournNs[i]!),
  );
  const { length } = both;
  if (length < 2 * BATCHES) return undefined;
  const side = ({ sojournNs, serviceNs }: RequestSamples) => {
    const slowdown = Float64Array.from(both, (i) => sojournNs[i]! / serviceNs[i]!);
    const sorted = slowdown.slice().sort();
    return { slowdown, sorted, quantile: sorted[Math.ceil(q * length) - 1]! };
  };
  const [x, y] = [side(a), side(b)];
  const differences = Array.from({ length: BATCHES }, (_, batch) => {
    const [from, to] = [batch, batch + 1].map((edge) => Math.floor((edge * length) / BATCHES));
    let more = 0;
    for (let k = from!; k < to!; k++) {
      more += Number(x.slowdown[k]! <= x.quantile) - Number(y.slowdown[k]! <= y.quantile);
    }
    return more / (to! - from!);
  });
  const error = sampleStandardDeviation(differences) / Math.sqrt(BATCHES);
  const half = studentT(BATCHES - 1, CONFIDENCE) * error * length;
  const [below, above] = [Math.ceil(q * length - half), Math.ceil(q * length + half)];
  const around = ({ sorted }: typeof x): Interval => [
    below >= 1 ? sorted[below - 1]! : null,
    above <= length ? sorted[above - 1]! : null,
  ];
  return { a: around(x), b: around(y) };
}

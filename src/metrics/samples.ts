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

/** The sojourns of the measured requests of one type, or of all (`undefined`), in ascending order. */
export function sortedSojourns({ type, sojournNs }: RequestSamples, only: number | undefined): Float64Array {
  return sortedNumbers(type, only, (i) => sojournNs[i]!);
}

/** The values of the requests of a type that are numbers. In a loop: `filter` is slow for millions. */
function sortedNumbers(type: Uint16Array, only: number | undefined, read: (i: number) => number): Float64Array {
  const values = new Float64Array(type.length);
  let length = 0;
  for (let i = 0; i < type.length; i++) {
    if (only !== undefined && type[i] !== only) continue;
    values[length] = read(i);
    if (!Number.isNaN(values[length])) length++;
  }
  return values.subarray(0, length).sort();
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
  const differences = sortedNumbers(a.type, only, (i) => a.sojournNs[i]! - b.sojournNs[i]!);
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

/** Slowdowns of the requests that were measured in two runs, in the order of the trace and in ascending order. */
export interface PairedSlowdowns {
  readonly inOrder: readonly [a: Float64Array, b: Float64Array];
  readonly sorted: readonly [a: Float64Array, b: Float64Array];
}

/** @param only one type, or all (`undefined`) */
export function pairSlowdowns(a: RequestSamples, b: RequestSamples, only: number | undefined): PairedSlowdowns {
  const x = new Float64Array(a.type.length);
  const y = new Float64Array(a.type.length);
  let length = 0;
  for (let i = 0; i < a.type.length; i++) {
    if (only !== undefined && a.type[i] !== only) continue;
    x[length] = a.sojournNs[i]! / a.serviceNs[i]!;
    y[length] = b.sojournNs[i]! / b.serviceNs[i]!;
    if (!Number.isNaN(x[length]! + y[length]!)) length++;
  }
  const inOrder = [x.subarray(0, length), y.subarray(0, length)] as const;
  return { inOrder, sorted: [inOrder[0].slice().sort(), inOrder[1].slice().sort()] };
}

/**
 * Intervals at 95 % of a quantile of the slowdown in two runs of the same requests, from what the runs do not have in
 * common. The requests, and how they wait for each other, are the same in both and cancel out. A disturbance of one run
 * does not, and counts once, however many requests it delayed.
 *
 * Batch means of a paired difference: in each of 20 consecutive parts of the run, the share of requests at or below the
 * quantile on the one side less that on the other; their spread says how far the ranks of the two quantiles may be
 * apart. Asmussen and Glynn, Stochastic Simulation, sections III.4a (quantiles) and IV.5 (batches). Undefined with
 * fewer than two requests a batch; a bound is null where a rank lies beyond the run.
 */
export function pairedIntervals(
  { inOrder: [x, y], sorted }: PairedSlowdowns,
  q: number,
): { readonly a: Interval; readonly b: Interval } | undefined {
  const { length } = x;
  if (length < 2 * BATCHES) return undefined;
  const [atX, atY] = sorted.map((values) => values[Math.ceil(q * length) - 1]!) as [number, number];
  const differences = Array.from({ length: BATCHES }, (_, batch) => {
    const [from, to] = [batch, batch + 1].map((edge) => Math.floor((edge * length) / BATCHES)) as [number, number];
    let more = 0;
    for (let k = from; k < to; k++) more += Number(x[k]! <= atX) - Number(y[k]! <= atY);
    return more / (to - from);
  });
  const error = sampleStandardDeviation(differences) / Math.sqrt(BATCHES);
  const half = studentT(BATCHES - 1, CONFIDENCE) * error * length;
  const [below, above] = [Math.ceil(q * length - half), Math.ceil(q * length + half)];
  const around = (values: Float64Array): Interval => [
    below >= 1 ? values[below - 1]! : null,
    above <= length ? values[above - 1]! : null,
  ];
  return { a: around(sorted[0]), b: around(sorted[1]) };
}

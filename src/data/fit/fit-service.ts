/** The distribution of one type's demands: which family, how well it fits, and what the tail is. */

import { exactDuration } from '../../units/duration.js';
import { type Fitted, fitFamilies, MOST_PARTS, mixtureName } from './families.js';

/** How a family does. */
export interface JudgedFamily {
  readonly family: string;
  /** Mean logarithm of the density of held-out values, less the penalty: larger is better. */
  readonly score: number;
  /** Largest distance between the distribution functions, of all values (A. Kolmogorov, N. Smirnov). */
  readonly distance: number;
}

export interface TailQuantile {
  readonly probability: number;
  readonly sampleNs: number;
  /** 95 % interval of the sample's quantile, from its order statistics. */
  readonly lowNs: number;
  readonly highNs: number;
  readonly fittedNs: number;
}

export interface ServiceFit {
  readonly family: string;
  /** As it stands in a workload; undefined for `empirical`, which is written from the histogram. */
  readonly yaml: string | undefined;
  readonly parameters: Fitted['parameters'];
  readonly intervals: ReturnType<Fitted['intervals']>;
  readonly distance: number;
  readonly judged: readonly JudgedFamily[];
  readonly tail: readonly TailQuantile[];
  /** Pairs of quantiles, of the sample and fitted, ns. */
  readonly pairs: readonly (readonly [sampleNs: number, fittedNs: number])[];
}

/** A family further from the sample than this describes something else. */
const MOST_DISTANCE = 0.03;
/** Values whose number of kinds is at most this are a list of constants. */
const MOST_CONSTANTS = 8;
const TAIL = [0.5, 0.9, 0.99, 0.999, 0.9999];

/**
 * @param sample demands in the order of the log, above 0, ns
 */
export function fitService(sample: readonly number[]): ServiceFit {
  const sorted = Float64Array.from(sample).sort();
  const constants = constantsOf(sorted);
  if (constants) return constants;
  // Every third value is held out, so that a drift is in both parts.
  const trained = Float64Array.from(sample.filter((_, i) => i % 3 !== 0)).sort();
  const held = sample.filter((_, i) => i % 3 === 0);
  const range = [sorted[0]!, sorted[sorted.length - 1]!] as const;
  const judge = (only?: string): JudgedFit[] => {
    const fits = new Map(fitFamilies(sorted, range, only).map((fit) => [fit.family, fit]));
    return fitFamilies(trained, range, only).flatMap(({ family, logDensity, size }) => {
      const sum = held.reduce((total, x) => total + logDensity(x), 0);
      // Half a logarithm for each parameter, as in G. Schwarz, "Estimating the dimension of a model", 1978.
      const score = (sum - (size / 2) * Math.log(sample.length)) / held.length;
      const fit = fits.get(family);
      return fit && Number.isFinite(score)
        ? [{ fit, family, score, distance: distanceOf(sorted, fit.cumulative) }]
        : [];
    });
  };
  const all = judge().sort(byScore);
  // One part more is tried while the last one was worth it, or nothing is near.
  for (let parts = 3; parts <= MOST_PARTS; parts++) {
    if (all[0] && all[0].family !== mixtureName(parts - 1) && all[0].distance <= MOST_DISTANCE) break;
    all.push(...judge(mixtureName(parts)));
    all.sort(byScore);
  }
  const judged = all.map(({ family, score, distance }) => ({ family, score, distance }));
  const best = all[0]?.fit;
  const { distance } = judged[0] ?? { distance: 1 };
  if (!best || distance > MOST_DISTANCE) return empirical(sorted, judged);
  const quantile = inverseOf(best.cumulative, range);
  return {
    family: best.family,
    yaml: best.yaml,
    parameters: best.parameters,
    intervals: best.intervals(),
    distance,
    judged,
    tail: tailOf(sorted, quantile),
    pairs: pairsOf(sorted, quantile),
  };
}

type JudgedFit = JudgedFamily & { readonly fit: Fitted };

function byScore(a: JudgedFit, b: JudgedFit): number {
  return b.score - a.score;
}

function empirical(sorted: Float64Array, judged: readonly JudgedFamily[]): ServiceFit {
  const quantile = (q: number) => rankOf(sorted, q);
  const base = { family: 'empirical', yaml: undefined, parameters: {}, intervals: {}, distance: 0, judged };
  return { ...base, tail: tailOf(sorted, quantile), pairs: pairsOf(sorted, quantile) };
}

/** A few values that come again and again. */
function constantsOf(sorted: Float64Array): ServiceFit | undefined {
  const counts = new Map<number, number>();
  for (const x of sorted) {
    counts.set(x, (counts.get(x) ?? 0) + 1);
    if (counts.size > MOST_CONSTANTS) return undefined;
  }
  // A short sample has few values of any distribution.
  if (counts.size > 1 && sorted.length < 20 * counts.size) return undefined;
  const values = [...counts];
  const shares = values.map(([, count]) => Number((count / sorted.length).toPrecision(9)));
  shares[0] = Number((1 - shares.slice(1).reduce((a, b) => a + b, 0)).toPrecision(12));
  const parts = values.map(([ns], i) => `{ probability: ${shares[i]}, value: ${exactDuration(ns)} }`);
  const quantile = (q: number) => rankOf(sorted, q);
  return {
    family: counts.size === 1 ? 'constant' : 'mixture',
    yaml: counts.size === 1 ? exactDuration(sorted[0]!) : `{ mixture: [${parts.join(', ')}] }`,
    parameters: Object.fromEntries(values.map(([ns, _], i) => [`value${i + 1}`, ns])),
    intervals: {},
    distance: 0,
    judged: [],
    tail: tailOf(sorted, quantile),
    pairs: pairsOf(sorted, quantile),
  };
}

/** The Kolmogorov-Smirnov distance. */
export function distanceOf(sorted: Float64Array, cumulative: (x: number) => number): number {
  const n = sorted.length;
  let most = 0;
  sorted.forEach((x, i) => {
    const f = cumulative(x);
    most = Math.max(most, Math.abs(f - i / n), Math.abs((i + 1) / n - f));
  });
  return most;
}

function rankOf(sorted: Float64Array, q: number): number {
  const { length } = sorted;
  return sorted[Math.min(length - 1, Math.max(0, Math.ceil(q * length) - 1))]!;
}

/** By bisection of the logarithm. */
function inverseOf(cumulative: (x: number) => number, [least, most]: readonly [number, number]): (q: number) => number {
  return (q) => {
    let [low, high] = [least / 1e3, most * 1e3];
    for (let i = 0; i < 100; i++) {
      const middle = Math.sqrt(low * high);
      if (cumulative(middle) < q) low = middle;
      else high = middle;
    }
    return high;
  };
}

function tailOf(sorted: Float64Array, quantile: (q: number) => number): TailQuantile[] {
  const n = sorted.length;
  return TAIL.filter((q) => n * (1 - q) >= 10).map((probability) => {
    const spread = 1.96 * Math.sqrt(n * probability * (1 - probability));
    const at = (rank: number) => sorted[Math.min(n - 1, Math.max(0, Math.round(rank)))]!;
    return {
      probability,
      sampleNs: rankOf(sorted, probability),
      lowNs: at(n * probability - spread - 1),
      highNs: at(n * probability + spread),
      fittedNs: Math.round(quantile(probability)),
    };
  });
}

function pairsOf(sorted: Float64Array, quantile: (q: number) => number): [number, number][] {
  const most = Math.min(200, sorted.length);
  return Array.from({ length: most }, (_, i) => (i + 0.5) / most).map((q) => [rankOf(sorted, q), quantile(q)]);
}

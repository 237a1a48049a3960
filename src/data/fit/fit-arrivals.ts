/**
 * How requests come: Poisson, renewal, or bursts (MMPP-2), by the counts in windows of many lengths.
 *
 * The index of dispersion of the counts of an MMPP-2 in a window t is 1 + A (1 - (1 - exp(-s t)) / (s t)), where s is
 * the sum of the two switching rates (W. Fischer, K. Meier-Hellstern, "The MMPP cookbook", 1993; H. Heffes, D.
 * Lucantoni, 1986). A and s follow from the indices; how long bursts are, from the skewness of the counts in short
 * windows.
 */

import { Histogram } from '../../metrics/histogram.js';
import { exactDuration } from '../../units/duration.js';
import { empiricalYaml } from '../import/workload-yaml.js';
import { fitService } from './fit-service.js';

/** Counts in the windows of one length. */
export interface CountMoments {
  readonly windowNs: number;
  readonly windows: number;
  readonly mean: number;
  readonly variance: number;
  /** Third central moment. */
  readonly third: number;
}

export interface ArrivalsFit {
  readonly process: 'poisson' | 'renewal' | 'mmpp2';
  /** Why nobody can know the process; it is Poisson then, as an assumption. */
  readonly assumed?: string;
  /** As it stands in a workload, in one line, or in lines of its own that begin with a newline. */
  readonly yaml: string;
  readonly parameters: Readonly<Record<string, number>>;
  /** Squared coefficient of variation of the gaps, and the correlation of neighbours; NaN where they are not known. */
  readonly gapScv: number;
  readonly gapCorrelation: number;
  /** Index of dispersion, measured and fitted. */
  readonly dispersion: readonly { readonly windowNs: number; readonly index: number; readonly fitted: number }[];
}

/** Standard errors of an index of 1 that are chance. */
const CHANCE = 4;
/** The gaps of a Poisson process have a squared coefficient of variation of 1; within this it is one. */
const NEAR = 0.05;

/** With fewer gaps, all processes look alike. */
const LEAST_GAPS = 100;

/**
 * @param gaps a sample of the gaps between arrivals, ns, in their order; undefined where the clock hides them
 * @param moments ascending by the length of the window
 */
export function fitArrivals(gaps: readonly number[] | undefined, moments: readonly CountMoments[]): ArrivalsFit {
  const { scv, correlation } = gapMoments(gaps ?? []);
  const about = { gapScv: scv, gapCorrelation: correlation };
  const indices = moments.map(({ mean, variance }) => variance / mean);
  const shown = (fitted: (windowNs: number) => number) =>
    moments.map(({ windowNs }, i) => ({ windowNs, index: indices[i]!, fitted: fitted(windowNs) }));
  const isOne = moments.every(({ windows }, i) => Math.abs(indices[i]! - 1) < NEAR + CHANCE * Math.sqrt(2 / windows));
  const poisson = { process: 'poisson', yaml: 'poisson', parameters: {}, ...about } as const;
  if (gaps ? gaps.length < LEAST_GAPS : moments.length === 0) {
    return { ...poisson, assumed: gaps ? 'there are too few requests' : COARSE, dispersion: shown(() => 1) };
  }
  const isNear = !gaps || Math.abs(scv - 1) < 2 * NEAR + CHANCE * Math.sqrt(8 / gaps.length);
  if (isOne && isNear) return { ...poisson, dispersion: shown(() => 1) };
  const bursts = fitMmpp2(moments);
  if (bursts) {
    const { calmNs, burstNs, factor, a, s } = bursts;
    return {
      process: 'mmpp2',
      yaml:
        `{ mmpp2: { burstFactor: ${Number.isFinite(factor) ? Number(factor.toPrecision(6)) : '.inf'}, ` +
        `meanCalm: ${exactDuration(Math.round(calmNs))}, meanBurst: ${exactDuration(Math.round(burstNs))} } }`,
      parameters: { burstFactor: factor, meanCalmNs: calmNs, meanBurstNs: burstNs },
      ...about,
      dispersion: shown((t) => indexOf(a, s, t)),
    };
  }
  if (!gaps) return { ...poisson, assumed: COARSE, dispersion: shown(() => 1) };
  const positive = gaps.map((gap) => Math.max(1, gap));
  const { family, yaml, parameters } = fitService(positive);
  return {
    process: 'renewal',
    yaml: renewalYaml(yaml, positive),
    parameters: { ...parameters, [family]: 1 },
    ...about,
    // A renewal process has the index of its gaps in long windows.
    dispersion: shown(() => scv),
  };
}

const COARSE = 'the clock of the log is too coarse';

/** @param service the distribution of the gaps; undefined for that of the sample itself */
function renewalYaml(service: string | undefined, gaps: readonly number[]): string {
  if (service !== undefined) return /^\d/.test(service) ? 'constant' : `{ renewal: ${service} }`;
  const all = new Histogram();
  for (const gap of gaps) all.record(gap);
  return `\n  renewal:${empiricalYaml(all, '    ')}`;
}

function gapMoments(gaps: readonly number[]): { scv: number; correlation: number } {
  const n = gaps.length;
  const mean = gaps.reduce((a, b) => a + b, 0) / n;
  const variance = gaps.reduce((a, b) => a + (b - mean) ** 2, 0) / n;
  const products = gaps.slice(1).reduce((sum, gap, i) => sum + (gap - mean) * (gaps[i]! - mean), 0);
  return { scv: variance / mean ** 2, correlation: variance > 0 ? products / (n - 1) / variance : 0 };
}

function indexOf(a: number, s: number, t: number): number {
  return 1 + a * (1 + Math.expm1(-s * t) / (s * t));
}

export interface Mmpp2Fit {
  readonly calmNs: number;
  readonly burstNs: number;
  /** Rate in a burst over the calm rate. */
  readonly factor: number;
  readonly a: number;
  readonly s: number;
}

/** Undefined when the indices do not grow with the window, as bursts make them. */
export function fitMmpp2(moments: readonly CountMoments[]): Mmpp2Fit | undefined {
  const points = moments.map(({ windowNs, mean, variance, windows }) => ({ t: windowNs, i: variance / mean, windows }));
  const [first, last] = [points[0], points[points.length - 1]];
  if (!first || !last || last.i < 1.2 || last.i < first.i * 1.05) return undefined;
  const errorOf = (s: number): { a: number; error: number } => {
    let [up, down, error] = [0, 0, 0];
    // The spread of an index is about index x sqrt(2 / windows).
    const weight = ({ i, windows }: (typeof points)[number]) => windows / (i * i + 1e-9);
    const shape = (t: number) => 1 + Math.expm1(-s * t) / (s * t);
    for (const point of points) {
      up += weight(point) * shape(point.t) * (point.i - 1);
      down += weight(point) * shape(point.t) ** 2;
    }
    const a = up / down;
    for (const point of points) error += weight(point) * (point.i - 1 - a * shape(point.t)) ** 2;
    return { a, error };
  };
  // The one length of time is searched for on a grid, three times finer each time.
  let [low, high] = [0.1 / last.t, 10 / first.t];
  let s = low;
  for (let round = 0; round < 6; round++) {
    const grid = Array.from({ length: 40 }, (_, i) => low * (high / low) ** (i / 39));
    s = grid.reduce((best, each) => (errorOf(each).error < errorOf(best).error ? each : best));
    [low, high] = [s / (high / low) ** (1 / 20), s * (high / low) ** (1 / 20)];
  }
  const { a } = errorOf(s);
  if (!(a > 0)) return undefined;
  const rate = first.t > 0 ? moments[0]!.mean / first.t : 0;
  const variance = (a * s * rate) / 2;
  const share = burstShare(moments, s, variance);
  const spread = Math.sqrt(variance / (share * (1 - share)));
  const calmRate = rate - share * spread;
  return {
    calmNs: 1 / (s * share),
    burstNs: 1 / (s * (1 - share)),
    factor: calmRate > rate * 1e-3 ? (calmRate + spread) / calmRate : Number.POSITIVE_INFINITY,
    a,
    s,
  };
}

/**
 * Share of the time in bursts, from the skewness of the rate. The third factorial cumulant of counts in a window is
 * that of the rate's integral, and in a window shorter than 1/s the rate hardly changes.
 */
function burstShare(moments: readonly CountMoments[], s: number, variance: number): number {
  const short = moments.filter(({ windowNs, mean }) => windowNs * s <= 0.5 && mean >= 0.5);
  const chosen = short[short.length - 1] ?? moments[0]!;
  const { windowNs, mean, variance: v, third } = chosen;
  const x = s * windowNs;
  const factorial = third - 3 * v + 2 * mean;
  // The rate forgets with exp(-s t): its integral has the third moment x 6 (x - 2 + (x + 2) exp(-x)) / x^3.
  const kept = x > 1e-3 ? (6 * (x - 2 + (x + 2) * Math.exp(-x))) / x ** 3 : 1;
  const rateThird = factorial / windowNs ** 3 / kept;
  const g = rateThird / variance ** 1.5;
  const share = 0.5 * (1 - g / Math.sqrt(g * g + 4));
  return Math.min(0.99, Math.max(0.01, share));
}

/** Service demands as they are played: whole nanoseconds, at least one. */

import type { Distribution } from './distributions/distribution.js';
import { STREAM, substream } from './random.js';

/** From here on, a half more is lost in a double's last bit. */
const TWO_POW_52 = 4503599627370496;

/**
 * The demand that a request has when its distribution gives `ns`. Math.round would do, but for random numbers the
 * processor cannot foresee a branch in V8's code for it (13 ns each).
 */
export function playedNs(ns: number): number {
  return ns < TWO_POW_52 ? Math.max(1, Math.floor(ns + 0.5)) : Math.round(ns);
}

/**
 * Relative difference between the stated mean and the mean of what is played that load ignores. No run can
 * distinguish a load of 0.8 from 0.8008; below it, rates are exactly those of the stated means.
 */
const NEGLIGIBLE = 1e-3;

/** Samples taken to find the difference: after the last, its standard error is below 0.0005 ns. */
const FIRST_SAMPLES = 1 << 14;
const LAST_SAMPLES = 1 << 20;
/** Standard errors by which the difference must be below what is negligible to stop early. */
const CERTAIN = 4;

const found = new WeakMap<Distribution, number>();

/** Mean demand of what is played, ns; the stated mean where rounding hardly changes it. */
export function playedMeanNs(service: Distribution): number {
  let meanNs = found.get(service);
  if (meanNs === undefined) {
    meanNs = service.meanNs + movedNs(service);
    found.set(service, meanNs);
  }
  return meanNs;
}

/**
 * By how much rounding moves the mean, 0 when that is negligible: exact for a constant, else an average over samples of
 * a stream that is always the same. Each sample moves by at most 1 ns, so heavy tails do no harm.
 */
function movedNs(service: Distribution): number {
  const { kind, meanNs } = service;
  const limitNs = NEGLIGIBLE * meanNs;
  if (limitNs >= 1) return 0;
  if (kind === 'constant') return beyond(playedNs(meanNs) - meanNs, limitNs);
  const random = substream('rounding', STREAM.service(kind));
  let sum = 0;
  let squares = 0;
  let n = 0;
  for (let until = FIRST_SAMPLES; until <= LAST_SAMPLES; until *= 2) {
    for (; n < until; n++) {
      const ns = service.sample(random);
      const moved = playedNs(ns) - ns;
      sum += moved;
      squares += moved * moved;
    }
    const error = Math.sqrt(Math.max(0, squares / n - (sum / n) ** 2) / n);
    if (Math.abs(sum / n) + CERTAIN * error < limitNs) return 0;
  }
  return beyond(sum / n, limitNs);
}

function beyond(movedNs: number, limitNs: number): number {
  return Math.abs(movedNs) > limitNs ? movedNs : 0;
}

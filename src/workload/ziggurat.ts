/**
 * Exponential and normal variates by the ziggurat method: G. Marsaglia and W. W. Tsang, "The Ziggurat Method for
 * Generating Random Variables", Journal of Statistical Software 5(8), 2000. About 98.9 % of the samples take one draw,
 * one multiplication and one comparison.
 *
 * As in the paper, one 32-bit draw gives both the layer (its low bits) and the position in it (all its bits): positions
 * within a layer have a resolution of 2^-24. The tails are not cut at what 32 bits can express: they are sampled by
 * their own draws, to any depth.
 */

import { exp, log } from './math.js';
import type { Random } from './random.js';

const TWO_POW_32 = 4294967296;

/** Layers of the exponential ziggurat, a power of two. */
const LAYERS = 256;
/** Where the tail begins, and the area of each layer (paper, section 3). */
const EXPONENTIAL_TAIL = 7.69711747013105;
const EXPONENTIAL_AREA = 0.003949659822581557;

/** A draw `u` in layer `k` is the variate `u * WIDTH[k]` when `u < ACCEPT[k]`. */
const WIDTH = new Float64Array(LAYERS);
const ACCEPT = new Float64Array(LAYERS);
const HEIGHT = new Float64Array(LAYERS);
buildLayers(
  WIDTH,
  ACCEPT,
  HEIGHT,
  EXPONENTIAL_TAIL,
  EXPONENTIAL_AREA,
  (x) => exp(-x),
  (y) => -log(y),
);

// For loops that have the common case of what follows inlined.
export const EXPONENTIAL_LAYERS = LAYERS;
export const EXPONENTIAL_WIDTH = WIDTH;
export const EXPONENTIAL_ACCEPT = ACCEPT;

/** Exponential with mean 1. */
export function standardExponential(random: Random): number {
  const u = random();
  const k = (u * TWO_POW_32) & (LAYERS - 1);
  return u < ACCEPT[k]! ? u * WIDTH[k]! : exponentialEdge(random, u, k);
}

/**
 * The rare rest of {@link standardExponential}: draw `u` fell in layer `k` but outside the part that is certainly below
 * the density. Exported for loops that have the common case inlined.
 */
export function exponentialEdge(random: Random, u: number, k: number): number {
  let beyond = 0;
  for (;;) {
    if (k === 0) {
      // The tail of an exponential is an exponential again.
      beyond += EXPONENTIAL_TAIL;
    } else {
      const x = u * WIDTH[k]!;
      const below = HEIGHT[k]!;
      if (below + random() * (HEIGHT[k - 1]! - below) < exp(-x)) return beyond + x;
    }
    u = random();
    k = (u * TWO_POW_32) & (LAYERS - 1);
    if (u < ACCEPT[k]!) return beyond + u * WIDTH[k]!;
  }
}

const NORMAL_LAYERS = 128;
/** Paper, section 2. */
const NORMAL_TAIL = 3.442619855899;
const NORMAL_AREA = 0.00991256303526217;
const NORMAL_WIDTH = new Float64Array(NORMAL_LAYERS);
const NORMAL_ACCEPT = new Float64Array(NORMAL_LAYERS);
const NORMAL_HEIGHT = new Float64Array(NORMAL_LAYERS);
buildLayers(
  NORMAL_WIDTH,
  NORMAL_ACCEPT,
  NORMAL_HEIGHT,
  NORMAL_TAIL,
  NORMAL_AREA,
  (x) => exp(-0.5 * x * x),
  (y) => Math.sqrt(-2 * log(y)),
);

/** Normal with mean 0 and variance 1. */
export function standardNormal(random: Random): number {
  for (;;) {
    const u = random();
    const k = (u * TWO_POW_32) & (NORMAL_LAYERS - 1);
    // Half a step up, so that both signs are equally likely.
    const signed = 2 * u - 1 + 1 / TWO_POW_32;
    const x = signed * NORMAL_WIDTH[k]!;
    // Not a comparison with 0, which the processor guesses wrongly every other time.
    if (Math.abs(signed) < NORMAL_ACCEPT[k]!) return x;
    if (k === 0) {
      // Marsaglia's tail (1964); his -ln(u) is a standard exponential.
      let excess: number;
      let y: number;
      do {
        excess = standardExponential(random) / NORMAL_TAIL;
        y = standardExponential(random);
      } while (y + y < excess * excess);
      return signed < 0 ? -(NORMAL_TAIL + excess) : NORMAL_TAIL + excess;
    }
    const below = NORMAL_HEIGHT[k]!;
    if (below + random() * (NORMAL_HEIGHT[k - 1]! - below) < exp(-0.5 * x * x)) return x;
  }
}

/**
 * Cuts the area under `density` (falling, density(0) = 1) into layers of equal area. Layer 0 is the base with the tail;
 * layer k > 0 lies between the heights of k and k-1. The paper's tables, in units of 1 instead of 2^32.
 */
function buildLayers(
  width: Float64Array,
  accept: Float64Array,
  height: Float64Array,
  tail: number,
  area: number,
  density: (x: number) => number,
  inverse: (y: number) => number,
): void {
  const last = width.length - 1;
  let x = tail;
  const base = area / density(tail);
  width[0] = base;
  accept[0] = tail / base;
  height[0] = 1;
  width[last] = tail;
  height[last] = density(tail);
  for (let k = last - 1; k >= 1; k--) {
    const next = inverse(area / x + density(x));
    accept[k + 1] = next / x;
    width[k] = next;
    height[k] = density(next);
    x = next;
  }
  accept[1] = 0;
}

/**
 * A log-linear histogram in a typed array, after the idea of HdrHistogram: every power of two is cut into 512 equal
 * buckets.
 *
 * The bucket of a value is read from its IEEE-754 representation: the exponent and the top nine bits of the mantissa.
 * A bucket is at most 2^-9 of its lower bound wide and is reported by its middle, so a reported value is within 2^-10
 * (0.098 %) of every value in its bucket. The range is 2^-8 to 2^54: beyond 2^53 a double holds no whole nanoseconds.
 * The smallest value, how often it came, and the largest are kept exactly, and nothing outside of them is reported: a
 * constant, and requests that never waited, come out as they are.
 *
 * 31 744 buckets (248 kB), whatever the number of values. Two histograms are merged by adding them up.
 */

import { float64s } from '../units/arrays.js';

const MANTISSA_BITS = 9;
const BUCKETS_PER_OCTAVE = 1 << MANTISSA_BITS;
const LOWEST_EXPONENT = -8;
const OCTAVES = 62;
const EXPONENT_SHIFT = 20 - MANTISSA_BITS;
const EXPONENT_BIAS = (1023 + LOWEST_EXPONENT) << MANTISSA_BITS;

/** A constant of this module, for its own use: see src/sim/loop.ts. */
const SIZE = OCTAVES * BUCKETS_PER_OCTAVE;
export const BUCKETS = SIZE;

const scratch = float64s(1);
const scratchWords = new Uint32Array(scratch.buffer);
/** Which of the two words holds the exponent: the second on a little-endian machine. */
const HIGH_WORD = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1 ? 1 : 0;

/** The bucket of a value. Values below 2^-8 (and NaN) belong to bucket 0, values from 2^54 on to the last. */
export function bucketOf(value: number): number {
  scratch[0] = value;
  const bucket = (scratchWords[HIGH_WORD]! >>> EXPONENT_SHIFT) - EXPONENT_BIAS;
  // One comparison for both ends: a negative number is large when read as unsigned.
  return bucket >>> 0 < SIZE ? bucket : value > 1 ? SIZE - 1 : 0;
}

/** The smallest value that belongs to a bucket; the bucket ends where the next begins. */
export function lowerBound(bucket: number): number {
  const octave = Math.floor(bucket / BUCKETS_PER_OCTAVE);
  return 2 ** (octave + LOWEST_EXPONENT) * (1 + (bucket % BUCKETS_PER_OCTAVE) / BUCKETS_PER_OCTAVE);
}

/** What is kept of the recorded values, as plain data that can go to another thread. */
export interface Recorded {
  /** Values per bucket, `BUCKETS` long; may be a part of a larger array. */
  readonly counts: Float64Array;
  /** Sum of the values, as exact as a double is. */
  readonly sum: number;
  /** The smallest value; Infinity when there are none. */
  readonly min: number;
  /** How many values equal the smallest. */
  readonly atMin: number;
  /** The largest value; -Infinity when there are none. */
  readonly max: number;
}

export class Histogram implements Recorded {
  readonly counts: Float64Array;
  sum: number;
  min: number;
  atMin: number;
  max: number;

  /** @param from continues with these values, in the same array */
  constructor(from: Recorded = { counts: new Float64Array(BUCKETS), ...NOTHING }) {
    this.counts = from.counts;
    this.sum = from.sum;
    this.min = from.min;
    this.atMin = from.atMin;
    this.max = from.max;
  }

  record(value: number): void {
    this.counts[bucketOf(value)]!++;
    this.sum += value;
    this.widen({ min: value, atMin: 1, max: value });
  }

  /** Adds the values of another histogram to this one. */
  merge(other: Recorded): void {
    for (let bucket = 0; bucket < BUCKETS; bucket++) this.counts[bucket]! += other.counts[bucket]!;
    this.sum += other.sum;
    this.widen(other);
  }

  /** Number of values. */
  get count(): number {
    return this.counts.reduce((count, here) => count + here, 0);
  }

  /** Makes the extremes those of the other's values as well. */
  widen({ min, atMin, max }: Pick<Recorded, 'min' | 'atMin' | 'max'>): void {
    if (min < this.min) {
      this.min = min;
      this.atMin = atMin;
    } else if (min === this.min) this.atMin += atMin;
    if (max > this.max) this.max = max;
  }
}

/** A histogram without values, but for its buckets. */
export const NOTHING = { sum: 0, min: Number.POSITIVE_INFINITY, atMin: 0, max: Number.NEGATIVE_INFINITY } as const;

/**
 * What is known of some neighbouring values: how many they are, and that they are neither below `low` nor above `high`.
 */
interface Group {
  readonly low: number;
  readonly high: number;
  readonly count: number;
}

/**
 * The values of a histogram, as far as they are known: one group for its smallest value, one for each bucket in use.
 */
export class KnownValues {
  /** In ascending order. */
  readonly groups: readonly Group[];
  /** Number of values. */
  readonly count: number;
  /** Mean of the values; NaN when there are none. */
  readonly mean: number;
  readonly min: number;
  readonly max: number;

  constructor({ counts, sum, min, atMin, max }: Recorded) {
    const groups: Group[] = [];
    const lowest = bucketOf(min);
    let total = 0;
    for (let bucket = 0; bucket < counts.length; bucket++) {
      let count = counts[bucket]!;
      if (count === 0) continue;
      total += count;
      if (bucket === lowest) {
        groups.push({ low: min, high: min, count: atMin });
        count -= atMin;
        if (count === 0) continue;
      }
      // The first and the last bucket also hold what lies beyond them.
      const low = bucket === lowest ? min : lowerBound(bucket);
      const high = bucket === counts.length - 1 ? max : Math.min(max, lowerBound(bucket + 1));
      groups.push({ low, high, count });
    }
    this.groups = groups;
    this.count = total;
    this.mean = sum / total;
    this.min = min;
    this.max = max;
  }

  /**
   * The q-quantiles, 0 <= q <= 1: for each the smallest value that at least `ceil(q x count)` of the values do not
   * exceed, and the bounds it is known within.
   *
   * @param qs ascending; there is at least one value
   */
  quantiles(qs: readonly number[]): Known[] {
    const { count } = this;
    // At least the first value, at most the last; the small term undoes the rounding of q x count when that is a whole
    // number.
    return this.ranked(qs.map((q) => Math.min(count, Math.max(1, Math.ceil(q * count - 1e-9 * count)))));
  }

  /** The values with these ranks in ascending order, counted from 1; `ranks` ascending, at most `count`. */
  ranked(ranks: readonly number[]): Known[] {
    let i = -1;
    let below = 0;
    return ranks.map((rank) => {
      while (below < rank) below += this.groups[++i]!.count;
      const { low, high } = rank === this.count ? { low: this.max, high: this.max } : this.groups[i]!;
      return { low, value: (low + high) / 2, high };
    });
  }
}

/** A value as well as it is known. */
export interface Known {
  readonly low: number;
  readonly value: number;
  readonly high: number;
}

/** All values of several histograms. */
export function mergeAll(histograms: readonly Recorded[]): Histogram {
  const all = new Histogram();
  for (const histogram of histograms) all.merge(histogram);
  return all;
}

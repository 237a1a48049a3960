/**
 * A log-linear histogram in a typed array, after the idea of HdrHistogram: every power of two is cut into 512 equal buckets.
 *
 * The bucket of a value is read straight from its IEEE-754 representation: the exponent and the top nine bits of the mantissa. A bucket is at most
 * 2^-9 of its lower bound wide and is reported by its middle, so a reported value is within 2^-10 (0.098 %) of every
 * value in its bucket. The range is 1 to 2^42 (1 ns to 73 min when the values are nanoseconds); what lies below or above is counted in the first or last bucket.
 *
 * 21 504 buckets (168 kB), whatever the number of values. Two histograms are merged by adding them up.
 */
import { float64s } from '../units/arrays.js';

const MANTISSA_BITS = 9;
const BUCKETS_PER_OCTAVE = 1 << MANTISSA_BITS;
const OCTAVES = 42;
const EXPONENT_SHIFT = 20 - MANTISSA_BITS;
const EXPONENT_BIAS = 1023 << MANTISSA_BITS;

/** A constant of this module, for its own use: see src/sim/loop.ts. */
const SIZE = OCTAVES * BUCKETS_PER_OCTAVE;
export const BUCKETS = SIZE;

const scratch = float64s(1);
const scratchWords = new Uint32Array(scratch.buffer);
/** Which of the two words holds the exponent: the second on a little-endian machine. */
const HIGH_WORD = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1 ? 1 : 0;

/** The bucket of a value. Values below 1 (and NaN) belong to bucket 0, values from 2^42 on to the last. */
export function bucketOf(value: number): number {
  scratch[0] = value;
  const bucket = (scratchWords[HIGH_WORD]! >>> EXPONENT_SHIFT) - EXPONENT_BIAS;
  // One comparison for both ends: a negative number is large when read as unsigned.
  return bucket >>> 0 < SIZE ? bucket : value > 1 ? SIZE - 1 : 0;
}

/** The smallest value that belongs to a bucket; the bucket ends where the next begins. */
export function lowerBound(bucket: number): number {
  const octave = Math.floor(bucket / BUCKETS_PER_OCTAVE);
  return 2 ** octave * (1 + (bucket % BUCKETS_PER_OCTAVE) / BUCKETS_PER_OCTAVE);
}

/** The value a bucket is reported by: its middle. */
export function middle(bucket: number): number {
  return (lowerBound(bucket) + lowerBound(bucket + 1)) / 2;
}

export class Histogram {
  /**
   * @param counts values per bucket, `BUCKETS` long; may be a part of a larger array
   * @param sum exact sum of the recorded values, as far as a double is
   */
  constructor(
    readonly counts: Float64Array = new Float64Array(BUCKETS),
    public sum = 0,
  ) {}

  record(value: number): void {
    this.counts[bucketOf(value)]!++;
    this.sum += value;
  }

  /** Number of values. */
  get count(): number {
    let count = 0;
    for (let bucket = 0; bucket < BUCKETS; bucket++) count += this.counts[bucket]!;
    return count;
  }

  /** Mean of the values so far; NaN when there are none. */
  get mean(): number {
    return this.sum / this.count;
  }

  /** Adds the values of another histogram to this one. */
  merge(other: Histogram): void {
    for (let bucket = 0; bucket < BUCKETS; bucket++) this.counts[bucket]! += other.counts[bucket]!;
    this.sum += other.sum;
  }

  /** {@link FilledBuckets.quantile} of the values so far. */
  quantile(q: number): number {
    return new FilledBuckets(this).quantile(q);
  }
}

/** The buckets of a histogram that have values, as they are now: few of all there are, so that much can be asked of them. */
export class FilledBuckets {
  /** In ascending order. */
  readonly buckets: readonly number[];
  /** Number of values in each of {@link buckets}. */
  readonly counts: readonly number[];
  /** Number of values. */
  readonly count: number;
  /** Mean of the values; NaN when there are none. */
  readonly mean: number;

  constructor({ counts: all, sum }: Histogram) {
    const buckets: number[] = [];
    const counts: number[] = [];
    let count = 0;
    for (let bucket = 0; bucket < all.length; bucket++) {
      const here = all[bucket]!;
      if (here === 0) continue;
      buckets.push(bucket);
      counts.push(here);
      count += here;
    }
    this.buckets = buckets;
    this.counts = counts;
    this.count = count;
    this.mean = sum / count;
  }

  /**
   * The q-quantile, 0 <= q <= 1: the smallest value that at least `ceil(q x count)` of the values do not exceed, within 0.1 %. NaN when
   * there are no values.
   */
  quantile(q: number): number {
    return this.quantiles([q])[0]!;
  }

  /** Several quantiles in one pass; `qs` ascending. */
  quantiles(qs: readonly number[]): number[] {
    const { count } = this;
    if (count === 0) return qs.map(() => Number.NaN);
    // At least the first value, at most the last; the small term undoes the rounding of q x count when that is a whole number.
    const ranks = qs.map((q) => Math.min(count, Math.max(1, Math.ceil(q * count - 1e-9 * count))));
    return this.bucketsAt(ranks).map(middle);
  }

  /** The buckets of the values with these ranks in ascending order, counted from 1; `ranks` ascending, at most `count`. */
  bucketsAt(ranks: readonly number[]): number[] {
    const found: number[] = [];
    let i = -1;
    let below = 0;
    for (const rank of ranks) {
      while (below < rank) below += this.counts[++i]!;
      found.push(this.buckets[i]!);
    }
    return found;
  }
}

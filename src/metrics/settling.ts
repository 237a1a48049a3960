/**
 * Has a series left its transient behind? MSER-5: K. P. White, M. J. Cobb and S. C. Spratt, "A comparison of five
 * steady-state truncation heuristics for simulation", WSC 2000; evaluated by K. Hoad, S. Robinson and R. Davies,
 * "Automating warm-up length estimation", JORS 61(9), 2010.
 */

/** Values per batch, the 5 of MSER-5. */
const BATCH = 5;
/** When there are more, batches are averaged in pairs, so that memory does not grow with the length of the series. */
const MOST_BATCHES = 2048;
/** The cut is never in the last batches: the variance of so few is small by chance. */
const LAST = 5;

export interface Settling {
  add(value: number): void;
  /**
   * Is the cut that MSER-5 proposes in the first half of the series? A cut in the second half means that the series
   * still changes, or is too short to tell (the authors of MSER reject such a cut, too).
   */
  settled(): boolean;
}

export function createSettling(): Settling {
  const means = new Float64Array(MOST_BATCHES);
  let batches = 0;
  let valuesPerBatch = BATCH;
  let sum = 0;
  let count = 0;
  return {
    add(value) {
      sum += value;
      if (++count < valuesPerBatch) return;
      means[batches++] = sum / count;
      sum = 0;
      count = 0;
      if (batches < MOST_BATCHES) return;
      for (let i = 0; i < MOST_BATCHES / 2; i++) means[i] = (means[2 * i]! + means[2 * i + 1]!) / 2;
      batches = MOST_BATCHES / 2;
      valuesPerBatch *= 2;
    },
    settled: () => batches > 2 * LAST && truncation(means.subarray(0, batches)) <= batches / 2,
  };
}

/**
 * Returns how many values at the beginning to leave out, so that the standard error of the mean of the rest is least.
 */
export function truncation(values: ArrayLike<number>): number {
  let sum = 0;
  let squares = 0;
  let least = Number.POSITIVE_INFINITY;
  let cut = 0;
  for (let i = values.length - 1; i >= 0; i--) {
    sum += values[i]!;
    squares += values[i]! * values[i]!;
    const kept = values.length - i;
    if (kept <= LAST && i > 0) continue;
    const error = (squares - (sum * sum) / kept) / (kept * kept);
    if (error <= least) {
      least = error;
      cut = i;
    }
  }
  return cut;
}

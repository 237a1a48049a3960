import { NORMAL } from '../../metrics/confidence.js';
import type { Measurement } from '../../results/calibration.js';
import { EnvironmentError, InputError } from '../../units/errors.js';

/** Fewer values say nothing about a median. */
const FEWEST = 20;

/**
 * @throws InputError naming `what` when there are too few
 * @throws EnvironmentError when a part of them was not measured
 */
export function measure(what: string, values: Float64Array, source: string): Measurement {
  const { length } = values;
  if (length < FEWEST) {
    throw new InputError(
      `--requests: ${what} was measured on ${length} requests only, expected at least ${FEWEST}: ` +
        'more requests, or more load',
    );
  }
  const unknown = values.filter((value) => !Number.isFinite(value)).length;
  if (unknown > 0) {
    throw new EnvironmentError(
      `${what} could not be measured ${unknown} of ${length} times: repeat on an idle machine`,
    );
  }
  const at = ranked(values);
  const mean = values.reduce((sum, x) => sum + x, 0) / length;
  const variance = values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (length - 1);
  // Ranks of the interval of the median from order statistics, by the normal approximation of the binomial
  // distribution.
  const half = (NORMAL * Math.sqrt(length)) / 2;
  return {
    medianNs: at((length - 1) / 2),
    ci95Ns: [at((length - 1) / 2 - half), at((length - 1) / 2 + half)],
    sdNs: Math.sqrt(variance),
    samples: length,
    source,
  };
}

/** Returns the value of a rank, from 0. Negative times are errors of the clock and count as 0. */
export function ranked(values: Float64Array): (rank: number) => number {
  const sorted = values.slice().sort();
  return (rank) => Math.max(0, sorted[Math.min(sorted.length - 1, Math.max(0, Math.round(rank)))]!);
}

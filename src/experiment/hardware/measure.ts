import { NORMAL } from '../../metrics/confidence.js';
import type { Measurement } from '../../results/calibration.js';
import { InputError } from '../../units/errors.js';

/** Fewer say nothing. */
const FEWEST = 20;

/** @throws InputError naming `what` when there are too few */
export function measure(what: string, values: Float64Array, source: string): Measurement {
  const { length } = values;
  if (length < FEWEST) {
    throw new InputError(
      `--requests: ${what} was measured on ${length} requests only, expected at least ${FEWEST}: more ` +
        'requests, or more load',
    );
  }
  const at = ranked(values);
  const mean = values.reduce((sum, x) => sum + x, 0) / length;
  const variance = values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (length - 1);
  // Ranks of the order-statistic interval of the median, by the normal approximation of the binomial distribution.
  const half = (NORMAL * Math.sqrt(length)) / 2;
  return {
    medianNs: at((length - 1) / 2),
    ci95Ns: [at((length - 1) / 2 - half), at((length - 1) / 2 + half)],
    sdNs: Math.sqrt(variance),
    samples: length,
    source,
  };
}

/** The value of a rank, from 0; nothing takes less than no time. */
export function ranked(values: Float64Array): (rank: number) => number {
  const sorted = values.slice().sort();
  return (rank) => Math.max(0, sorted[Math.min(sorted.length - 1, Math.max(0, Math.round(rank)))]!);
}

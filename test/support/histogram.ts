import { type Histogram, KnownValues } from '../../src/metrics/histogram.js';

/** The q-quantile of the values so far. */
export function quantileOf(histogram: Histogram, q: number): number {
  return new KnownValues(histogram).quantiles([q])[0]!.value;
}

import { relativeError } from '../../metrics/confidence.js';
import type { DistributionSummary, Statistic } from '../../results/result.js';
import { formatDuration } from '../../units/duration.js';

/** A wider interval says only the order of magnitude. */
const KNOWN_WITHIN = 0.5;

/** Is the statistic known well enough to build a sentence on? */
export function isKnown(distribution: DistributionSummary, statistic: Statistic): boolean {
  const value = distribution[statistic];
  const interval = distribution.ci95[statistic];
  return value !== null && interval !== null && relativeError(value, interval) <= KNOWN_WITHIN;
}

/**
 * A statistic and its confidence interval as two cells: `3.71` and `±4 %`. The interval is left out if it changes none
 * of the shown digits. `≥3.5` is a value with a lower bound only, `?` one without a bound, `–` means no values.
 */
export function formatEstimate(
  distribution: DistributionSummary,
  statistic: Statistic,
  format: (value: number) => string,
): [value: string, interval: string] {
  const value = distribution[statistic];
  if (value === null) return ['–', ''];
  const [low, high] = distribution.ci95[statistic]!;
  if (low === null) return ['?', ''];
  if (high === null) return [`≥${format(low)}`, ''];
  if (format(low) === format(value) && format(high) === format(value)) return [format(value), ''];
  return [format(value), formatMargin(relativeError(value, [low, high]))];
}

/** ±0.4 %, ±12 %; rounded up. */
export function formatMargin(margin: number): string {
  // Subtract the rounding error, so that it does not round up.
  const percent = margin * 100 - 1e-6;
  if (percent > 99) return '±>99 %';
  return `±${percent < 0.95 ? Math.ceil(percent * 10) / 10 : Math.ceil(percent)} %`;
}

/** 1.00, 12.3, 402 */
export function formatSlowdown(value: number): string {
  if (value < 9.995) return value.toFixed(2);
  return value < 99.95 ? value.toFixed(1) : value.toFixed(0);
}

export { formatDuration };

/** 850, 12.3k, 1.25M */
export function formatCount(count: number): string {
  if (count < 10_000) return String(count);
  if (count < 999_950) return `${short(count / 1e3)}k`;
  return count < 999_950_000 ? `${short(count / 1e6)}M` : `${short(count / 1e9)}G`;
}

/** 80 %, 0.4 %, <0.01 % */
export function formatShare(share: number): string {
  const percent = share * 100;
  if (percent === 0) return '0 %';
  if (percent < 0.01) return '<0.01 %';
  return `${short(percent)} %`;
}

function short(x: number): string {
  return x >= 999.5 ? x.toFixed(0) : String(Number(x.toPrecision(3)));
}

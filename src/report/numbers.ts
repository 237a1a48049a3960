import { type Distribution, PERCENTILES, type Percentile } from '../metrics/result.js';
import { formatDuration } from '../units/duration.js';

/** With fewer values beyond a percentile it is a guess. */
const ENOUGH_BEYOND = 10;

/** Is the percentile known from enough values? */
export function isCertain(distribution: Distribution, percentile: Percentile): boolean {
  return distribution.count * (1 - PERCENTILES[percentile]) >= ENOUGH_BEYOND - 1e-6;
}

/** A percentile for people: `–` when nothing was measured, `~` before a guess. */
export function formatPercentile(
  distribution: Distribution,
  percentile: Percentile,
  format: (value: number) => string,
): string {
  const value = distribution[percentile];
  if (value === null) return '–';
  return isCertain(distribution, percentile) ? format(value) : `~${format(value)}`;
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

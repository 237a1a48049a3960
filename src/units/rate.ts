/**
 * Rates as people write them: `250krps`, `4.67Mrps`, `1e6`. Inside psp a rate is requests per second (`offeredRps`).
 */

const RATE = /^((?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)\s*(k|M|G)?\s*(?:rps|\/s)?$/;
const SCALE: Readonly<Record<string, number>> = { k: 1e3, M: 1e6, G: 1e9 };

/** At a lower rate the time between two requests would come near the longest time there is. */
const MIN_RPS = 1e-6;
/** At a higher rate thousands of requests would arrive in the same nanosecond. */
const MAX_RPS = 1e12;

/**
 * Parses a rate such as `277228`, `250k`, `4.67Mrps` or `1e6/s` into requests per second.
 *
 * @throws Error when the text is not a rate, or is out of range
 */
export function parseRate(text: string): number {
  const match = RATE.exec(text.trim());
  const value = match ? Number(match[1]) * (match[2] ? SCALE[match[2]]! : 1) : Number.NaN;
  if (!(value >= MIN_RPS && value <= MAX_RPS)) {
    const range = `from ${MIN_RPS.toExponential()} to ${MAX_RPS.toExponential()} requests per second`.replace('+', '');
    throw new Error(`expected a rate ${range}, such as 250krps or 1.5M, found '${text}'`);
  }
  return value;
}

/** Formats requests per second for people: `277k/s`, `4.67M/s`. */
export function formatRate(rps: number | null): string {
  if (rps === null || !Number.isFinite(rps)) return '–';
  if (rps < 999.5) return `${Number(rps.toPrecision(3))}/s`;
  if (rps < 999.5e3) return `${Number((rps / 1e3).toPrecision(3))}k/s`;
  return `${Number((rps / 1e6).toPrecision(3))}M/s`;
}

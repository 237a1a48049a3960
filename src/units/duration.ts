/**
 * Durations as people write them. Inside psp a time is an integer number of nanoseconds in a double, and its name
 * ends in the unit (`serviceNs`). In YAML and on the command line a duration always has its unit (`1us`, `0.5 ms`).
 */

/** The longest time: a double counts whole nanoseconds exactly up to this. */
export const MAX_TIME_NS = Number.MAX_SAFE_INTEGER;
/** {@link MAX_TIME_NS} for messages. */
export const MAX_TIME = '104 days (2^53 ns)';

const NS_PER_UNIT: ReadonlyMap<string, number> = new Map([
  ['ns', 1],
  ['us', 1e3],
  ['µs', 1e3],
  ['μs', 1e3],
  ['ms', 1e6],
  ['s', 1e9],
  ['min', 60e9],
  ['h', 3600e9],
]);

const DURATION = /^([+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)\s*([a-zµμ]*)$/i;

/**
 * Parses a duration such as `1us`, `0.5 ms` or `20s` into nanoseconds, not rounded: distributions round when they
 * sample.
 *
 * @throws Error that says what was found and expected, when the text has another form or unit, or is out of range
 */
export function parseDuration(text: string): number {
  const match = DURATION.exec(text.trim());
  if (!match) throw new Error(`expected a duration with its unit, such as 1us or 0.5 ms, found '${text}'`);
  const [, digits, unit] = match;
  if (unit === '') {
    throw new Error(`expected a duration with its unit (ns, us, ms, s, min, h), found the bare number ${text.trim()}`);
  }
  const scale = NS_PER_UNIT.get(unit!);
  if (scale === undefined) throw new Error(`unknown unit '${unit}' in '${text}': expected ns, us, ms, s, min or h`);
  const value = Number(digits) * scale;
  if (!(value >= 0)) throw new Error(`expected a duration that is not negative, found '${text}'`);
  if (value > MAX_TIME_NS) throw new Error(`expected a duration of at most ${MAX_TIME}, found '${text}'`);
  return value;
}

/** Formats nanoseconds for people, with three significant digits: `850ns`, `12.3us`, `1.05ms`, `2.5s`. */
export function formatDuration(ns: number): string {
  if (!Number.isFinite(ns)) return '–';
  const magnitude = Math.abs(ns);
  if (magnitude < 999.5) return `${threeDigits(ns)}ns`;
  if (magnitude < 999.5e3) return `${threeDigits(ns / 1e3)}us`;
  if (magnitude < 999.5e6) return `${threeDigits(ns / 1e6)}ms`;
  return `${threeDigits(ns / 1e9)}s`;
}

/** Formats nanoseconds so that {@link parseDuration} reads the same number: `1.234567ms`. */
export function exactDuration(ns: number): string {
  const magnitude = Math.abs(ns);
  const unit = magnitude < 1e3 ? 'ns' : magnitude < 1e6 ? 'us' : magnitude < 1e9 ? 'ms' : 's';
  const text = `${ns / NS_PER_UNIT.get(unit)!}${unit}`;
  return parseDuration(text) === ns ? text : `${ns}ns`;
}

/** Three significant digits without an exponent and without trailing zeros: 3.10 -> '3.1', 1234.5 -> '1235'. */
export function threeDigits(x: number): string {
  const magnitude = Math.abs(x);
  if (magnitude >= 999.5) return Math.round(x).toString();
  return Number(x.toPrecision(3)).toString();
}

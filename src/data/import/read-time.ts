/** Times and durations in the bytes of a log, without a string for each. */

/** How a time is written. `clf` is that of access logs: `10/Oct/2000:13:55:36 -0700`. */
export const TIME_FORMS = ['iso', 'clf', 'epoch-s', 'epoch-ms', 'epoch-us', 'epoch-ns'] as const;
export type TimeForm = (typeof TIME_FORMS)[number];

/** A moment: whole seconds since 1970 (or any other start), and ns within the second. */
export interface Moment {
  seconds: number;
  ns: number;
}

/** Digits of a whole number of this unit that are below a second. */
const DIGITS_BELOW_SECOND: ReadonlyMap<TimeForm, number> = new Map([
  ['epoch-s', 0],
  ['epoch-ms', 3],
  ['epoch-us', 6],
  ['epoch-ns', 9],
]);

const ZERO = 0x30;
const NINE = 0x39;
const POINT = 0x2e;
const COMMA = 0x2c;
const MINUS = 0x2d;
const PLUS = 0x2b;
const COLON = 0x3a;
/** Later times are no times: 2^43 s. */
const MOST_SECONDS = 2 ** 43;

/** Reads a time into `out`. Returns false when the bytes are not one. */
export function readTime(bytes: Uint8Array, start: number, end: number, form: TimeForm, out: Moment): boolean {
  if (form === 'iso') return readIso(bytes, start, end, out);
  if (form === 'clf') return readClf(bytes, start, end, out);
  return readEpoch(bytes, start, end, DIGITS_BELOW_SECOND.get(form)!, out);
}

/**
 * A decimal number as seconds and ns, exactly: a double cannot hold the ns since 1970.
 *
 * @param below digits of the whole part that are below a second
 */
function readEpoch(bytes: Uint8Array, start: number, end: number, below: number, out: Moment): boolean {
  let point = start;
  while (point < end && isDigit(bytes[point]!)) point++;
  if (point === start) return false;
  const split = Math.max(start, point - below);
  let seconds = 0;
  for (let at = start; at < split; at++) seconds = seconds * 10 + bytes[at]! - ZERO;
  let ns = 0;
  let scale = 1e9;
  // Fewer digits than a second has below: 25 ms are 0.025 s.
  for (let missing = below - (point - split); missing > 0; missing--) scale /= 10;
  for (let at = split; at < end; at++) {
    const byte = bytes[at]!;
    if (at === point && byte === POINT) continue;
    if (!isDigit(byte)) return false;
    scale /= 10;
    if (scale >= 1) ns += (byte - ZERO) * scale;
  }
  out.seconds = seconds;
  out.ns = ns;
  return seconds < MOST_SECONDS;
}

/** `2024-03-01T12:00:00.123456Z`, with a space for the T, a comma for the point, and a zone or none. */
function readIso(bytes: Uint8Array, start: number, end: number, out: Moment): boolean {
  const year = number(bytes, start, 4, end);
  const month = number(bytes, start + 5, 2, end);
  const day = number(bytes, start + 8, 2, end);
  const hour = number(bytes, start + 11, 2, end);
  const minute = number(bytes, start + 14, 2, end);
  const second = number(bytes, start + 17, 2, end);
  if (year < 0 || month < 1 || month > 12 || day < 1 || day > 31 || hour < 0 || minute < 0 || second < 0) return false;
  if (bytes[start + 4] !== MINUS || bytes[start + 7] !== MINUS || bytes[start + 13] !== COLON) return false;
  const seconds = ((daysFrom1970(year, month, day) * 24 + hour) * 60 + minute) * 60 + second;
  return finish(bytes, start + 19, end, seconds, out);
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

/** `06/Feb/2009:12:14:14.655`, with or without a zone after a space. */
function readClf(bytes: Uint8Array, start: number, end: number, out: Moment): boolean {
  const day = number(bytes, start, 2, end);
  const name = String.fromCharCode(bytes[start + 3]! | 0x20, bytes[start + 4]! | 0x20, bytes[start + 5]! | 0x20);
  const month = MONTHS.indexOf(name) + 1;
  const year = number(bytes, start + 7, 4, end);
  const hour = number(bytes, start + 12, 2, end);
  const minute = number(bytes, start + 15, 2, end);
  const second = number(bytes, start + 18, 2, end);
  if (day < 1 || day > 31 || month === 0 || year < 0 || hour < 0 || minute < 0 || second < 0) return false;
  const seconds = ((daysFrom1970(year, month, day) * 24 + hour) * 60 + minute) * 60 + second;
  return finish(bytes, start + 20, end, seconds, out);
}

/** What follows the second: a fraction and a zone, both optional. */
function finish(bytes: Uint8Array, from: number, end: number, seconds: number, out: Moment): boolean {
  let at = from;
  let ns = 0;
  if (at < end && (bytes[at] === POINT || bytes[at] === COMMA)) {
    at++;
    for (let scale = 1e8; at < end && isDigit(bytes[at]!); at++, scale /= 10) {
      if (scale >= 1) ns += (bytes[at]! - ZERO) * scale;
    }
  }
  while (at < end && bytes[at] === 0x20) at++;
  let zone = 0;
  if (at < end && (bytes[at] === PLUS || bytes[at] === MINUS)) {
    const sign = bytes[at] === PLUS ? 1 : -1;
    const hours = number(bytes, at + 1, 2, end);
    const minutesAt = bytes[at + 3] === COLON ? at + 4 : at + 3;
    const minutes = minutesAt < end ? number(bytes, minutesAt, 2, end) : 0;
    if (hours < 0 || minutes < 0) return false;
    zone = sign * (hours * 60 + minutes) * 60;
    at = minutesAt < end ? minutesAt + 2 : minutesAt;
  } else if (at < end && (bytes[at]! | 0x20) === 0x7a) at++;
  if (at < end) return false;
  out.seconds = seconds - zone;
  out.ns = ns;
  return seconds - zone >= 0;
}

/** Days of the Gregorian calendar (H. Hinnant, "chrono-compatible low-level date algorithms", days_from_civil). */
function daysFrom1970(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  return (
    era * 146_097 + yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear - 719_468
  );
}

/** A number of this many digits; -1 when something else is there. */
function number(bytes: Uint8Array, start: number, digits: number, end: number): number {
  if (start + digits > end) return -1;
  let value = 0;
  for (let at = start; at < start + digits; at++) {
    if (!isDigit(bytes[at]!)) return -1;
    value = value * 10 + bytes[at]! - ZERO;
  }
  return value;
}

function isDigit(byte: number): boolean {
  return byte >= ZERO && byte <= NINE;
}

/** Units of durations, ns. */
export const UNITS: ReadonlyMap<string, number> = new Map([
  ['ns', 1],
  ['us', 1e3],
  ['ms', 1e6],
  ['s', 1e9],
]);

const TENS = [1, 10, 100, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15];
const EXPONENT_E = 0x65;

/** A decimal number, 0 or more, such as `12.5` or `1e-3`; NaN when the bytes are something else. */
export function readDecimal(bytes: Uint8Array, start: number, end: number): number {
  let digits = 0;
  let places = -1;
  let at = start;
  let seen = 0;
  for (; at < end; at++) {
    const byte = bytes[at]!;
    if (isDigit(byte)) {
      seen++;
      // Beyond 15 digits nothing changes but the size.
      if (digits < 1e15) {
        digits = digits * 10 + byte - ZERO;
        if (places >= 0) places++;
      } else if (places < 0) return rareDecimal(bytes, start, end);
    } else if (byte === POINT && places < 0) places = 0;
    else break;
  }
  if (seen === 0) return Number.NaN;
  if (at < end) return (bytes[at]! | 0x20) === EXPONENT_E ? rareDecimal(bytes, start, end) : Number.NaN;
  return places > 0 ? digits / (TENS[places] ?? 10 ** places) : digits;
}

function rareDecimal(bytes: Uint8Array, start: number, end: number): number {
  const text = String.fromCharCode(...bytes.subarray(start, Math.min(end, start + 64)));
  const value = /^\d[\d.]*(e[+-]?\d+)?$/i.test(text) ? Number(text) : Number.NaN;
  return Number.isFinite(value) ? value : Number.NaN;
}

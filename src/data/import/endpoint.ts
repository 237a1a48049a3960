/**
 * What to call the requests of a line `GET /item/17?x=1 HTTP/1.1`: `GET /item/:id`. A path has as many names as there
 * are users; a type has not. It works on bytes, so that a log with a million paths needs no million strings.
 */

const SPACE = 0x20;
const SLASH = 0x2f;
const DASH = 0x2d;
const UNDERSCORE = 0x5f;
const QUERY = 0x3f;
const FRAGMENT = 0x23;
const ID = new TextEncoder().encode(':id');

/** The bytes of an endpoint; the next call overwrites them. */
export class Endpoint {
  bytes = new Uint8Array(256);
  length = 0;

  /** Takes the bytes of a request from `start` to `end`; what is no path stays as it is. */
  take(from: Uint8Array, start: number, end: number): void {
    // Each byte of a segment may become `:id`.
    if (this.bytes.length < 3 * (end - start) + 3) this.bytes = new Uint8Array(6 * (end - start));
    this.length = 0;
    const space = indexOf(from, SPACE, start, end);
    const second = space < end ? indexOf(from, SPACE, space + 1, end) : end;
    const isLine = space < end && (second === end || startsWith(from, second + 1, end, 'HTTP/'));
    const pathAt = isLine ? space + 1 : start;
    const pathEnd = isLine ? second : end;
    const isUrl = startsWith(from, pathAt, pathEnd, 'http:') || startsWith(from, pathAt, pathEnd, 'https:');
    if (from[pathAt] !== SLASH && !isUrl) this.copy(from, start, end);
    else {
      this.copy(from, start, pathAt);
      this.takePath(from, isUrl ? afterHost(from, pathAt, pathEnd) : pathAt, pathEnd);
    }
  }

  private takePath(from: Uint8Array, start: number, end: number): void {
    let segment = start;
    for (let at = start; ; at++) {
      const byte = at < end ? from[at]! : QUERY;
      if (byte !== SLASH && byte !== QUERY && byte !== FRAGMENT) continue;
      if (isIdentifier(from, segment, at)) this.copy(ID, 0, ID.length);
      else this.copy(from, segment, at);
      if (byte !== SLASH) return;
      this.bytes[this.length++] = SLASH;
      segment = at + 1;
    }
  }

  private copy(from: Uint8Array, start: number, end: number): void {
    for (let at = start; at < end; at++) this.bytes[this.length++] = from[at]!;
  }
}

const WORD = 1;
const HEX = 2;
const DIGIT = 4;
/** What each byte may be part of. */
const KINDS = Uint8Array.from({ length: 256 }, (_, byte) => {
  const character = String.fromCharCode(byte);
  if (/\d/.test(character)) return DIGIT | HEX | WORD;
  if (/[a-f]/i.test(character)) return HEX | WORD;
  return /[a-z]/i.test(character) || byte === UNDERSCORE ? WORD : 0;
});

/** A number, a UUID, a long hexadecimal or other word with digits in it. */
function isIdentifier(bytes: Uint8Array, start: number, end: number): boolean {
  const length = end - start;
  let [digits, hexes, words, dashes] = [0, 0, 0, 0];
  for (let at = start; at < end; at++) {
    const kind = KINDS[bytes[at]!]!;
    if (kind & DIGIT) digits++;
    if (kind & HEX) hexes++;
    if (kind & WORD) words++;
    if (bytes[at] === DASH) dashes++;
  }
  if (length === 0) return false;
  const isUuid = length === 36 && hexes >= 28 && hexes + dashes === length && bytes[start + 8] === DASH;
  return (
    digits === length || isUuid || (hexes === length && length >= 12) || isLongWord(length, words + dashes, digits)
  );
}

function isLongWord(length: number, words: number, digits: number): boolean {
  return length >= 20 && words === length && digits > 0;
}

function indexOf(bytes: Uint8Array, byte: number, start: number, end: number): number {
  for (let at = start; at < end; at++) if (bytes[at] === byte) return at;
  return end;
}

function startsWith(bytes: Uint8Array, start: number, end: number, text: string): boolean {
  if (end - start < text.length) return false;
  for (let i = 0; i < text.length; i++) if (bytes[start + i] !== text.charCodeAt(i)) return false;
  return true;
}

/** Where the path of `https://host/path` begins. */
function afterHost(bytes: Uint8Array, start: number, end: number): number {
  const host = indexOf(bytes, SLASH, start, end);
  return bytes[host + 1] === SLASH ? indexOf(bytes, SLASH, host + 2, end) : start;
}

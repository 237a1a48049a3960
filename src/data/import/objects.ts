/**
 * JSON in constant memory: the objects of lines, or those inside of arrays `spans` (OTLP, Jaeger), found by counting
 * brackets. Only one object at a time becomes a value.
 */

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN = 0x7b;
const CLOSE = 0x7d;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const NEWLINE = 0x0a;
/** A larger object is none. */
const LONGEST = 1 << 22;
const DEEPEST = 200;

/** Is told of each object, with the line where it begins, from 1; `undefined` for one that is not JSON. */
export type TakeObject = (line: number, object: Readonly<Record<string, unknown>> | undefined) => void;

export class ObjectScanner {
  private readonly decoder = new TextDecoder();
  private line = 1;
  private depth = 0;
  private isInString = false;
  private isEscaped = false;
  /** The last string that was read, to know the key before an array. */
  private text: number[] = [];
  /** Depth of the array whose objects are taken; -1 outside of it. */
  private listDepth = -1;
  private kept: Uint8Array[] = [];
  private keptBytes = 0;
  private keptLine = 0;
  private isKeeping = false;

  /** @param key of the arrays whose objects are taken; undefined: objects that are in nothing else */
  constructor(
    private readonly key: string | undefined,
    private readonly take: TakeObject,
  ) {
    if (key === undefined) this.listDepth = 0;
  }

  parse(chunk: Uint8Array): void {
    let from = 0;
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at]!;
      if (byte === NEWLINE) {
        this.line++;
        // Lines are documents of their own: what was not closed ends here.
        if (this.key === undefined && this.depth > 0) {
          this.isInString = false;
          this.end(chunk, from, at);
          this.depth = 0;
        }
      }
      if (this.isInString) this.inString(byte);
      else if (byte === QUOTE) {
        this.isInString = true;
        this.text = [];
      } else if (byte === OPEN || byte === OPEN_LIST) {
        if (byte === OPEN && this.depth === this.listDepth && !this.isKeeping) {
          this.isKeeping = true;
          this.keptLine = this.line;
          from = at;
        } else if (byte === OPEN_LIST && this.listDepth < 0 && this.isKey()) this.listDepth = this.depth + 1;
        this.depth = Math.min(DEEPEST, this.depth + 1);
      } else if (byte === CLOSE || byte === CLOSE_LIST) {
        this.depth = Math.max(0, this.depth - 1);
        if (this.isKeeping && this.depth === this.listDepth) this.end(chunk, from, at + 1);
        else if (byte === CLOSE_LIST && this.key !== undefined && this.depth < this.listDepth) this.listDepth = -1;
      }
    }
    if (this.isKeeping) this.keep(chunk, from, chunk.length);
  }

  finish(): void {
    if (this.isKeeping) this.end(new Uint8Array(0), 0, 0);
  }

  private inString(byte: number): void {
    if (this.isEscaped) this.isEscaped = false;
    else if (byte === BACKSLASH) this.isEscaped = true;
    else if (byte === QUOTE) this.isInString = false;
    else if (this.listDepth < 0 && this.text.length <= 8) this.text.push(byte);
  }

  private isKey(): boolean {
    return this.key !== undefined && String.fromCharCode(...this.text) === this.key;
  }

  private keep(chunk: Uint8Array, from: number, to: number): void {
    this.keptBytes += to - from;
    if (this.keptBytes <= LONGEST) this.kept.push(chunk.slice(from, to));
  }

  private end(chunk: Uint8Array, from: number, to: number): void {
    this.keep(chunk, from, to);
    this.take(this.keptLine, this.keptBytes <= LONGEST ? parsed(this.decoder.decode(whole(this.kept))) : undefined);
    this.kept = [];
    this.keptBytes = 0;
    this.isKeeping = false;
  }
}

function whole(parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length === 1) return parts[0]!;
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

function parsed(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

/** The values of an object by their paths: `http.status`. Lists are passed over. */
export function flattened(object: Readonly<Record<string, unknown>>, prefix = '', depth = 0): Map<string, string> {
  const cells = new Map<string, string>();
  for (const [key, value] of Object.entries(object)) {
    const path = prefix + key;
    if (typeof value === 'string') cells.set(path, value);
    else if (typeof value === 'number' || typeof value === 'boolean') cells.set(path, plainNumber(value));
    else if (typeof value === 'object' && value !== null && !Array.isArray(value) && depth < 8) {
      for (const [below, cell] of flattened(value as Record<string, unknown>, `${path}.`, depth + 1))
        cells.set(below, cell);
    }
  }
  return cells;
}

/** Not 1e+21. */
function plainNumber(value: number | boolean): string {
  return typeof value === 'number' && Number.isInteger(value) ? BigInt(value).toString() : String(value);
}

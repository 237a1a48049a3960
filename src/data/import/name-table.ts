/** Numbers the names of a log's types by their bytes, without a string for each row. */

import { foldByte, HASH_START } from '../../workload/type-table.js';

/** A column with more names holds something else than types, such as one path per user. */
const MOST_NAMES = 50_000;
const SLOTS = 1 << 17;

/** The number of the names that came after {@link MOST_NAMES} others. */
export const TOO_MANY = MOST_NAMES;

export class NameTable {
  readonly names: string[] = [];
  private readonly decoder = new TextDecoder();
  private readonly bytes: Uint8Array[] = [];
  private readonly hashes: number[] = [];
  private readonly slots = new Int32Array(SLOTS).fill(-1);

  /**
   * The number of the name that these bytes are.
   *
   * @param nameOf makes the name of a spelling that was not there before; equal names have one number
   */
  numberOf(bytes: Uint8Array, start: number, end: number, nameOf: (text: string) => string): number {
    let hash = HASH_START;
    for (let at = start; at < end; at++) hash = foldByte(hash, bytes[at]!);
    let slot = (hash ^ (hash >>> 15)) & (SLOTS - 1);
    for (let found = this.slots[slot]!; found >= 0; found = this.slots[slot]!) {
      if (this.hashes[found] === hash && equals(this.bytes[found]!, bytes, start, end)) return this.numbers[found]!;
      slot = (slot + 1) & (SLOTS - 1);
    }
    const number = this.named(nameOf(this.decoder.decode(bytes.subarray(start, end))));
    if (this.bytes.length >= MOST_NAMES) return number;
    this.slots[slot] = this.bytes.push(bytes.slice(start, end)) - 1;
    this.hashes.push(hash);
    this.numbers.push(number);
    return number;
  }

  private readonly numbers: number[] = [];
  private readonly byName = new Map<string, number>();

  /** The number of a name. */
  named(name: string): number {
    let number = this.byName.get(name);
    if (number === undefined) {
      if (this.names.length >= MOST_NAMES) return TOO_MANY;
      number = this.names.push(name) - 1;
      this.byName.set(name, number);
    }
    return number;
  }
}

function equals(known: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  if (known.length !== end - start) return false;
  for (let i = 0; i < known.length; i++) if (known[i] !== bytes[start + i]) return false;
  return true;
}

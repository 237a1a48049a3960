/**
 * Finds the index of a request type by the bytes of its name, without making a string. It is a hash table with open
 * addressing; the caller computes the hash while it looks for the end of the name.
 */
export class TypeTable {
  /** Names by index. */
  readonly names: string[] = [];
  private readonly spellings: { readonly bytes: Uint8Array; readonly hash: number; readonly index: number }[] = [];
  private readonly slots = new Int16Array(SLOTS).fill(-1);

  /** @returns the index, or -1 when the name is not there */
  find(bytes: Uint8Array, start: number, end: number, hash: number): number {
    let slot = hash & (SLOTS - 1);
    for (;;) {
      const at = this.slots[slot]!;
      if (at < 0) return -1;
      const spelling = this.spellings[at]!;
      if (spelling.hash === hash && equals(spelling.bytes, bytes, start, end)) return spelling.index;
      slot = (slot + 1) & (SLOTS - 1);
    }
  }

  /** Adds a name that is not there and returns its index. */
  add(name: string): number {
    return this.addSpelling(new TextEncoder().encode(name), this.names.push(name) - 1);
  }

  /** Adds the bytes of a name as they stand in a file, with quotes or without, and returns the index of the name. */
  addSpelling(bytes: Uint8Array, index: number): number {
    const hash = hashOf(bytes, 0, bytes.length);
    let slot = hash & (SLOTS - 1);
    while (this.slots[slot]! >= 0) slot = (slot + 1) & (SLOTS - 1);
    this.slots[slot] = this.spellings.push({ bytes, hash, index }) - 1;
    return index;
  }

  get full(): boolean {
    return this.names.length >= MAX_TRACE_TYPES;
  }
}

/** With more, the column holds something else than types. */
export const MAX_TRACE_TYPES = 1024;
/** Each name has two spellings, with quotes and without. */
const SLOTS = 4 * MAX_TRACE_TYPES;

/** FNV-1a, 32 bits: starts with {@link HASH_START} and folds byte by byte. */
export const HASH_START = 0x811c9dc5 | 0;
export function foldByte(hash: number, byte: number): number {
  return Math.imul(hash ^ byte, 0x01000193);
}

export function hashOf(bytes: Uint8Array, start: number, end: number): number {
  let hash = HASH_START;
  for (let i = start; i < end; i++) hash = foldByte(hash, bytes[i]!);
  return hash;
}

function equals(name: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  if (name.length !== end - start) return false;
  for (let i = 0; i < name.length; i++) if (name[i] !== bytes[start + i]) return false;
  return true;
}

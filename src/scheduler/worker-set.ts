import { int32s } from '../units/arrays.js';

/**
 * A set of workers as a bitset of 32-bit words: add and delete take constant time, and counting zeros finds the lowest
 * member. Up to 32 workers, the usual case, it is a single word.
 */
export class WorkerSet {
  readonly words: Int32Array;

  /** An empty set that can hold workers 0 … capacity-1. */
  constructor(capacity: number) {
    this.words = int32s(Math.max(1, (capacity + 31) >>> 5));
  }

  add(worker: number): void {
    this.words[worker >>> 5]! |= 1 << (worker & 31);
  }

  delete(worker: number): void {
    this.words[worker >>> 5]! &= ~(1 << (worker & 31));
  }

  has(worker: number): boolean {
    return (this.words[worker >>> 5]! & (1 << (worker & 31))) !== 0;
  }

  clear(): void {
    this.words.fill(0);
  }

  /** Adds workers `from … to-1`. */
  addRange(from: number, to: number): void {
    for (let worker = from; worker < to; worker++) this.add(worker);
  }

  /** The lowest-numbered member, or -1 when empty. */
  lowest(): number {
    const { words } = this;
    const first = words[0]!;
    if (first !== 0) return 31 - Math.clz32(first & -first);
    for (let i = 1; i < words.length; i++) {
      const word = words[i]!;
      if (word !== 0) return (i << 5) + 31 - Math.clz32(word & -word);
    }
    return -1;
  }

  /** The lowest-numbered worker that is in this set and in `other` (of equal capacity), or -1. */
  lowestIn(other: WorkerSet): number {
    const { words } = this;
    const others = other.words;
    for (let i = 0; i < words.length; i++) {
      const word = words[i]! & others[i]!;
      if (word !== 0) return (i << 5) + 31 - Math.clz32(word & -word);
    }
    return -1;
  }

  /** Members in ascending order. It allocates, so it is not for hot paths. */
  toArray(): number[] {
    const members: number[] = [];
    for (let worker = 0; worker < this.words.length << 5; worker++) if (this.has(worker)) members.push(worker);
    return members;
  }
}

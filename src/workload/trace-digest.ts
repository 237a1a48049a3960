/**
 * A digest of a request trace. Two runs with the same digest, in either world, had the same arrivals, types (by name)
 * and service demands in the same order.
 */

import type { RequestBatch } from './request-source.js';
import { hashOf } from './type-table.js';

/** Two 32-bit lanes. Make it with {@link createTraceDigest}. */
export interface TraceDigest {
  a: number;
  b: number;
  requests: number;
  /** Hash of the name of each type, so that the order of the types does not matter. */
  readonly typeHash: Int32Array;
}

// Odd multipliers with well-spread bits: the primes of xxHash32 (Y. Collet, xxHash specification).
const PRIME_1 = 0x9e3779b1 | 0;
const PRIME_2 = 0x85ebca77 | 0;
const PRIME_3 = 0xc2b2ae3d | 0;
const TWO_POW_MINUS_32 = 1 / 4294967296;

/** @param typeNames names by type index, all of those that can occur */
export function createTraceDigest(typeNames: readonly string[]): TraceDigest {
  const encoder = new TextEncoder();
  const typeHash = Int32Array.from(typeNames, (name) => {
    const bytes = encoder.encode(name);
    return hashOf(bytes, 0, bytes.length);
  });
  return { a: PRIME_1, b: PRIME_2, requests: 0, typeHash };
}

/** Folds the requests of a batch into the digest. How a trace is cut into batches does not matter. */
export function foldTraceDigest(digest: TraceDigest, { length, arrivalNs, serviceNs, type }: RequestBatch): void {
  const { typeHash } = digest;
  let { a, b } = digest;
  for (let i = 0; i < length; i++) {
    const arrival = arrivalNs[i]!;
    const service = serviceNs[i]!;
    const arrivalHigh = arrival * TWO_POW_MINUS_32;
    const serviceHigh = service * TWO_POW_MINUS_32;
    const kind = typeHash[type[i]!]!;
    // Each step is one-to-one in the word and in the lane, so a single change is never lost.
    a = step(a, arrival, PRIME_2);
    a = step(a, arrivalHigh, PRIME_2);
    a = step(a, kind, PRIME_2);
    a = step(a, service, PRIME_2);
    a = step(a, serviceHigh, PRIME_2);
    b = step(b, arrival, PRIME_3);
    b = step(b, arrivalHigh, PRIME_3);
    b = step(b, kind, PRIME_3);
    b = step(b, service, PRIME_3);
    b = step(b, serviceHigh, PRIME_3);
  }
  digest.a = a;
  digest.b = b;
  digest.requests += length;
}

/** Bitwise operators take a double modulo 2^32. */
function step(lane: number, word: number, prime: number): number {
  const mixed = Math.imul(lane ^ word, prime);
  return (mixed << 13) | (mixed >>> 19);
}

/** The digest as 16 hexadecimal digits. */
export function showTraceDigest({ a, b, requests }: TraceDigest): string {
  return hex(finish(a ^ requests)) + hex(finish(b + requests));
}

/** The final mixing of MurmurHash3 (A. Appleby, fmix32). */
function finish(lane: number): number {
  let h = lane | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

function hex(word: number): string {
  return (word >>> 0).toString(16).padStart(8, '0');
}

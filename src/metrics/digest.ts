/**
 * The digest of a run: a 64-bit hash over every completion (request id, worker, start, end), in two 32-bit lanes.
 *
 * The hash of each completion is mixed on its own, and the hashes are added, so that the processor can work on several
 * at once and parts of a run can be added. Two runs with equal digests made the same decisions at the same times.
 */

const HIGH = 2 ** -32;

/**
 * Adds one completion to the lanes `state[0]` and `state[1]`. Times are integer ns, `id` is the request's number in the
 * trace.
 */
export function foldCompletion(state: Int32Array, id: number, worker: number, startNs: number, endNs: number): void {
  let a = Math.imul((id | 0) ^ Math.imul(worker + 1, 0x9e3779b1), 0x85ebca6b) ^ Math.imul(startNs | 0, 0xc2b2ae35);
  a = Math.imul(a ^ (a >>> 15), 0x27d4eb2f);
  let b = Math.imul((endNs | 0) ^ (a >>> 13), 0x165667b1) ^ Math.imul((endNs * HIGH) | 0, 0x9e3779b1);
  b = Math.imul(b ^ (b >>> 16), 0x2c1b3c6d);
  state[0] = (state[0]! + (a ^ (b >>> 15))) | 0;
  state[1] = (state[1]! + b) | 0;
}

/** The digest as 16 hexadecimal digits. */
export function formatDigest(state: Int32Array): string {
  return [state[0]!, state[1]!].map((lane) => (lane >>> 0).toString(16).padStart(8, '0')).join('');
}

/** The digest of several runs together: their lanes added up. */
export function addDigests(digests: readonly string[]): string {
  const lanes = new Int32Array(2);
  for (const digest of digests) {
    for (const lane of [0, 1]) lanes[lane] = lanes[lane]! + Number.parseInt(digest.slice(8 * lane, 8 * lane + 8), 16);
  }
  return formatDigest(lanes);
}

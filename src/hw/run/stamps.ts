/** The server's stamps in the replies: which of them can be true, and what they are on the client's clock. */

import type { NativeClock, NativeRecords } from '../native/native.js';

/** Two clocks run at rates that differ by less than this, and two cores of a machine by fewer ns. */
const RATE_TOLERANCE = 1e-3;
const STEP_TOLERANCE_NS = 10e3;

/**
 * Leaves out the stamps that cannot be true: they run backwards, or say that the server had the request for longer than
 * it was away. A server that is broken, or lies, must not get into the averages.
 */
export function believable(records: NativeRecords): { readonly records: NativeRecords; readonly refused: number } {
  const { sentNs, repliedNs, receivedNs, dispatchedNs, startedNs, endedNs } = records;
  const isFalse = (i: number): boolean => {
    const awayNs = repliedNs[i]! - sentNs[i]!;
    return (
      receivedNs[i]! - dispatchedNs[i]! > STEP_TOLERANCE_NS ||
      dispatchedNs[i]! - startedNs[i]! > STEP_TOLERANCE_NS ||
      startedNs[i]! - endedNs[i]! > STEP_TOLERANCE_NS ||
      endedNs[i]! - receivedNs[i]! > awayNs * (1 + RATE_TOLERANCE) + STEP_TOLERANCE_NS
    );
  };
  const refused: number[] = [];
  for (let i = 0; i < sentNs.length; i++) if (isFalse(i)) refused.push(i);
  if (refused.length === 0) return { records, refused: 0 };
  const without = <T extends Float64Array | Int32Array>(column: T, nothing: number): T => {
    const copy = column.slice() as T;
    for (const i of refused) copy[i] = nothing;
    return copy;
  };
  return {
    records: {
      sentNs,
      repliedNs,
      receivedNs: without(receivedNs, Number.NaN),
      dispatchedNs: without(dispatchedNs, Number.NaN),
      startedNs: without(startedNs, Number.NaN),
      endedNs: without(endedNs, Number.NaN),
      worker: without(records.worker, -1),
    },
    refused: refused.length,
  };
}

/** From a stamp of the server to the client's time; nothing when the two are not known to count one counter. */
export function toOneClock(
  { clock: own }: { readonly clock?: NativeClock },
  other: NativeClock | undefined,
): ((ns: number) => number) | undefined {
  if (!own || !other) return undefined;
  const epochNs = (other.epochTicks - own.epochTicks) * own.nsPerTick;
  const rate = own.nsPerTick / other.nsPerTick;
  return (ns) => epochNs + ns * rate;
}

/**
 * The same for a server on another machine: its clock is ahead by what it read when the quickest request came, less
 * when that was sent. So its times are earlier than they were, by that request's way.
 */
export function byQuickest({ sentNs, receivedNs }: NativeRecords): (ns: number) => number {
  let aheadNs = Number.POSITIVE_INFINITY;
  for (let i = 0; i < sentNs.length; i++) {
    if (receivedNs[i]! - sentNs[i]! < aheadNs) aheadNs = receivedNs[i]! - sentNs[i]!;
  }
  return Number.isFinite(aheadNs) ? (ns) => ns - aheadNs : (ns) => ns;
}

/** The records with the server's stamps as the client's clock would have read them. */
export function onOneClock(records: NativeRecords, translate: (ns: number) => number): NativeRecords {
  return {
    ...records,
    receivedNs: records.receivedNs.map(translate),
    dispatchedNs: records.dispatchedNs.map(translate),
    startedNs: records.startedNs.map(translate),
    endedNs: records.endedNs.map(translate),
  };
}

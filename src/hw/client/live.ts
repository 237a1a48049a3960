/** Rough and cheap figures to show during a run; they are never part of a result. */

import type { NativeRecords, NativeTrace } from '../native/native.js';

/** Only this many of the latest requests are read: where threads share cores, the run loses the time spent on this. */
const SAMPLE = 4000;

/** The 99th percentile of the slowdown of the latest answered requests; NaN while there are none. */
export function liveP99Slowdown(trace: NativeTrace, records: NativeRecords): number {
  const slowdowns = new Float64Array(SAMPLE);
  let count = 0;
  for (let i = trace.length - 1; i >= 0 && count < SAMPLE; i--) {
    const repliedNs = records.repliedNs[i]!;
    if (!Number.isNaN(repliedNs))
      slowdowns[count++] = (repliedNs - trace.plannedNs[i]!) / Math.max(1, trace.demandNs[i]!);
  }
  return count === 0 ? Number.NaN : slowdowns.subarray(0, count).sort()[Math.floor(count * 0.99)]!;
}

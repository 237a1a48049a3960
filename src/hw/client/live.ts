/** Figures for the eye while a run lasts: rough, cheap, and never part of a result. */

import type { NativeRecords, NativeTrace } from '../native/native.js';

/** At most so many of the latest requests are looked at: where threads share cores, every millisecond spent on this is one that the run is without. */
const SAMPLE = 4000;

/** The 99th percentile of the slowdown over the latest answered requests; NaN while there are none. */
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

/** Figures for the eye while a run lasts: rough, cheap, and never part of a result. */
import type { NativeRecords, NativeTrace } from './native.js';

/** At most so many of the latest requests are looked at. */
const SAMPLE = 20_000;

/** The 99th percentile of the slowdown over the latest answered requests; NaN while there are none. */
export function liveP99Slowdown(trace: NativeTrace, records: NativeRecords): number {
  const slowdowns: number[] = [];
  for (let i = trace.length - 1; i >= 0 && slowdowns.length < SAMPLE; i--) {
    const repliedNs = records.repliedNs[i]!;
    if (!Number.isNaN(repliedNs)) slowdowns.push((repliedNs - trace.plannedNs[i]!) / Math.max(1, trace.demandNs[i]!));
  }
  if (slowdowns.length === 0) return Number.NaN;
  slowdowns.sort((a, b) => a - b);
  return slowdowns[Math.min(slowdowns.length - 1, Math.floor(slowdowns.length * 0.99))]!;
}

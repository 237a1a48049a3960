/** What a load generator saw in parts of its run: by slices of equal length, and by the phases of its workload. */

import { measuredFrom, wholeNs } from '../../hw/run/record.js';
import type { HardwareRun } from '../../hw/run/run-pair.js';
import { Histogram } from '../../metrics/histogram.js';
import { resultSliceOf } from '../../metrics/summarize.js';
import type { LoadPhase } from '../../results/hardware-fields.js';
import type { ResultSlice } from '../../results/result.js';
import type { Workload } from '../../workload/workload.js';

type Seen = Pick<HardwareRun, 'trace' | 'records'>;

/**
 * The measured requests by the time of their answer, in slices from the first measured arrival on. The last slice ends
 * with the last answer.
 *
 * @param sliceNs above 0, undilated
 */
export function loadSlices(
  { trace, records }: Seen,
  typeNames: readonly string[],
  warmup: number,
  sliceNs: number,
): ResultSlice[] {
  const first = measuredFrom(trace, warmup);
  const fromNs = first < trace.length ? trace.arrivalNs[first]! : 0;
  const answered = Array.from({ length: trace.length - first }, (_, i) => first + i).filter(
    (i) => !Number.isNaN(records.repliedNs[i]!),
  );
  const lastNs = answered.reduce((latest, i) => Math.max(latest, records.repliedNs[i]!), fromNs);
  const members = Array.from({ length: Math.ceil((lastNs - fromNs) / sliceNs) }, (): number[] => []);
  for (const i of answered) {
    const slice = Math.floor((records.repliedNs[i]! - fromNs) / sliceNs);
    members[Math.min(members.length - 1, Math.max(0, slice))]!.push(i);
  }
  return members.map((requests, slice) => {
    const types = typeNames.map((name) => ({ name, slowdown: new Histogram(), sojournNs: new Histogram() }));
    for (const i of requests) {
      const sojournNs = wholeNs(records.repliedNs[i]! - trace.arrivalNs[i]!);
      const type = types[trace.type[i]!]!;
      type.sojournNs.record(sojournNs);
      type.slowdown.record(sojournNs / trace.serviceNs[i]!);
    }
    const startNs = fromNs + slice * sliceNs;
    return resultSliceOf(startNs, Math.min(startNs + sliceNs, wholeNs(lastNs)), types);
  });
}

/** A run that repeats its phases more often is summed up by the slices. */
const MOST_PHASES = 100;

/** What was offered and achieved in each phase of the workload, as often as it came; without phases, in the run. */
export function loadPhases({ trace, records }: Seen, { phases }: Pick<Workload, 'phases'>): LoadPhase[] {
  if (trace.length === 0) return [];
  const lastNs = trace.arrivalNs[trace.length - 1]!;
  const ends: number[] = [];
  if (phases.length > 1) {
    for (let endNs = phases[0]!.durationNs; endNs <= lastNs && ends.length < MOST_PHASES - 1; ) {
      ends.push(endNs);
      endNs += phases[ends.length % phases.length]!.durationNs;
    }
  }
  ends.push(Math.max(lastNs, 1));
  const at = (ns: number) => {
    const found = ends.findIndex((endNs) => ns < endNs);
    return found < 0 ? ends.length - 1 : found;
  };
  const counts = ends.map(() => ({ offered: 0, achieved: 0, unanswered: 0 }));
  for (let i = 0; i < trace.length; i++) {
    const own = counts[at(trace.arrivalNs[i]!)]!;
    own.offered++;
    const repliedNs = records.repliedNs[i]!;
    if (Number.isNaN(repliedNs)) own.unanswered++;
    // What is answered after the last arrival says nothing of a rate.
    else if (repliedNs <= lastNs) counts[at(repliedNs)]!.achieved++;
  }
  return counts.map(({ offered, achieved, unanswered }, i) => {
    const [fromNs, toNs] = [ends[i - 1] ?? 0, ends[i]!];
    const perSecond = 1e9 / Math.max(1, toNs - fromNs);
    return { fromNs, toNs, offeredRps: offered * perSecond, achievedRps: achieved * perSecond, unanswered };
  });
}

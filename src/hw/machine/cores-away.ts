/** When the cores of a run were away: another program had them, or the host of a virtual machine. */

import { readdirSync, readFileSync } from 'node:fs';
import type { NativeRecords, NativeTrace } from '../native/native.js';

/** Shorter times are not noted, as in native/base/keep_awake.hpp. */
const GAP_NS = 1e6;

/** What one end of a run saw of its cores. */
export interface WatchedCores {
  /** How many it watched. */
  readonly cores: number;
  /** When a core was away for a millisecond or more, real ns on this end's clock: from, to, from, to, … */
  readonly gapsNs: readonly number[];
  /** For how long threads that spin waited for their cores, real ns. Nobody knows when that was. */
  readonly waitedNs?: number;
}

/** Undilated ns since the start of the trace. */
export interface Gap {
  readonly fromNs: number;
  readonly toNs: number;
}

export interface CoresAway {
  /** Ascending. */
  readonly gaps: readonly Gap[];
  /** Of all cores together, real ns. */
  readonly totalNs: number;
  /** The share of the run for which the cores of an end were away: of the end that was disturbed most. */
  readonly share: number;
}

/**
 * When the cores of a load generator were away: a request was due, and for a millisecond nothing was sent. A thread
 * that is only too slow sends all the time.
 *
 * @param threads thread `t` sends every request whose number leaves `t`
 */
export function sendingGaps(
  { plannedNs }: Pick<NativeTrace, 'plannedNs'>,
  { sentNs }: Pick<NativeRecords, 'sentNs'>,
  threads: number,
): number[] {
  const lastNs = new Float64Array(threads);
  const gaps: number[] = [];
  for (let i = 0; i < sentNs.length; i++) {
    if (Number.isNaN(sentNs[i]!)) continue;
    const dueNs = Math.max(plannedNs[i]!, lastNs[i % threads]!);
    if (sentNs[i]! - dueNs >= GAP_NS) gaps.push(dueNs, sentNs[i]!);
    lastNs[i % threads] = sentNs[i]!;
  }
  return gaps;
}

/** For how long psp's own threads in this process were ready to run and had no core, ns: the kernel counts that. */
export function waitedNs(root = '/'): number {
  const tasks = `${root}proc/self/task`;
  return readdirSync(tasks).reduce((sum, id) => {
    try {
      if (!readFileSync(`${tasks}/${id}/comm`, 'utf8').startsWith('psp-')) return sum;
      return sum + Number(readFileSync(`${tasks}/${id}/schedstat`, 'utf8').split(' ')[1]);
    } catch {
      // The thread has ended, or the kernel does not count.
      return sum;
    }
  }, 0);
}

/**
 * Sums up what the ends of a run saw.
 *
 * @param ends with times on the load generators' clock; nothing comes of none
 * @param durationNs of the run, undilated
 * @param undilate from that clock to undilated ns since the start of the trace
 */
export function coresAway(
  ends: readonly WatchedCores[],
  durationNs: number,
  dilation: number,
  undilate: (ns: number) => number,
): CoresAway | undefined {
  if (ends.length === 0) return undefined;
  const found = ends.map(({ cores, gapsNs, waitedNs = 0 }) => {
    const times = gapsNs.map(undilate);
    // Before the first request, and after the end of the load generators, nobody was disturbed.
    const gaps = Array.from({ length: times.length / 2 }, (_, i) => ({
      fromNs: Math.max(0, times[2 * i]!),
      toNs: Math.min(durationNs, times[2 * i + 1]!),
    })).filter(({ fromNs, toNs }) => toNs > fromNs);
    const totalNs = gaps.reduce((sum, { fromNs, toNs }) => sum + toNs - fromNs, 0) * dilation + waitedNs;
    return { gaps, totalNs, share: totalNs / Math.max(1, durationNs * dilation * cores) };
  });
  return {
    gaps: found.flatMap(({ gaps }) => gaps).sort((a, b) => a.fromNs - b.fromNs),
    totalNs: found.reduce((sum, { totalNs }) => sum + totalNs, 0),
    share: Math.max(...found.map(({ share }) => share)),
  };
}

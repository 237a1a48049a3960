/** What a result of a real machine has beside the fields of every psp.result/1. docs/result-format.md describes it. */

import type { DistributionSummary } from './result.js';

export interface Discarded {
  /** For another address, from another than the server's, or not UDP. */
  readonly foreign: number;
  readonly malformed: number;
  readonly badChecksum: number;
  /** Answers to an earlier run, or a second answer to one request. */
  readonly duplicates: number;
  /** Address and port that the last datagram came from that was for this client and not from the server. */
  readonly lastFrom?: string;
}

/** What was thrown away, as the end of a sentence; nothing when nothing was. */
export function thrownAway({ foreign, malformed, badChecksum, duplicates, lastFrom }: Discarded): string {
  const parts = [
    foreign > 0 && `${foreign} foreign${lastFrom === undefined ? '' : ` (the last from ${lastFrom})`}`,
    malformed > 0 && `${malformed} malformed`,
    badChecksum > 0 && `${badChecksum} with a bad checksum`,
    duplicates > 0 && `${duplicates} answers to earlier requests`,
  ].filter((part) => part !== false);
  return parts.length === 0 ? '' : `, thrown away: ${parts.join(', ')}`;
}

/** What a load generator saw of a phase of its workload, by planned arrivals; rates are undilated. */
export interface LoadPhase {
  readonly fromNs: number;
  readonly toNs: number;
  readonly offeredRps: number;
  /** By the time of the answers; those after the last arrival are left out. */
  readonly achievedRps: number;
  /** Of the requests that were planned in it. */
  readonly unanswered: number;
}

export interface HardwareFields {
  /** Of psp load: each phase of the workload as often as it came, or the run where there are none. */
  readonly phases?: readonly LoadPhase[];
  /** Sent, and neither answered nor counted as dropped by the server. */
  readonly lost: number;
  /** Sent later than planned by more than the run's tolerance; measured from planned time all the same. */
  readonly late: number;
  /** Not sent, because too many were unanswered. */
  readonly skipped: number;
  /** Replies whose stamps cannot be true; they are left out of `server`. */
  readonly stampsRefused: number;
  /**
   * Who polled the server's device: the dispatcher's thread, or a net thread of its own. Absent when only the load
   * generator ran here.
   */
  readonly poll?: 'inline' | 'thread';
  /** Why the load generator ended; `policyFailed`: the policy threw, or did not return from a call. */
  readonly end: 'complete' | 'drained' | 'stopped' | 'serverGone' | 'policyFailed';
  /** Why the server ended before its time; absent when it did not, or when nobody knows. */
  readonly failure?: string;
  /** Counts of both ends that do not add up; empty unless something is broken. */
  readonly unreconciled: readonly string[];
  /**
   * Are the server's own counts in the result? If not, what only it knows is 0 or empty, and all that was not answered
   * counts as lost.
   */
  readonly serverCounted: boolean;
  /**
   * For how long cores were away in all, real ns: another program had them, or a virtual machine's host. Over hosts, of
   * all of them. Null when nobody looked.
   */
  readonly coresAwayNs: number | null;
  /**
   * Of a point of a sweep: runs that were disturbed from outside (cores away for more than 2 % of their time) and
   * repeated, and those that were kept all the same, because each repetition was disturbed, too.
   */
  readonly disturbedRuns?: { readonly repeated: number; readonly kept: number };
  /** Frames that came back and were no answers to this run's requests, by what was wrong with them. */
  readonly discarded: Discarded;
  /** The client's closing line. */
  readonly closingLine: string;
  /** The same sojourns measured from the actual send: what a client that hides its own lateness would report. */
  readonly fromActualSend: { readonly slowdown: DistributionSummary; readonly sojournNs: DistributionSummary };
  /** On the server, undilated: waiting for a worker, hand-off to it, and service as measured. Null without stamps. */
  readonly server: {
    readonly waitNs: DistributionSummary;
    readonly handoffNs: DistributionSummary;
    readonly serviceNs: DistributionSummary;
  };
}

/** The schema psp.server/1: what a server of `psp serve` counted. docs/hardware.md describes it. */

export interface ServerReport {
  readonly schema: 'psp.server/1';
  readonly workload: string;
  readonly policy: string;
  readonly workers: number;
  /** Who polled the device: the dispatcher's thread, or a net thread of its own. */
  readonly poll: 'inline' | 'thread';
  readonly frame: string;
  readonly seed: string;
  /** All times of the run are stretched by this; the times below are real. */
  readonly dilation: number;
  /** How long it has served, ns. */
  readonly durationNs: number;
  /** Of each type, the last being UNKNOWN. */
  readonly types: readonly {
    readonly name: string;
    readonly completed: number;
    readonly dropped: number;
    /** Completed by each worker. */
    readonly byWorker: readonly number[];
  }[];
  /** Every change of the reservation, such as the end of a window of DARC's, up to 10 000. */
  readonly windows: readonly {
    readonly id: number;
    /** Since the server's start, ns, and until the next change or the end. */
    readonly fromNs: number;
    readonly toNs: number;
    /** Requests that completed in it, and that waited when it ended. */
    readonly completed: number;
    readonly queued: number;
    /** Did it end with another reservation, not with the server? */
    readonly updated: boolean;
    readonly groups: readonly {
      readonly types: readonly string[];
      readonly reserved: readonly number[];
      readonly stealable: readonly number[];
    }[];
  }[];
  /** By reason. */
  readonly dropped: Readonly<Record<string, number>>;
  readonly counts: ServerCounts;
}

/**
 * Everything the server counted. Each request frame is in exactly one of the places `reconcileServer`
 * (src/hw/memory/counts.ts) adds up.
 */
export interface ServerCounts {
  readonly framesReceived: number;
  /** Frames that were requests; the others are counted below by kind. */
  readonly requests: number;
  readonly unknownType: number;
  readonly arpAnswered: number;
  readonly foreign: number;
  readonly malformed: number;
  readonly truncated: number;
  readonly oversized: number;
  readonly badChecksum: number;
  /** Of all frames: those over memif whose sender left the IPv4 checksum to a NIC. They are taken. */
  readonly withoutChecksum: number;
  /** Of the requests of a psp or psp-mb server: those that have the form of IX. */
  readonly looksLikeIx: number;
  /** Requests dropped before the scheduler saw them. */
  readonly droppedNoSlot: number;
  readonly droppedArrivalsFull: number;
  readonly droppedStopping: number;
  /** Requests the scheduler was told of, started, saw completed, and refused. */
  readonly arrived: number;
  readonly dispatched: number;
  readonly completed: number;
  readonly preempted: number;
  readonly dropped: number;
  /** `droppedByType[type][reason]`, the last type being UNKNOWN. */
  readonly droppedByType: readonly (readonly number[])[];
  /** `completedByType[type][worker]`, as the scheduler saw them; the last type being UNKNOWN. */
  readonly completedByType: readonly (readonly number[])[];
  readonly queued: number;
  /** On workers at this moment. */
  readonly running: number;
  readonly stolen: number;
  readonly reservations: number;
  /** Replies handed to the device, and those it would not take. */
  readonly repliesSent: number;
  readonly repliesDropped: number;
  /** Requests that their application did not want answered. */
  readonly repliesWithheld: number;
  /** Completed, as the workers count it: ahead of the dispatcher's count. */
  readonly finishedByWorkers: number;
  /** Requests whose application failed; they are answered all the same. */
  readonly failed: number;
  /** Lost inside the device, before psp saw them; it does not say whether they were requests. */
  readonly deviceMissed: number;
  readonly deviceNoBuffer: number;
  /** Frames the device took to send and could not. */
  readonly deviceTxErrors: number;
  readonly slotsInUse: number;
  /** ns each worker was busy. */
  readonly workerBusyNs: readonly number[];
}

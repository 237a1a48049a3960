/** What a world knows when a run is over. */

import type { ReservationEntry, Result, ResultSlice } from '../results/result.js';
import type { Growth } from './backlog.js';
import type { TypeHistograms } from './recorder.js';

export interface RunRecord {
  readonly typeNames: readonly string[];
  /** Per type, over the whole run. */
  readonly arrived: Float64Array;
  readonly completed: Float64Array;
  readonly dropped: Float64Array;
  /** Of these, after the warm-up. */
  readonly droppedMeasured: Float64Array;
  readonly dropReasons: Readonly<Record<string, number>>;
  readonly inFlight: number;
  readonly interrupted: boolean;
  /** Requests that never came out, though the run went to its end: neither completed nor dropped. */
  readonly lost: number;
  /** Requests that the policy of a server has lost; the simulator counts them in `lost`. */
  readonly neverFinished?: number;
  /** Requests that arrived before the warm-up ended. */
  readonly skipped: number;
  /** Did the queues grow through all of the window? */
  readonly growth: Growth;
  /** The type whose queue grew, if all queues together did not show it. */
  readonly growing?: string;
  /** Of several replications: how many are unstable, and the window of each. */
  readonly grew?: number;
  readonly windows?: readonly MeasuringWindow[];
  /** Of the types that have the least room under a reservation. */
  readonly room?: Room;
  /** Is the offered load the same throughout the run? It is not in a trace or a workload with phases. */
  readonly isSteady: boolean;
  readonly digest: string;
  readonly preemptions: number;
  readonly steals: number;
  readonly reservations: readonly ReservationEntry[];
  readonly reservationsLeftOut: number;
  /** Recorded after the warm-up, per type. */
  readonly histograms: readonly TypeHistograms[];
  readonly slices?: readonly ResultSlice[];
  readonly window: MeasuringWindow;
}

/**
 * Request types, how many workers they keep busy, and how many they may use; means over the measuring window, from the
 * first reservation on.
 */
export interface Room {
  readonly types: readonly string[];
  readonly needed: number;
  readonly had: number;
}

/** From the end of the warm-up to the last arrival. */
export interface MeasuringWindow {
  readonly fromNs: number;
  readonly toNs: number;
  /** Requests that arrived in it. */
  readonly arrived: number;
  /** Requests completed in it. */
  readonly completed: number;
  /** Worker time spent running requests in it, ns over all workers. */
  readonly busyNs: number;
  /** Worker time lost to preemptions and steals in it, ns over all workers. */
  readonly overheadNs: number;
  /** Time the dispatcher of a system was busy in it, ns; 0 without a system. */
  readonly dispatcherNs: number;
  /** Time the dispatcher of a system ran requests itself in it, ns; absent where it runs none. */
  readonly dispatcherServedNs?: number;
  /** Time workers were parked in it, ns over all workers; absent where none park. */
  readonly parkedNs?: number;
}

export type RunIdentity = Pick<
  Result,
  | 'world'
  | 'policy'
  | 'policyParameters'
  | 'policyDefaults'
  | 'system'
  | 'workload'
  | 'workers'
  | 'load'
  | 'offeredRps'
  | 'seed'
  | 'warmup'
  | 'warmupRule'
>;

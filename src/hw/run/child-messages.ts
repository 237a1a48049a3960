/** The messages between a loopback run and its two processes. */

import type { ServerCounts } from '../../results/server-schema.js';
import type { SentError } from '../../units/errors.js';
import type { Offer, WorkloadSource } from '../../workload/workload.js';
import type { TracePart } from '../client/planned-trace.js';
import type { SentPolicy } from '../dispatcher/hardware-policy.js';
import type { ClientConfig } from '../machine/config.js';
import type { WatchedCores } from '../machine/cores-away.js';
import type { TimedReservation } from '../memory/shared-reservation.js';
import type { LoadCounts, LoadEnd, NativeClock, NativeRecords, NetForm, PacketTimes } from '../native/native.js';
import type { ServerSpec } from '../server/server.js';

/** A server's specification as it travels: the workload and the policy as text. */
export type ServerOrder = Omit<ServerSpec, 'workload' | 'policy'> &
  SentPolicy & {
    readonly workload: WorkloadSource;
    /** See {@link ClientOrder}. */
    readonly ofHost?: true;
  };

/** Which trace to make; equal orders make equal traces in any process. */
export interface TraceOrder extends TracePart {
  readonly workload: WorkloadSource;
  readonly offer: Offer;
}

export interface ClientOrder {
  /** Where DPDK keeps its files; absent: in a folder of this load generator. */
  readonly folder?: string;
  readonly config: ClientConfig;
  readonly frame: ServerSpec['frame'];
  readonly classifier: ServerSpec['classifier'];
  readonly trace: TraceOrder;
  readonly dilation: number;
  readonly lateAfterNs: number;
  readonly closedLoop: boolean;
  /** One end of several machines: it waits for its device to be free, and a client also for `start`. */
  readonly ofHost?: true;
}

/**
 * From the parent. `start` is for a client of several machines, ms since 1970 on its own clock. `stop` ends in order;
 * the answer is `serverDone` or `clientDone`.
 */
export type ToChild =
  | { readonly kind: 'server'; readonly order: ServerOrder }
  | { readonly kind: 'client'; readonly order: ClientOrder }
  | { readonly kind: 'start'; readonly atMs: number }
  | { readonly kind: 'stop' };

/** From a child. */
export type FromChild =
  | { readonly kind: 'serverReady'; readonly mac: string; readonly net: NetForm }
  | { readonly kind: 'serverLive'; readonly counts: ServerCounts; readonly reservedWorkers?: readonly number[] }
  | {
      readonly kind: 'serverDone';
      readonly counts: ServerCounts;
      readonly reservations: readonly TimedReservation[];
      readonly clock?: NativeClock;
      readonly packetTimes?: PacketTimes;
      readonly watched?: WatchedCores;
      /** Why it ended early. */
      readonly failure?: SentError;
    }
  /** With the digest of its trace: the client of several machines has found its server and waits for `start`. */
  | { readonly kind: 'clientConnected'; readonly digest: string }
  | { readonly kind: 'clientStarted' }
  | { readonly kind: 'clientLive'; readonly counts: LoadCounts; readonly p99Slowdown: number }
  | {
      readonly kind: 'clientDone';
      readonly counts: LoadCounts;
      readonly records: NativeRecords;
      readonly end: Exclude<LoadEnd, 'running'>;
      readonly durationNs: number;
      readonly watched: readonly WatchedCores[];
      readonly clock?: NativeClock;
    }
  | { readonly kind: 'failed'; readonly error: SentError };

export type ChildMessage<K extends FromChild['kind']> = Extract<FromChild, { kind: K }>;

/**
 * What an orchestrator and the end of a run on a host say to each other over ssh: a line of JSON per message. Other
 * lines, such as the greeting of a login shell, are for people.
 */

import type { WatchedCores } from '../../hw/machine/cores-away.js';
import type { MachineCheck } from '../../hw/machine/examine.js';
import type { TimedReservation } from '../../hw/memory/shared-reservation.js';
import type { LoadCounts, LoadEnd, NativeRecords, NetForm } from '../../hw/native/native.js';
import type { TraceOrder } from '../../hw/run/child-messages.js';
import type { HardwareSpec } from '../../hw/run/run-pair.js';
import type { ServerCounts } from '../../results/server-schema.js';
import type { PolicyCode } from '../../scheduler/policy-registry.js';
import type { SentError } from '../../units/errors.js';
import type { WorkloadSource } from '../../workload/workload.js';
import type { HostRole } from './hosts-file.js';

/** The configuration of a host as text: it travels with each run. */
export interface SentConfig {
  readonly text: string;
  /** What to call it in messages. */
  readonly fileName: string;
}

export interface HostServerOrder {
  readonly role: 'server';
  readonly config: SentConfig;
  readonly workload: WorkloadSource;
  readonly policy: string;
  /** Of a policy from a file. */
  readonly code?: PolicyCode;
  /** What the code of the policy must be there, too. */
  readonly identity: readonly string[];
  readonly workers: number;
  readonly seed: HardwareSpec['seed'];
  readonly dilation: number;
}

export interface HostClientOrder {
  readonly role: 'client';
  readonly config: SentConfig;
  /** Instead of the address in the configuration. */
  readonly address?: { readonly ip: string; readonly mac?: string };
  /** With this client's share. The bytes of a file follow, in messages of their own. */
  readonly trace: TraceOrder;
  readonly dilation: number;
  /** The longest request of the whole trace, undilated. */
  readonly longestNs: number;
}

/** Asks for what psp doctor finds. */
export interface HostCheckOrder {
  readonly role: 'check';
  readonly as: HostRole;
  readonly config?: SentConfig;
}

export type HostOrder = HostServerOrder | HostClientOrder | HostCheckOrder;

/** From the orchestrator. `alive` comes every second; `stop` ends a server in order. */
export type ToHost =
  | { readonly kind: 'order'; readonly order: HostOrder }
  | { readonly kind: 'file'; readonly base64: string }
  /** The order is complete. */
  | { readonly kind: 'go' }
  | { readonly kind: 'ping' }
  | { readonly kind: 'start'; readonly atMs: number }
  | { readonly kind: 'alive' }
  | { readonly kind: 'stop' };

/** From a host. */
export type FromHost =
  | { readonly kind: 'hello'; readonly version: string; readonly policies: Readonly<Record<string, string>> }
  | { readonly kind: 'pong'; readonly nowMs: number }
  | { readonly kind: 'checked'; readonly checks: readonly MachineCheck[] }
  | { readonly kind: 'ready'; readonly mac: string; readonly net: NetForm }
  | { readonly kind: 'connected'; readonly digest: string }
  | { readonly kind: 'records'; readonly from: number; readonly columns: SentColumns }
  | {
      readonly kind: 'clientDone';
      readonly counts: LoadCounts;
      readonly end: Exclude<LoadEnd, 'running'>;
      readonly durationNs: number;
      readonly watched: readonly WatchedCores[];
    }
  | {
      readonly kind: 'serverDone';
      readonly counts: ServerCounts;
      readonly reservations: readonly TimedReservation[];
      readonly watched?: WatchedCores;
      readonly failure?: SentError;
    }
  | { readonly kind: 'failed'; readonly error: SentError };

export type HostMessage<K extends FromHost['kind']> = Extract<FromHost, { kind: K }>;

/** Columns of {@link NativeRecords} as base64. */
export type SentColumns = Readonly<Record<keyof NativeRecords, string>>;

/** Begins each line that is a message of a host. */
const MARK = '{"psp":1,';

export function lineOfHost(message: FromHost): string {
  return `${MARK}${JSON.stringify(message).slice(1)}\n`;
}

/** The message on a line of a host; undefined when the line is for people. */
export function messageOfHost(line: string): FromHost | undefined {
  if (!line.startsWith(MARK)) return undefined;
  try {
    return JSON.parse(line) as FromHost;
  } catch {
    // The connection broke in the middle of the line.
    return undefined;
  }
}

const COLUMNS: readonly (keyof NativeRecords)[] = [
  'sentNs',
  'repliedNs',
  'receivedNs',
  'dispatchedNs',
  'startedNs',
  'endedNs',
  'worker',
];

/** Rows from `from` on, before `to`. */
export function packRecords(records: NativeRecords, from: number, to: number): SentColumns {
  const pack = (column: Float64Array | Int32Array): string => {
    const part = column.subarray(from, to);
    return Buffer.from(part.buffer, part.byteOffset, part.byteLength).toString('base64');
  };
  return Object.fromEntries(COLUMNS.map((name) => [name, pack(records[name])])) as SentColumns;
}

/** Writes the rows of one client into the records of all: its row `i` is row `i * clients + index` there. */
export function unpackRecords(
  all: NativeRecords,
  { from, columns }: HostMessage<'records'>,
  { clients, index }: { readonly clients: number; readonly index: number },
): void {
  for (const name of COLUMNS) {
    const into = all[name];
    const bytes = Uint8Array.from(Buffer.from(columns[name], 'base64')).buffer;
    const part = into instanceof Int32Array ? new Int32Array(bytes) : new Float64Array(bytes);
    for (let i = 0; i < part.length; i++) into[(from + i) * clients + index] = part[i]!;
  }
}

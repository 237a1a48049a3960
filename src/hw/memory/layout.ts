/**
 * The memory that the TypeScript dispatcher and the native threads share: one SharedArrayBuffer, laid out here and
 * nowhere else.
 *
 * ```
 *             arrivals (SPSC ring)                start (mailbox, one per worker)
 *  net thread ───────────────────▶  dispatcher  ──────────────────────────────▶  worker w
 *      ▲  ▲   releases (SPSC ring)   (TypeScript) ◀──────────────────────────────     │
 *      │  └──────────────────────────    │         finish (mailbox, one per worker)   │
 *      └──────────────────── replies (SPSC ring of frames, private native memory) ◀───┘
 * ```
 *
 * - The *net thread* is a thread of its own (`poll: thread`), or the dispatcher's thread between two steps of its loop
 *   (`poll: inline`). The rings between the two are the same in both forms.
 * - A *request handle* is the index of a slot in a fixed table. The table itself (frame, demand, progress) is private
 *   to the native side; the rings carry what their reader needs, so the dispatcher touches no cache line but those of
 *   the rings. The net thread takes a slot for each request frame; the dispatcher gives it back through `releases` when
 *   the request has completed or was dropped. No slot free, or `arrivals` full: the net thread counts the drop and the
 *   frame ends there.
 * - *Rings* are single-producer single-consumer, power of two, with free-running 32-bit counters. The producer writes
 *   entries, then publishes them all at once by storing `tail` (`Atomics.store` / `std::atomic` release); the consumer
 *   does the same with `head`. Each side keeps a private copy of the other's counter and reads the shared one only when
 *   its copy says full (or empty).
 * - *Mailboxes* need no ring: a worker runs one request at a time. The dispatcher writes slot and time, then bumps
 *   `startSeq`; the worker writes its stamps, then stores the same number into `finishSeq`. To preempt, the dispatcher
 *   stores the number of that start into `preemptSeq`, which the running application polls: a flag for a request that
 *   has just finished cannot hit the next one.
 * - *Times* are ns since the server's epoch in doubles, written before the publication that covers them. The net thread
 *   stores the present time into the `clock` word on every turn of its loop, so the dispatcher reads the time with a
 *   plain load. (An aligned 8-byte load is never torn on the machines DPDK runs on.)
 * - *Bells* are for threads that sleep when idle (`poll: sleep`): the sleeper stores 1 into its bell, looks once more
 *   for work, then waits on that word (futex). The thread that publishes work for it sets the bell to 0 and wakes it.
 *   Threads that spin never arm their bell.
 * - *Statistics* are doubles with a single writer each; readers see them late, never wrong.
 *
 * native/base/shared_layout.hpp reads the offsets of the parts from the header written here. What both files state is
 * compared when the addon is loaded (see `checkNativeLayout`).
 */

import { DROP_REASONS } from '../../scheduler/scheduler.js';

const LAYOUT_MAGIC = 0x50535031; // 'PSP1'
const LAYOUT_VERSION = 5;
const CACHE_LINE_BYTES = 64;

/** Indices of the header's 32-bit words. */
const Header = {
  magic: 0,
  version: 1,
  workers: 2,
  types: 3,
  slots: 4,
  arrivalsOffset: 5,
  arrivalsCapacity: 6,
  releasesOffset: 7,
  releasesCapacity: 8,
  mailboxesOffset: 9,
  netStatsOffset: 10,
  dispatcherStatsOffset: 11,
  reservationOffset: 12,
  totalBytes: 13,
} as const;

/** Byte offsets of the control words, each on a cache line of its own. */
export const Control = {
  /** {@link RunState}; written by the main thread, obeyed by all. */
  runState: 256,
  /** Present time, ns since the server's epoch; written by the net thread. */
  clockNs: 320,
  /** Bell of the dispatcher. */
  dispatcherBell: 384,
  /** {@link DispatcherState}; written by the dispatcher. */
  dispatcherState: 448,
  /**
   * When the dispatcher last woke, on the clock of `clockNs`; written by its native side. A sleeping net thread keeps
   * no clock.
   */
  wokenNs: 456,
  /** The clock itself, written once: it reads (ticks of the cycle counter - epochTicks) * nsPerTick. */
  epochTicks: 464,
  nsPerTick: 472,
  /**
   * Where native code keeps the port, for a dispatcher that polls it itself; 0 while there is none. An address: nothing
   * in TypeScript reads it.
   */
  netLoop: 480,
  bytes: 512,
} as const;

/** The steps of a stop: no new requests; the dispatcher ends; the workers end; the net thread ends. */
export const RunState = { running: 0, draining: 1, halted: 2, stopped: 3, closed: 4 } as const;
export const DispatcherState = { starting: 0, ready: 1, stopped: 2 } as const;

/** A ring: two counters on cache lines of their own, then the entries. */
export const Ring = { tail: 0, head: 64, entries: 128 } as const;

/** One entry of `arrivals`. */
export const Arrival = { arrivalNs: 0, slot: 8, type: 12, flow: 16, bytes: 32 } as const;

/** One entry of `releases`: the slot, 32 bits. */
const RELEASE_BYTES = 4;

/** The mailbox of one worker, on four cache lines. */
export const Mailbox = {
  // Written by the dispatcher.
  startSeq: 0,
  startSlot: 4,
  dispatchNs: 8,
  preemptSeq: 16,
  // The bell, armed by the worker.
  bell: 64,
  // Written by the worker.
  finishSeq: 128,
  finishOutcome: 132,
  finishNs: 136,
  // Statistics of the worker.
  completed: 192,
  preempted: 200,
  busyNs: 208,
  failed: 216,
  repliesDropped: 224,
  repliesWithheld: 232,
  bytes: 256,
} as const;

/** How a worker's stint with a request ended. */
export const FinishOutcome = { completed: 0, preempted: 1 } as const;

/** Indices of the net thread's statistics (doubles). */
export const NetStat = {
  framesReceived: 0,
  requests: 1,
  unknownType: 2,
  arpAnswered: 3,
  foreign: 4,
  malformed: 5,
  truncated: 6,
  oversized: 7,
  badChecksum: 8,
  droppedNoSlot: 9,
  droppedArrivalsFull: 10,
  droppedStopping: 11,
  repliesSent: 12,
  repliesDropped: 13,
  deviceMissed: 14,
  deviceNoBuffer: 15,
  slotsInUse: 16,
  deviceTxErrors: 17,
  withoutChecksum: 18,
  looksLikeIx: 19,
  words: 32,
} as const;

/**
 * Indices of the dispatcher's statistics (doubles). `droppedByType` has a word for each type and reason. After these
 * come the completions, a word for each type and worker.
 */
export const DispatcherStat = {
  arrived: 0,
  dispatched: 1,
  completed: 2,
  preempted: 3,
  dropped: 4,
  queued: 5,
  inFlight: 6,
  stolen: 7,
  reservations: 8,
  preemptsAsked: 9,
  droppedByType: 16,
} as const;

/** How many statistics the dispatcher has, and where the completions begin; the last type is UNKNOWN. */
export function dispatcherStats(types: number, workers: number): { size: number; completions: number } {
  const completions = DispatcherStat.droppedByType + (types + 1) * DROP_REASONS.length;
  return { size: completions + (types + 1) * workers, completions };
}

/** More workers than any machine has cores; each is a thread. */
export const MAX_WORKERS = 1024;

export interface LayoutSizes {
  readonly workers: number;
  /** Classified types, without UNKNOWN. */
  readonly types: number;
  /** Requests the server can hold at once. */
  readonly slots: number;
  /** Entries of the arrivals ring. */
  readonly arrivalsCapacity: number;
}

/** Perséphone's mempool holds 16383 frames; its typed queues and rings hold 4096. */
export const DEFAULT_SLOTS = 16384;
export const DEFAULT_ARRIVALS_CAPACITY = 4096;

/**
 * The shared memory and where its parts begin. Byte offsets count from `base`, which is where the header starts in
 * `buffer`.
 */
export interface SharedMemory extends LayoutSizes {
  readonly buffer: SharedArrayBuffer;
  /** Offset of the header in the buffer: a SharedArrayBuffer itself is aligned to 16 bytes only. */
  readonly base: number;
  readonly arrivalsOffset: number;
  readonly releasesOffset: number;
  readonly releasesCapacity: number;
  readonly mailboxesOffset: number;
  readonly netStatsOffset: number;
  readonly dispatcherStatsOffset: number;
  readonly reservationOffset: number;
  readonly totalBytes: number;
}

const alignToLine = (bytes: number): number => Math.ceil(bytes / CACHE_LINE_BYTES) * CACHE_LINE_BYTES;
const isPowerOfTwo = (n: number): boolean => n >= 2 && Number.isInteger(Math.log2(n));

/**
 * Allocates the shared memory and writes its header.
 *
 * @param misalignment Returns by how many bytes the start of a buffer lies beyond a multiple of 64. Only native code
 *   can know; without it (a scripted native side in tests) the buffer's own start is used.
 */
export function createSharedMemory(
  sizes: LayoutSizes,
  misalignment: (bytes: Uint8Array) => number = () => 0,
): SharedMemory {
  const { workers, types, slots, arrivalsCapacity } = sizes;
  if (!(workers >= 1 && workers <= MAX_WORKERS))
    throw new Error(`workers: expected 1 to ${MAX_WORKERS}, found ${workers}`);
  if (!isPowerOfTwo(slots)) throw new Error(`slots: expected a power of two, found ${slots}`);
  if (!isPowerOfTwo(arrivalsCapacity))
    throw new Error(`arrivalsCapacity: expected a power of two, found ${arrivalsCapacity}`);

  let end: number = Control.bytes;
  const place = (bytes: number): number => {
    const offset = end;
    end = alignToLine(end + bytes);
    return offset;
  };
  const netStatsOffset = place(NetStat.words * 8);
  const dispatcherStatsOffset = place(dispatcherStats(types, workers).size * 8);
  const reservationOffset = place(reservationBytes(workers, types));
  const mailboxesOffset = place(workers * Mailbox.bytes);
  const arrivalsOffset = place(Ring.entries + arrivalsCapacity * Arrival.bytes);
  // Every slot may be on its way back at once, so this ring cannot be full.
  const releasesCapacity = slots;
  const releasesOffset = place(Ring.entries + releasesCapacity * RELEASE_BYTES);
  const totalBytes = end;

  const buffer = new SharedArrayBuffer(totalBytes + CACHE_LINE_BYTES);
  const base = (CACHE_LINE_BYTES - misalignment(new Uint8Array(buffer))) % CACHE_LINE_BYTES;
  const header = new Uint32Array(buffer, base, 16);
  header[Header.magic] = LAYOUT_MAGIC;
  header[Header.version] = LAYOUT_VERSION;
  header[Header.workers] = workers;
  header[Header.types] = types;
  header[Header.slots] = slots;
  header[Header.arrivalsOffset] = arrivalsOffset;
  header[Header.arrivalsCapacity] = arrivalsCapacity;
  header[Header.releasesOffset] = releasesOffset;
  header[Header.releasesCapacity] = releasesCapacity;
  header[Header.mailboxesOffset] = mailboxesOffset;
  header[Header.netStatsOffset] = netStatsOffset;
  header[Header.dispatcherStatsOffset] = dispatcherStatsOffset;
  header[Header.reservationOffset] = reservationOffset;
  header[Header.totalBytes] = totalBytes;
  return {
    ...sizes,
    buffer,
    base,
    arrivalsOffset,
    releasesOffset,
    releasesCapacity,
    mailboxesOffset,
    netStatsOffset,
    dispatcherStatsOffset,
    reservationOffset,
    totalBytes,
  };
}

/**
 * Sets everything behind the stop word to zero, as the memory was made. Only while no native thread uses it. The stop
 * word stays: a server may be told to end while its dispatcher still warms up.
 */
export function clearSharedMemory(memory: SharedMemory): void {
  new Uint8Array(memory.buffer, memory.base, memory.totalBytes).fill(0, Control.runState + 4);
}

/**
 * The live reservation: a version word, then the group that owns each worker and that each type belongs to (255: none).
 */
export const ReservationWords = { version: 0, groups: 4, owners: 8 } as const;
export const NO_GROUP = 255;

function reservationBytes(workers: number, types: number): number {
  return ReservationWords.owners + workers + types + 1;
}

/** Everything that native/base/shared_layout.hpp states, too, by the names of native/base/layout_offsets.hpp. */
const SHARED_FACTS: Readonly<Record<string, number>> = {
  magic: LAYOUT_MAGIC,
  version: LAYOUT_VERSION,
  ...namedAfter('header', Header),
  ...namedAfter('control', Control),
  ...namedAfter('runState', RunState),
  ...namedAfter('dispatcherState', DispatcherState),
  ...namedAfter('ring', Ring),
  ...namedAfter('arrival', Arrival),
  'release.bytes': RELEASE_BYTES,
  ...namedAfter('mailbox', Mailbox),
  ...namedAfter('finishOutcome', FinishOutcome),
  ...namedAfter('netStat', NetStat),
};

function namedAfter(part: string, facts: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(facts).map(([name, value]) => [`${part}.${name}`, value]));
}

/** Compares what the addon was compiled with with the above. @throws Error naming the first difference */
export function checkNativeLayout(native: Readonly<Record<string, number>>): void {
  for (const name of new Set([...Object.keys(SHARED_FACTS), ...Object.keys(native)])) {
    if (native[name] === SHARED_FACTS[name]) continue;
    throw new Error(
      `the addon was built for another memory layout: expected ${name} ${SHARED_FACTS[name]}, found ${native[name]}`,
    );
  }
}

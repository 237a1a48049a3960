/** The current reservation of workers, in shared memory for live figures and as a plain record for the result. */

import type { Reservation } from '../../scheduler/scheduler.js';
import { NO_GROUP, ReservationWords, type SharedMemory } from './layout.js';

/** A reservation and when it came into force, ns on the server's clock. */
export interface TimedReservation {
  readonly atNs: number;
  readonly reservation: Reservation;
  /** Completions before it, and requests that wait at this moment. */
  readonly completed: number;
  readonly queued: number;
}

/**
 * Writes the owners of workers and the groups of types, and the version word last. It is called rarely, so it may
 * allocate.
 */
export function publishReservation(memory: SharedMemory, reservation: Reservation): void {
  const at = memory.base + memory.reservationOffset;
  const owners = new Uint8Array(memory.buffer, at + ReservationWords.owners, memory.workers);
  const groupOfType = new Uint8Array(memory.buffer, at + ReservationWords.owners + memory.workers, memory.types + 1);
  owners.fill(NO_GROUP);
  groupOfType.fill(NO_GROUP);
  reservation.groups.forEach((group, index) => {
    for (const worker of group.workers) owners[worker] = index;
    for (const type of group.types) groupOfType[type] = index;
  });
  const words = new Int32Array(memory.buffer, at, 2);
  words[ReservationWords.groups / 4] = reservation.groups.length;
  Atomics.add(words, ReservationWords.version / 4, 1);
}

/** How many workers each type's group owns now; nothing while no reservation is in force. */
export function readReservedWorkers(memory: SharedMemory): number[] | undefined {
  const at = memory.base + memory.reservationOffset;
  if (Atomics.load(new Int32Array(memory.buffer, at, 2), ReservationWords.version / 4) === 0) return undefined;
  const owners = new Uint8Array(memory.buffer, at + ReservationWords.owners, memory.workers);
  const groupOfType = new Uint8Array(memory.buffer, at + ReservationWords.owners + memory.workers, memory.types);
  return Array.from(groupOfType, (group) =>
    group === NO_GROUP ? 0 : owners.filter((owner) => owner === group).length,
  );
}

import type { ReservationEntry, Result } from '../../results/result.js';
import { formatDuration } from '../../units/duration.js';

/**
 * The reservation at the end of a run: `SHORT 1 | LONG 13`, types of one group joined by `+`; empty when the policy
 * reserves nothing.
 */
export function formatReservation({ reservations }: Result): string {
  const last = reservations.at(-1);
  return last ? formatGroups(last.groups) : '';
}

/** `SHORT 1 | LONG 13` */
export function formatGroups(groups: ReservationEntry['groups']): string {
  return groups.map(({ types, workers }) => `${types.join('+')} ${workers.length}`).join(' | ');
}

/**
 * When the reservation came about: `since 0.32s`, `4 changes, the last at 15s`; empty when it was there from the
 * start.
 */
export function formatReservationHistory(result: Result): string {
  const changes = reservationChanges(result);
  if (changes.length === 0) return '';
  const at = formatDuration(changes.at(-1)!.atNs);
  return changes.length === 1 ? `since ${at}` : `${changes.length} changes, the last at ${at}`;
}

/** The reservations that differ from the one before: a policy may announce again what it had. */
export function reservationChanges({ reservations }: Result): ReservationEntry[] {
  return reservations.filter((entry, i) => i > 0 && !equal(entry, reservations[i - 1]!));
}

function equal(a: ReservationEntry, b: ReservationEntry): boolean {
  return JSON.stringify(a.groups) === JSON.stringify(b.groups);
}

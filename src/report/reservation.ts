import type { Result } from '../metrics/result.js';
import { formatDuration } from '../units/duration.js';

/** The reservation at the end of a run: `SHORT 1 | LONG 13`, types of one group joined by `+`; empty when the policy reserves nothing. */
export function formatReservation({ reservations }: Result): string {
  const last = reservations.at(-1);
  if (!last) return '';
  return last.groups.map(({ types, workers }) => `${types.join('+')} ${workers.length}`).join(' | ');
}

/** When the reservation came about: `since 0.32s`, `4 changes, the last at 15s`; empty when it was there from the start. */
export function formatReservationHistory({ reservations }: Result): string {
  const changes = reservations.length - 1;
  if (changes < 1) return '';
  const at = formatDuration(reservations.at(-1)!.atNs);
  return changes === 1 ? `since ${at}` : `${changes} changes, the last at ${at}`;
}

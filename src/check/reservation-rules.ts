/** What a policy that reserves workers may do with them. */

import type { Reservation } from '../scheduler/scheduler.js';
import type { Breach, KnownRequest } from './books.js';

/** The group of a type, shortest first. UNKNOWN comes after all groups. */
function groupOf({ groups }: Reservation, type: number): number {
  const found = groups.findIndex((group) => group.types.includes(type));
  return found < 0 ? groups.length : found;
}

/** The workers that a type may run on; for UNKNOWN, the spillway. */
export function reachable(reservation: Reservation, workers: number, type: number): readonly number[] {
  const group = reservation.groups[groupOf(reservation, type)];
  return group ? [...group.workers, ...group.stealable] : [workers - 1];
}

/**
 * What is wrong with starting a request on a worker while others wait.
 *
 * @param waiting of each type at least the request that arrived first
 */
export function assignmentBreaches(
  reservation: Reservation,
  workers: number,
  worker: number,
  request: KnownRequest,
  waiting: readonly KnownRequest[],
): Breach[] {
  const breaches: Breach[] = [];
  const { groups } = reservation;
  const mine = groupOf(reservation, request.type);
  for (const { types, workers: owned } of groups.slice(0, mine)) {
    if (owned.includes(worker) && worker !== workers - 1) {
      breaches.push({
        property: 'reserved cores',
        story: `request ${request.id} of type ${request.type} got worker ${worker}, reserved for types ${types}`,
      });
    }
  }
  if (!reachable(reservation, workers, request.type).includes(worker)) {
    breaches.push({
      property: 'reserved cores',
      story: `request ${request.id} of type ${request.type} got worker ${worker}, which is not for its type`,
    });
  }
  const first = waiting.find(
    ({ type }) => groupOf(reservation, type) < mine && reachable(reservation, workers, type).includes(worker),
  );
  if (first) {
    breaches.push({
      property: 'shorter groups first',
      story: `request ${request.id} got worker ${worker} before request ${first.id} of a shorter group`,
    });
  }
  return breaches;
}

/**
 * How many requests of a shorter group wait and may use the worker of a running one, beyond the backlog that the
 * group's own workers may have.
 */
export function pressing(
  reservation: Reservation,
  worker: number,
  running: KnownRequest,
  waitingOf: (type: number) => number,
  backlog: number,
): number {
  const groups = reservation.groups.slice(0, groupOf(reservation, running.type));
  const counts = groups.map(({ types, workers, stealable }) =>
    workers.includes(worker) || stealable.includes(worker)
      ? types.reduce((sum, type) => sum + waitingOf(type), 0) - backlog * workers.length
      : 0,
  );
  return Math.max(0, ...counts);
}

/** What is wrong with a reservation as such. */
export function layoutBreaches({ groups }: Reservation, workers: number): Breach[] {
  const breaches: Breach[] = [];
  const owners = new Map<number, number>();
  for (const [index, group] of groups.entries()) {
    if (group.workers.length + group.stealable.length === 0)
      breaches.push({ property: 'every group is served', story: `group ${index} of the reservation has no worker` });
    for (const worker of group.workers) {
      if (owners.has(worker))
        breaches.push({ property: 'reserved cores', story: `worker ${worker} is reserved twice` });
      owners.set(worker, index);
    }
  }
  // Without a known type there is nobody to reserve a worker for.
  if (groups.length > 0 && owners.size !== workers)
    breaches.push({
      property: 'every worker is used',
      story: `only ${owners.size} of ${workers} workers are reserved`,
    });
  return breaches;
}

/**
 * Does a reservation leave every type as many workers as it keeps busy? Arithmetic shows it long before the queue of a
 * rare type does.
 */

import type { ReservationEntry } from '../results/result.js';
import type { Room, RunRecord } from './run-record.js';

/** Workers that each type keeps busy, by what arrived in the measuring window. */
export function demandIn({ histograms, droppedMeasured, window }: Arrived): number[] {
  const windowNs = window.toNs - window.fromNs;
  return histograms.map(({ serviceNs: { count, sum } }, type) => {
    if (!(count > 0 && windowNs > 0)) return 0;
    return ((sum / count) * (count + droppedMeasured[type]!)) / windowNs;
  });
}

type Arrived = Pick<RunRecord, 'histograms' | 'droppedMeasured' | 'window'>;

interface Reserved {
  readonly typeNames: readonly string[];
  /** Workers that each type keeps busy, by index. */
  readonly demand: readonly number[];
  readonly reservations: readonly ReservationEntry[];
  readonly window: { readonly fromNs: number; readonly toNs: number };
}

type Groups = ReservationEntry['groups'];

/**
 * Finds the types that have the least room. A group may use its own workers and those of longer groups, so each group
 * is checked together with all longer ones. UNKNOWN is in no group and has one worker, the last.
 *
 * @returns undefined where nothing is reserved: all types share all workers
 */
export function leastRoom({ typeNames, demand, reservations, window }: Reserved): Room | undefined {
  const last = reservations.at(-1)?.groups;
  // While a policy learns, nothing is reserved yet.
  const first = reservations.find(({ groups }) => groups.length > 1) ?? reservations[0];
  const during = { fromNs: Math.max(window.fromNs, first?.atNs ?? 0), toNs: window.toNs };
  if (!last || !(during.toNs > during.fromNs)) return undefined;
  const grouped = new Set(last.flatMap(({ types }) => types));
  const unknown = typeNames.filter((name) => !grouped.has(name));
  const neededBy = (types: readonly string[]) =>
    types.reduce((sum, name) => sum + (demand[typeNames.indexOf(name)] ?? 0), 0);
  const longer = last.slice(1).map((_, i) => last.slice(i + 1));
  const rooms = longer.map((groups): Room => {
    const types = [...groups.flatMap((group) => group.types), ...unknown];
    return { types, needed: neededBy(types), had: meanWorkers(types, reservations, during) };
  });
  if (unknown.length > 0) rooms.push({ types: unknown, needed: neededBy(unknown), had: 1 });
  return rooms.sort((a, b) => b.needed / b.had - a.needed / a.had)[0];
}

/** Workers that these types could use together, as a mean over the window. */
function meanWorkers(
  types: readonly string[],
  reservations: readonly ReservationEntry[],
  { fromNs, toNs }: Reserved['window'],
): number {
  let sum = 0;
  reservations.forEach(({ atNs, groups }, i) => {
    const untilNs = Math.min(toNs, reservations[i + 1]?.atNs ?? toNs);
    sum += workersFor(types, groups) * Math.max(0, untilNs - Math.max(fromNs, atNs));
  });
  return sum / (toNs - fromNs);
}

/**
 * Workers of the shortest group that has one of the types, and of all longer groups; the last worker when these have
 * none.
 */
function workersFor(types: readonly string[], groups: Groups): number {
  const first = groups.findIndex((group) => group.types.some((name) => types.includes(name)));
  const owned = groups.slice(Math.max(0, first)).reduce((sum, group) => sum + group.workers.length, 0);
  return Math.max(1, owned);
}

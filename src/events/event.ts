/**
 * What passes between a world and a scheduler, as numbers: every event the scheduler was told and every answer it gave,
 * in the order in which they happened. An event has a kind, up to three int32 and a time.
 */

export const EventKind = {
  // Told to the scheduler; the time is that of the event.
  /** request, type, flow */
  arrive: 0,
  /** worker */
  complete: 1,
  /** worker */
  sliceExpired: 2,
  /** worker */
  preempted: 3,
  dispatch: 4,
  /** Before `arrive` under a clairvoyant policy; its time column holds the service demand, ns. */
  demand: 5,
  /** worker, 1 if it gave up its request; 0 if that is done */
  leaves: 6,
  dispatcherIdles: 7,
  // Answered by the scheduler, after one event and before the next.
  /** worker, request, slice in ns */
  start: 8,
  /** worker */
  preempt: 9,
  /** request, reason */
  drop: 10,
  /** thief, victim, number of requests */
  stole: 11,
  /** hash of the reservation, see {@link hashReservation} */
  reserved: 12,
  /** request; the time column holds when it completes, ns */
  completeAt: 13,
  /** what `sliceExpired` returned */
  sliceAnswer: 14,
  // Written by the recorder itself.
  /** This many events were not recorded because the log was full. */
  gap: 15,
  // Told to the scheduler.
  /** worker, 1 if it has parked; 0 if it has been woken */
  parks: 16,
} as const;
export type EventKind = (typeof EventKind)[keyof typeof EventKind];

/** How many of the three numbers each kind uses. */
export const ARITY: readonly number[] = [3, 1, 1, 1, 0, 0, 2, 0, 3, 1, 2, 3, 1, 1, 1, 1, 2];

const NAMES = Object.fromEntries(Object.entries(EventKind).map(([name, kind]) => [kind, name]));

/** The name of a kind; undefined for an unknown number. */
export function kindName(kind: number): string | undefined {
  return NAMES[kind];
}

/** Is it a decision of the scheduler, rather than something it was told? */
export function isAnswer(kind: number): boolean {
  return kind >= EventKind.start && kind <= EventKind.sliceAnswer;
}

/** Kinds whose time column holds a quantity of their own instead of the time of the event. */
export function carriesQuantity(kind: number): boolean {
  return kind === EventKind.demand || kind === EventKind.completeAt;
}

/** Where events are written. Allocates nothing and never waits. */
export interface EventSink {
  /** @param time the cell that holds the time of the event (or the quantity its kind carries), ns */
  write(kind: EventKind, a: number, b: number, c: number, time: Float64Array): void;
}

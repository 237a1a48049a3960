import type { Scheduler } from '../scheduler/scheduler.js';
import { type State, StateInteger } from './loop.js';
import { type SimulatedSystem, SystemDouble, SystemInteger, type SystemState } from './system-state.js';

/** What the event of an idle worker means: it parks, or it has been woken. */
export const PARKS = 8;
export const WAKES = 9;

/** Idle workers that park, and the core allocator that wakes them. */
export interface Parking {
  /** The worker has found nothing to do. */
  idles(worker: number): void;
  /** An idle worker starts a request. */
  starts(worker: number): void;
  /** Call it when a request has come, and some wait. */
  waits(): void;
  parks(worker: number): void;
  wakes(worker: number): void;
  /** The event of the core allocator. */
  looks(): void;
}

/**
 * Workers that park when they have found nothing for `parkNs`, as in Caladan (OSDI'20). The core allocator looks every
 * `allocateNs`: when a request waits, it wakes the parked worker with the lowest number, which takes `wakeNs`. When all
 * are parked, it does not wait for its next look (`sched_detect_io_for_idle_runtime` of Caladan's code).
 *
 * @param allocator the owner of its events
 */
export function createParking(
  { events, now, integers, requestOn, eventMeans }: State,
  { doubles, integers: marks, parked }: SystemState,
  scheduler: Scheduler,
  { costs }: SimulatedSystem,
  allocator: number,
): Parking {
  const { parkNs, wakeNs } = costs;
  const everyNs = Math.max(1, costs.allocateNs);
  const workers = requestOn.length;
  const { parkedNs: PARKED_NS, parkedUntilNs: PARKED_UNTIL_NS } = SystemDouble;
  const { parked: PARKED, looks: LOOKS, parksBegun: BEGUN, futile: FUTILE } = SystemInteger;
  const { waiting: WAITING } = StateInteger;
  if (marks[BEGUN] === 0) {
    marks[BEGUN] = 1;
    for (let worker = 0; worker < workers; worker++) idles(worker);
  }

  function idles(worker: number): void {
    eventMeans[worker] = PARKS;
    events.add(worker, now[0]! + parkNs);
  }

  function starts(worker: number): void {
    if (eventMeans[worker] === PARKS) events.remove(worker);
  }

  function parks(worker: number): void {
    count(worker, 1);
    scheduler.parks!(worker, true);
    seek();
  }

  function waits(): void {
    marks[FUTILE] = 0;
    seek();
  }

  function seek(): void {
    if (integers[WAITING] === 0 || marks[PARKED] === 0 || marks[FUTILE] === 1) return;
    if (marks[PARKED] === workers) wakeOne();
    else if (marks[LOOKS] === 0) {
      marks[LOOKS] = 1;
      events.add(allocator, (Math.floor(now[0]! / everyNs) + 1) * everyNs);
    }
  }

  function looks(): void {
    marks[LOOKS] = 0;
    if (integers[WAITING]! > 0 && marks[PARKED]! > 0) wakeOne();
    seek();
  }

  function wakeOne(): void {
    const worker = parked.indexOf(1);
    count(worker, 0);
    eventMeans[worker] = WAKES;
    events.add(worker, now[0]! + wakeNs);
  }

  function wakes(worker: number): void {
    scheduler.parks!(worker, false);
    if (integers[WAITING]! > 0) scheduler.dispatch();
    if (requestOn[worker]! >= 0) return;
    // What waits, waits for ever: only a policy that loses requests comes here while some wait.
    marks[FUTILE] = 1;
    idles(worker);
  }

  function count(worker: number, isParked: number): void {
    doubles[PARKED_NS] = doubles[PARKED_NS]! + marks[PARKED]! * (now[0]! - doubles[PARKED_UNTIL_NS]!);
    doubles[PARKED_UNTIL_NS] = now[0]!;
    parked[worker] = isParked;
    marks[PARKED] = marks[PARKED]! + (isParked === 1 ? 1 : -1);
    // Its event is over, whatever it meant.
    eventMeans[worker] = WAKES;
  }

  return { idles, starts, waits, parks, wakes, looks };
}

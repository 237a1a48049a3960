/** What a system adds to a simulation: its state and costs that vary. The loop is in system-loop.ts. */

import type { Observer } from '../metrics/observer.js';
import type { QueuePlace } from '../scheduler/policy.js';
import { float64s, int32s, uint8s } from '../units/arrays.js';
import { empiricalOf } from '../workload/distributions/empirical.js';
import type { Random } from '../workload/random.js';
import type { FullCosts, Spread } from './costs.js';
import { Inbox } from './inbox.js';
import type { State } from './loop.js';

/** Indices of {@link SystemState.doubles}. */
export const SystemDouble = {
  freeAtNs: 0,
  chargedNs: 1,
  /** Of requests that the dispatcher runs itself: all it has begun to run, and the slice under way. */
  servedNs: 2,
  sliceNs: 3,
  /** Area under the number of parked workers, until when it is counted. */
  parkedNs: 4,
  parkedUntilNs: 5,
} as const;
/** Indices of {@link SystemState.integers}. */
export const SystemInteger = {
  occupied: 0,
  unreadArrivals: 1,
  /** The message that the dispatcher works on. */
  kind: 2,
  subject: 3,
  detail: 4,
  /** The worker whose notice is being told to the scheduler; -1: none. */
  justFree: 5,
  /** The request that the dispatcher runs itself; -1: none. */
  own: 6,
  /** 1 while the dispatcher is in a slice of it. */
  inSlice: 7,
  /** 1 while it sends the reply. */
  ownReplies: 8,
  parked: 9,
  /** 1 while the core allocator will look. */
  looks: 10,
  /** 1 once the workers idle for the first time. */
  parksBegun: 11,
  /** 1 once a worker was woken for nothing, until the next arrival. */
  futile: 12,
} as const;

/** {@link SystemInteger.kind} while the dispatcher's event is about a request of its own, not about a message. */
export const NO_MESSAGE = -1;

/** A system around the policy: what its mechanisms cost. */
export interface SimulatedSystem {
  readonly costs: FullCosts;
  /** For the costs that vary. */
  readonly random: Random;
  /** Where workers get their next request from. */
  readonly queues: QueuePlace;
  readonly observer?: Observer;
}

/** What a system adds to the {@link State} of a simulation. */
export interface SystemState {
  /** What the dispatcher has not read yet: packets, and notices of workers and timers. */
  readonly arrivals: Inbox;
  readonly notices: Inbox;
  /**
   * Notices under way, of workers that go on meanwhile. All take equally long, so they arrive in the order in which
   * they were sent.
   */
  readonly underWay: Inbox;
  readonly doubles: Float64Array;
  readonly integers: Int32Array;
  /**
   * Per worker: the request it has finished, the number of its latest start, and whether that start was sent a
   * preemption.
   */
  readonly doneOn: Int32Array;
  readonly serial: Int32Array;
  readonly signalled: Uint8Array;
  /** Per worker: 1 when it is parked. */
  readonly parked: Uint8Array;
  /**
   * Per request: when its worker can take it, ns; and whether the worker has paid for receiving it. They grow with the
   * slots.
   */
  landsNs: Float64Array;
  received: Uint8Array;
}

/** Returns a cost: always the same, unless it varies. */
export function drawsOf({ costs, random }: SimulatedSystem, field: keyof Spread): () => number {
  const quantiles = costs.spread?.[field];
  const constant = costs[field];
  if (!quantiles) return () => constant;
  const distribution = empiricalOf(quantiles);
  return () => Math.round(distribution.sample(random));
}

export function createSystemState(workers: number): SystemState {
  return {
    arrivals: new Inbox(),
    notices: new Inbox(),
    underWay: new Inbox(),
    doubles: float64s(6),
    integers: int32s(13).fill(-1, SystemInteger.justFree, SystemInteger.own + 1),
    doneOn: int32s(workers),
    serial: int32s(workers),
    signalled: uint8s(workers),
    parked: uint8s(workers),
    landsNs: float64s(0),
    received: uint8s(0),
  };
}

/**
 * Time the dispatcher has been busy until `nowNs`. It works without a pause, so the part of its charges that is left
 * lies after `nowNs`.
 */
export function dispatcherBusyNs(system: SystemState, nowNs: number): number {
  const { doubles } = system;
  const ahead = Math.max(0, doubles[SystemDouble.freeAtNs]! - nowNs);
  return doubles[SystemDouble.chargedNs]! - Math.max(0, ahead - sliceAhead(system, nowNs));
}

/** Time the dispatcher has run requests itself until `nowNs`. */
export function dispatcherServedNs(system: SystemState, nowNs: number): number {
  return system.doubles[SystemDouble.servedNs]! - sliceAhead(system, nowNs);
}

/** What is left of the slice that the dispatcher is in, which ends when it will be free. */
function sliceAhead({ doubles, integers }: SystemState, nowNs: number): number {
  if (integers[SystemInteger.inSlice] === 0) return 0;
  return Math.max(0, Math.min(doubles[SystemDouble.sliceNs]!, doubles[SystemDouble.freeAtNs]! - nowNs));
}

/** Time that workers have been parked until `nowNs`, over all workers. */
export function parkedNs({ doubles, integers }: SystemState, nowNs: number): number {
  const sinceNs = nowNs - doubles[SystemDouble.parkedUntilNs]!;
  return doubles[SystemDouble.parkedNs]! + integers[SystemInteger.parked]! * sinceNs;
}

/** Requests that the dispatcher has not read yet. */
export function unreadArrivals({ integers }: SystemState): number {
  return integers[SystemInteger.unreadArrivals]!;
}

import { formatDigest } from '../metrics/digest.js';
import { createRecorder, type TypeHistograms } from '../metrics/recorder.js';
import { RESERVATIONS_KEPT } from '../results/result.js';
import { DROP_REASONS, type Reservation, type Scheduler, type World } from '../scheduler/scheduler.js';
import { float64s, int32s, uint8s } from '../units/arrays.js';
import type { RequestBatch } from '../workload/request-source.js';
import { createEventList } from './event-list.js';
import {
  createLoop,
  type Ideal,
  Meaning,
  type Slots,
  type State,
  StateDouble,
  StateInteger,
  sharedNs,
} from './loop.js';
import { remember } from './remember.js';
import { createSystemLoop } from './system-loop.js';
import {
  createSystemState,
  dispatcherBusyNs,
  dispatcherServedNs,
  parkedNs,
  type SimulatedSystem,
  type SystemState,
  unreadArrivals,
} from './system-state.js';

export interface SimulationOptions {
  /** Number of workers, at least 1. */
  readonly workers: number;
  /** Number of request types, UNKNOWN included when there is one. */
  readonly types: number;
  /** Worker time lost per preemption, ns. */
  readonly preemptionNs?: number;
  /** Worker time lost per steal, ns. */
  readonly stealNs?: number;
  /** Its costs replace these two. */
  readonly system?: SimulatedSystem;
  /** Filled with the sojourn of each recorded request, by its number in the trace. */
  readonly sojournsNs?: Float64Array;
  /** Will it be played again? See {@link Simulation.reset}. */
  readonly reusable?: boolean;
  /** About how many requests there will be. */
  readonly expectedRequests?: number;
  /** Makes the scheduler from the world it acts on, the cell with the time, and the cells of clairvoyant policies. */
  readonly createScheduler: (world: World, now: Float64Array, ideal: Ideal) => Scheduler;
}

/** The reservation a scheduler announced, and when. */
export interface ReservationChange extends Reservation {
  readonly atNs: number;
}

/** Counters of a simulation at one moment. */
export interface Snapshot {
  readonly atNs: number;
  /** Per type. */
  readonly arrived: Float64Array;
  readonly completed: Float64Array;
  readonly dropped: Float64Array;
  /** Drops by reason, in the order of {@link DROP_REASONS}. */
  readonly dropReasons: Float64Array;
  /** Time workers have spent running requests until this moment, ns, over all workers. */
  readonly busyNs: number;
  /** Time workers have spent on preemptions and steals, ns, over all workers. */
  readonly overheadNs: number;
  readonly preemptions: number;
  readonly steals: number;
  readonly queued: number;
  /** Time the dispatcher has been busy with its own work, ns; 0 without a system. */
  readonly dispatcherNs: number;
  /** Time the dispatcher has run requests itself, ns. */
  readonly dispatcherServedNs: number;
  /** Time workers have been parked, ns, over all workers. */
  readonly parkedNs: number;
}

/** A running simulation: virtual time, simulated workers, and one scheduler. */
export interface Simulation {
  /** Plays the arrivals `from … to-1` of a batch, and everything that happens up to the last of them. */
  advance(batch: RequestBatch, from: number, to: number): void;
  /** Plays everything that happens until `timeNs`, without arrivals. */
  advanceTo(timeNs: number): void;
  /** Plays at most `events` events without arrivals. Returns whether any are left. */
  drain(events: number): boolean;
  /**
   * Forgets what was recorded. From the next arrival on, completed requests are recorded; those that arrived before are
   * only counted. Before the first call all are recorded, except in `sojournsNs`.
   */
  startRecording(): void;
  snapshot(): Snapshot;
  /** Requests that have arrived and neither completed nor been dropped. */
  inSystem(): number;
  /** The same of one type. */
  readonly inSystemOf: (type: number) => number;
  histograms(type: number): TypeHistograms;
  /** What was recorded for each type since the last cut, or the start. */
  cut(): TypeHistograms[];
  reservations(): readonly ReservationChange[];
  /** Number of reservation changes that were not kept. */
  reservationsLeftOut(): number;
  digest(): string;
  /**
   * Goes back to time 0, as if it had just been made: V8 keeps the code that it has compiled. Only for simulations that
   * are made `reusable`, without a system, and under schedulers that keep nothing in variables of functions.
   */
  reset(): void;
  /** Has it made room for more requests? Then V8 no longer takes its arrays as constants: make a new one. */
  hasGrown(): boolean;
}

/**
 * More than most runs need, because growing replaces the loop, and V8 no longer treats the arrays of a loop that was
 * made twice as constants (1.5 times slower). Unused rows cost only address space, because the lowest free row is taken
 * first. But V8 counts them as memory and collects garbage more often, so a short run gets fewer.
 */
const INITIAL_SLOTS = 1 << 17;

/** A power of two, with room for twice the requests that are expected. */
export function initialSlots(expectedRequests = Number.POSITIVE_INFINITY): number {
  return Math.min(INITIAL_SLOTS, 2 ** Math.ceil(Math.log2(Math.max(1, 2 * expectedRequests))));
}

/**
 * Makes a simulation.
 *
 * At equal times, events of workers come before arrivals, in the order of worker numbers. So an arriving request finds
 * every worker free that finishes at that time.
 */
export function createSimulation(options: SimulationOptions): Simulation {
  const { workers, types, preemptionNs = 0, stealNs = 0, system } = options;
  // The dispatcher of a system and the notices on their way to it have events, too. They come after the workers.
  const state = createState(workers, types, system ? workers + 2 : workers, options.sojournsNs);
  const systemState = system && createSystemState(workers);
  const { now, integers, doubles } = state;
  const reservations = createReservationList(now);

  // The scheduler calls this object, which calls the loop. Growing the slots replaces the loop without the scheduler
  // knowing.
  const world = createWorld(system?.queues === 'dealt', () => reservations.add(scheduler));
  const scheduler = options.createScheduler(world, now, state.ideal);
  if (scheduler.reservation) world.reserved();

  const slotsAtFirst = initialSlots(options.expectedRequests);
  let slots = createSlots(slotsAtFirst);
  integers[StateInteger.freeSlots] = slotsAtFirst;
  let loop = connect();
  const restore = options.reusable && !system ? remember({ state, scheduler }) : notReusable;

  function connect() {
    const connected = systemState
      ? createSystemLoop(state, systemState, slots, scheduler, system)
      : createLoop(state, slots, scheduler, preemptionNs, stealNs);
    world.start = connected.start;
    world.preempt = connected.preempt;
    world.drop = connected.drop;
    world.stole = connected.stole;
    world.completeAt = connected.completeAt;
    if (connected.dealt) world.dealt = connected.dealt;
    return connected;
  }

  /** Slots grow only between batches, so the arrays can be constants of the loop. */
  function ensureSlots(arrivals: number): void {
    while (integers[StateInteger.freeSlots]! < arrivals) {
      slots = grownSlots(slots, integers[StateInteger.freeSlots]!);
      integers[StateInteger.freeSlots]! += slots.id.length / 2;
      loop = connect();
    }
  }

  return {
    advance: (batch, from, to) => {
      ensureSlots(to - from);
      loop.advance(batch, from, to);
    },
    advanceTo: (timeNs) => {
      loop.advanceTo(timeNs);
      now[0] = Math.max(now[0]!, timeNs);
    },
    drain: (events) => loop.drain(events),
    startRecording: () => {
      state.recorder.reset();
      doubles[StateDouble.firstRecorded] = doubles[StateDouble.nextId]!;
    },
    snapshot: () => snapshotOf(state, systemState),
    inSystem: () => slots.id.length - integers[StateInteger.freeSlots]!,
    inSystemOf: (type) => state.arrived[type]! - state.completed[type]! - state.dropped[type]!,
    histograms: (type) => state.recorder.histograms(type),
    cut: () => state.recorder.cut(),
    reservations: () => reservations.kept,
    reservationsLeftOut: reservations.leftOut,
    digest: () => formatDigest(state.hash),
    reset: () => {
      restore();
      state.events.clear();
      state.recorder.reset();
      integers[StateInteger.freeSlots] = slots.free.length;
      freeAll(slots.free);
      reservations.clear();
      if (scheduler.reservation) world.reserved();
    },
    hasGrown: () => slots.id.length > slotsAtFirst,
  };
}

/** What a scheduler calls, before there is a loop. */
function createWorld(isDealt: boolean, reserved: () => void) {
  const notRunning = () => {
    throw new Error('a scheduler may call the world only when it is told of an event, not while it is created');
  };
  return {
    start: notRunning as World['start'],
    preempt: notRunning as World['preempt'],
    drop: notRunning as World['drop'],
    stole: notRunning as World['stole'],
    ...(isDealt && { dealt: notRunning as Required<World>['dealt'] }),
    completeAt: notRunning as Required<World>['completeAt'],
    reserved,
  };
}

/** The reservations that a scheduler announces, up to a limit. */
function createReservationList(now: Float64Array) {
  const kept: ReservationChange[] = [];
  let leftOut = 0;
  return {
    kept: kept as readonly ReservationChange[],
    leftOut: () => leftOut,
    add(scheduler: Scheduler): void {
      if (kept.length < RESERVATIONS_KEPT) kept.push({ atNs: now[0]!, ...scheduler.reservation!() });
      else leftOut++;
    },
    clear(): void {
      kept.length = 0;
      leftOut = 0;
    },
  };
}

function notReusable(): never {
  throw new Error('only a simulation that is made reusable, without a system, can be played again');
}

function snapshotOf(state: State, systemState: SystemState | undefined): Snapshot {
  const { now, integers, doubles, requestOn, eventMeans, stretchFromNs } = state;
  let runningNs = 0;
  let payingNs = 0;
  for (let worker = 0; worker < requestOn.length; worker++) {
    if (requestOn[worker]! < 0) continue;
    const elapsedNs = Math.max(0, now[0]! - stretchFromNs[worker]!);
    if (eventMeans[worker] === Meaning.yields) payingNs += elapsedNs;
    else if (eventMeans[worker] === Meaning.departs) runningNs += sharedNs(state);
    else runningNs += elapsedNs;
  }
  return {
    atNs: now[0]!,
    arrived: state.arrived.slice(),
    completed: state.completed.slice(),
    dropped: state.dropped.slice(),
    dropReasons: state.dropReasons.slice(),
    busyNs: doubles[StateDouble.busyNs]! + runningNs,
    overheadNs: doubles[StateDouble.overheadNs]! + payingNs,
    preemptions: doubles[StateDouble.preemptions]!,
    steals: doubles[StateDouble.steals]!,
    queued: integers[StateInteger.waiting]! + (systemState ? unreadArrivals(systemState) : 0),
    dispatcherNs: systemState ? dispatcherBusyNs(systemState, now[0]!) : 0,
    dispatcherServedNs: systemState ? dispatcherServedNs(systemState, now[0]!) : 0,
    parkedNs: systemState ? parkedNs(systemState, now[0]!) : 0,
  };
}

function createState(workers: number, types: number, owners: number, sojournsNs?: Float64Array): State {
  const doubles = float64s(6);
  // The warm-up is recorded, too, so that V8 need not compile the loop again when the recording begins anew.
  doubles[StateDouble.firstRecorded] = sojournsNs ? Number.POSITIVE_INFINITY : 0;
  return {
    events: createEventList(owners),
    recorder: createRecorder(types, sojournsNs),
    hash: int32s(2),
    now: float64s(1),
    ideal: { demandNs: float64s(1), completionNs: float64s(1) },
    integers: int32s(3),
    doubles,
    arrived: float64s(types),
    completed: float64s(types),
    dropped: float64s(types),
    dropReasons: float64s(DROP_REASONS.length),
    requestOn: int32s(workers).fill(-1),
    eventMeans: uint8s(workers),
    stretchFromNs: float64s(workers),
    toPayNs: float64s(workers),
  };
}

function createSlots(capacity: number): Slots {
  const free = new Int32Array(capacity);
  freeAll(free);
  return {
    id: new Float64Array(capacity),
    arrivalNs: new Float64Array(capacity),
    serviceNs: new Float64Array(capacity),
    leftNs: new Float64Array(capacity),
    startNs: new Float64Array(capacity),
    type: new Uint16Array(capacity),
    free,
  };
}

/** Puts all rows on the stack of free ones, the lowest on top. */
function freeAll(free: Int32Array): void {
  for (let i = 0; i < free.length; i++) free[i] = free.length - 1 - i;
}

/**
 * Doubles the slots. The first half keeps its content; the new rows are free, below the `free` rows that were free
 * before.
 */
function grownSlots(slots: Slots, free: number): Slots {
  const before = slots.id.length;
  const larger = createSlots(before * 2);
  larger.id.set(slots.id);
  larger.arrivalNs.set(slots.arrivalNs);
  larger.serviceNs.set(slots.serviceNs);
  larger.leftNs.set(slots.leftNs);
  larger.startNs.set(slots.startNs);
  larger.type.set(slots.type);
  // createSlots has put the new rows at the bottom of the stack, highest first.
  larger.free.set(slots.free.subarray(0, free), before);
  return larger;
}

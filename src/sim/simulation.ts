import { foldCompletion, formatDigest } from '../metrics/digest.js';
import { createRecorder, type TypeMeasurements } from '../metrics/recorder.js';
import { DROP_REASONS, type Reservation, type Scheduler, TO_COMPLETION, type Workers } from '../scheduler/scheduler.js';
import type { RequestBatch } from '../workload/request-source.js';
import { createEventList } from './event-list.js';

export interface SimulationOptions {
  /** Number of workers, at least 1. */
  readonly workers: number;
  /** Number of request types, UNKNOWN included when there is one. */
  readonly types: number;
  /** Worker time lost per preemption, ns. */
  readonly preemptionNs?: number;
  /** Worker time lost per steal, ns. */
  readonly stealNs?: number;
  /** Makes the scheduler, given where its answers go and the cell it reads the time from. */
  readonly createScheduler: (pool: Workers, now: Float64Array) => Scheduler;
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
}

/** A running simulation: virtual time, simulated workers, and one scheduler. */
export interface Simulation {
  /** Plays the arrivals `from … to-1` of a batch, and everything that happens up to the last of them. */
  advance(batch: RequestBatch, from: number, to: number): void;
  /** Plays everything that happens until `timeNs`, without arrivals. */
  advanceTo(timeNs: number): void;
  /** Plays at most `events` events without arrivals; answers whether any are left. */
  drain(events: number): boolean;
  /** From the next arrival on, completed requests are recorded; those that arrived before are only counted. */
  startRecording(): void;
  snapshot(): Snapshot;
  measurements(type: number): TypeMeasurements;
  reservations(): readonly ReservationChange[];
  /** Reservation changes beyond the ones kept. */
  reservationsLeftOut(): number;
  digest(): string;
}

/** What the pending event of a worker means. */
const COMPLETES = 0;
const SLICE_ENDS = 1;
const YIELDS = 2;

/** Indices of the integer state. */
const FREE_SLOTS = 0;
const WAITING = 1;
const PREEMPTIONS = 2;
const STEALS = 3;
/** Indices of the floating-point state. */
const NEXT_ID = 0;
const FIRST_RECORDED = 1;
const BUSY_NS = 2;
const OVERHEAD_NS = 3;

const INITIAL_SLOTS = 4096;
/** More reservations than a person reads; an unstable policy must not fill the memory with them. */
const RESERVATIONS_KEPT = 10_000;

/**
 * Makes a simulation.
 *
 * Equal-time order: events of workers before arrivals, in the order of worker numbers. An arriving request thus finds every worker
 * free that is done by then.
 *
 * It is a factory of closures over constant typed arrays rather than a class: V8 compiles the arrays of a closure that was made once into the machine
 * code, which makes the loop 1.6 times as fast as the same code with fields. Scalars live in small arrays for the
 * same reason, and because a captured variable that holds a double is boxed at every assignment.
 */
export function createSimulation(options: SimulationOptions): Simulation {
  const { workers, types, preemptionNs = 0, stealNs = 0 } = options;
  const events = createEventList(workers);
  const recorder = createRecorder(types);
  const hash = new Int32Array(2);
  const now = new Float64Array(1);
  const integers = new Int32Array(4);
  const doubles = new Float64Array(4);
  doubles[FIRST_RECORDED] = Number.POSITIVE_INFINITY;

  const arrived = new Float64Array(types);
  const completed = new Float64Array(types);
  const dropped = new Float64Array(types);
  const dropReasons = new Float64Array(DROP_REASONS.length);
  const reservations: ReservationChange[] = [];
  const leftOut = { reservations: 0 };

  // One row per worker: the request it runs, what its event means, when its current stretch began, time to pay before the next one.
  const requestOn = new Int32Array(workers).fill(-1);
  const eventMeans = new Uint8Array(workers);
  const stretchFromNs = new Float64Array(workers);
  const toPayNs = new Float64Array(workers);

  // One row per request in flight. The handle a scheduler sees is the row; rows are reused, so memory follows the requests in flight.
  const slots = { capacity: INITIAL_SLOTS };
  let id = new Float64Array(INITIAL_SLOTS);
  let arrivalNs = new Float64Array(INITIAL_SLOTS);
  let serviceNs = new Float64Array(INITIAL_SLOTS);
  let leftNs = new Float64Array(INITIAL_SLOTS);
  let startNs = new Float64Array(INITIAL_SLOTS);
  let typeOf = new Uint16Array(INITIAL_SLOTS);
  let free = Int32Array.from({ length: INITIAL_SLOTS }, (_, i) => INITIAL_SLOTS - 1 - i);
  integers[FREE_SLOTS] = INITIAL_SLOTS;

  const pool: Workers = { start, preempt, drop, stole, reserved };
  const scheduler = options.createScheduler(pool, now);
  if (scheduler.reservation && reservations.length === 0) reserved();

  function start(worker: number, request: number, sliceNs: number): void {
    const nowNs = now[0]!;
    integers[WAITING]!--;
    requestOn[worker] = request;
    const left = leftNs[request]!;
    if (left === serviceNs[request]!) startNs[request] = nowNs;
    let fromNs = nowNs;
    if (stealNs > 0 && toPayNs[worker]! > 0) {
      fromNs += toPayNs[worker]!;
      doubles[OVERHEAD_NS] = doubles[OVERHEAD_NS]! + toPayNs[worker]!;
      toPayNs[worker] = 0;
    }
    stretchFromNs[worker] = fromNs;
    if (sliceNs === TO_COMPLETION || left <= sliceNs) {
      eventMeans[worker] = COMPLETES;
      events.add(worker, fromNs + left);
    } else {
      eventMeans[worker] = SLICE_ENDS;
      events.add(worker, fromNs + sliceNs);
    }
  }

  function preempt(worker: number): void {
    if (eventMeans[worker] === YIELDS || requestOn[worker]! < 0) return;
    const request = requestOn[worker]!;
    const endsNs = stretchFromNs[worker]! + leftNs[request]!;
    // A request that is done at this very moment completes.
    if (endsNs <= now[0]!) return;
    events.remove(worker);
    beginYield(worker);
    events.add(worker, now[0]! + preemptionNs);
  }

  function drop(request: number, reason: number): void {
    integers[WAITING]!--;
    dropped[typeOf[request]!]!++;
    dropReasons[reason]!++;
    releaseSlot(request);
  }

  function stole(thief: number, _victim: number, _count: number): void {
    integers[STEALS]!++;
    toPayNs[thief] = toPayNs[thief]! + stealNs;
  }

  function reserved(): void {
    if (reservations.length < RESERVATIONS_KEPT) reservations.push({ atNs: now[0]!, ...scheduler.reservation!() });
    else leftOut.reservations++;
  }

  function takeSlot(): number {
    if (integers[FREE_SLOTS] === 0) growSlots();
    return free[--integers[FREE_SLOTS]!]!;
  }

  function releaseSlot(request: number): void {
    free[integers[FREE_SLOTS]!++] = request;
  }

  function growSlots(): void {
    const before = slots.capacity;
    const capacity = before * 2;
    slots.capacity = capacity;
    id = grown(id, capacity);
    arrivalNs = grown(arrivalNs, capacity);
    serviceNs = grown(serviceNs, capacity);
    leftNs = grown(leftNs, capacity);
    startNs = grown(startNs, capacity);
    const moreTypes = new Uint16Array(capacity);
    moreTypes.set(typeOf);
    typeOf = moreTypes;
    free = new Int32Array(capacity);
    for (let i = 0; i < before; i++) free[i] = capacity - 1 - i;
    integers[FREE_SLOTS] = before;
  }

  function admit(atNs: number, demandNs: number, type: number, flow: number): void {
    now[0] = atNs;
    const request = takeSlot();
    const number = doubles[NEXT_ID]!;
    doubles[NEXT_ID] = number + 1;
    id[request] = number;
    arrivalNs[request] = atNs;
    serviceNs[request] = demandNs;
    leftNs[request] = demandNs;
    typeOf[request] = type;
    arrived[type]!++;
    integers[WAITING]!++;
    scheduler.arrive(request, type, flow);
    scheduler.dispatch();
  }

  function complete(worker: number, nowNs: number): void {
    const request = requestOn[worker]!;
    const type = typeOf[request]!;
    const demandNs = serviceNs[request]!;
    requestOn[worker] = -1;
    doubles[BUSY_NS] = doubles[BUSY_NS]! + (nowNs - stretchFromNs[worker]!);
    completed[type]!++;
    foldCompletion(hash, id[request]!, worker, startNs[request]!, nowNs);
    if (id[request]! >= doubles[FIRST_RECORDED]!) recorder.record(type, nowNs - arrivalNs[request]!, demandNs);
    releaseSlot(request);
    scheduler.complete(worker);
    if (integers[WAITING]! > 0) scheduler.dispatch();
  }

  /** The worker stops running its request and pays for the preemption. */
  function beginYield(worker: number): void {
    const request = requestOn[worker]!;
    const ranNs = Math.max(0, now[0]! - stretchFromNs[worker]!);
    integers[PREEMPTIONS]!++;
    leftNs[request] = leftNs[request]! - ranNs;
    doubles[BUSY_NS] = doubles[BUSY_NS]! + ranNs;
    stretchFromNs[worker] = now[0]!;
    eventMeans[worker] = YIELDS;
  }

  function endYield(worker: number): void {
    doubles[OVERHEAD_NS] = doubles[OVERHEAD_NS]! + (now[0]! - stretchFromNs[worker]!);
    requestOn[worker] = -1;
    integers[WAITING]!++;
    scheduler.preempted(worker);
    scheduler.dispatch();
  }

  function endSlice(worker: number): void {
    const nowNs = now[0]!;
    if (scheduler.sliceExpired(worker)) {
      beginYield(worker);
      if (preemptionNs > 0) events.add(worker, nowNs + preemptionNs);
      else endYield(worker);
    } else {
      eventMeans[worker] = COMPLETES;
      events.add(worker, stretchFromNs[worker]! + leftNs[requestOn[worker]!]!);
    }
  }

  function playNext(atNs: number): void {
    now[0] = atNs;
    const worker = events.take();
    const means = eventMeans[worker]!;
    if (means === COMPLETES) complete(worker, atNs);
    else if (means === SLICE_ENDS) endSlice(worker);
    else endYield(worker);
  }

  function advanceTo(timeNs: number): void {
    for (;;) {
      const nextNs = events.nextNs();
      if (!(nextNs <= timeNs)) break;
      playNext(nextNs);
    }
  }

  function advance(batch: RequestBatch, from: number, to: number): void {
    for (let i = from; i < to; i++) {
      const atNs = batch.arrivalNs[i]!;
      for (;;) {
        const nextNs = events.nextNs();
        if (nextNs > atNs) break;
        playNext(nextNs);
      }
      admit(atNs, batch.serviceNs[i]!, batch.type[i]!, batch.flow[i]! | 0);
    }
  }

  function drain(limit: number): boolean {
    for (let i = 0; i < limit && events.size() > 0; i++) playNext(events.nextNs());
    return events.size() > 0;
  }

  function snapshot(): Snapshot {
    let runningNs = 0;
    let payingNs = 0;
    for (let worker = 0; worker < workers; worker++) {
      if (requestOn[worker]! < 0) continue;
      const elapsedNs = Math.max(0, now[0]! - stretchFromNs[worker]!);
      if (eventMeans[worker] === YIELDS) payingNs += elapsedNs;
      else runningNs += elapsedNs;
    }
    return {
      atNs: now[0]!,
      arrived: arrived.slice(),
      completed: completed.slice(),
      dropped: dropped.slice(),
      dropReasons: dropReasons.slice(),
      busyNs: doubles[BUSY_NS]! + runningNs,
      overheadNs: doubles[OVERHEAD_NS]! + payingNs,
      preemptions: integers[PREEMPTIONS]!,
      steals: integers[STEALS]!,
      queued: integers[WAITING]!,
    };
  }

  return {
    advance,
    advanceTo: (timeNs) => {
      advanceTo(timeNs);
      now[0] = Math.max(now[0]!, timeNs);
    },
    drain,
    startRecording: () => {
      doubles[FIRST_RECORDED] = doubles[NEXT_ID]!;
    },
    snapshot,
    measurements: (type) => recorder.measurements(type),
    reservations: () => reservations,
    reservationsLeftOut: () => leftOut.reservations,
    digest: () => formatDigest(hash),
  };
}

function grown(array: Float64Array<ArrayBuffer>, capacity: number): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(capacity);
  larger.set(array);
  return larger;
}

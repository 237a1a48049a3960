import { foldCompletion } from '../metrics/digest.js';
import type { Recorder } from '../metrics/recorder.js';
import { PREEMPT, type Scheduler, type SchedulerSetup, TO_COMPLETION, type World } from '../scheduler/scheduler.js';
import type { RequestBatch } from '../workload/request-source.js';
import type { EventList } from './event-list.js';

/** What the pending event of a worker means. */
export const Meaning = {
  completes: 0,
  sliceEnds: 1,
  yields: 2,
  /** On worker 0 under a policy that shares the workers: the request that {@link Loop.completeAt} named completes. */
  departs: 3,
} as const;

/** Indices of {@link State.integers}. */
export const StateInteger = {
  freeSlots: 0,
  waiting: 1,
  /** Requests that have shared the workers since `stretchFromNs[0]`. */
  sharing: 2,
} as const;
/** Indices of {@link State.doubles}. */
export const StateDouble = {
  nextId: 0,
  firstRecorded: 1,
  busyNs: 2,
  overheadNs: 3,
  preemptions: 4,
  steals: 5,
} as const;

// Hot loops copy what they import or export into constants of the module: V8 compiles these into the code, but looks up
// exported ones each time (a run takes 8 % longer).
const { completes: COMPLETES, sliceEnds: SLICE_ENDS, yields: YIELDS, departs: DEPARTS } = Meaning;
const { freeSlots: FREE_SLOTS, waiting: WAITING, sharing: SHARING } = StateInteger;
const {
  nextId: NEXT_ID,
  firstRecorded: FIRST_RECORDED,
  busyNs: BUSY_NS,
  overheadNs: OVERHEAD_NS,
  preemptions: PREEMPTIONS,
  steals: STEALS,
} = StateDouble;
const RUN_ON: number = TO_COMPLETION;
const TAKE_OFF: number = PREEMPT;
const fold = foldCompletion;

/** Everything that changes while a simulation runs, except the requests in flight. */
export interface State {
  readonly events: EventList;
  readonly recorder: Recorder;
  /** The digest's two lanes. */
  readonly hash: Int32Array;
  /** The cell the scheduler reads the time from. */
  readonly now: Float64Array;
  /** The cells of clairvoyant policies: the demand of the request that arrives, and the completion they plan. */
  readonly ideal: Ideal;
  readonly integers: Int32Array;
  readonly doubles: Float64Array;
  /** Per type. */
  readonly arrived: Float64Array;
  readonly completed: Float64Array;
  readonly dropped: Float64Array;
  readonly dropReasons: Float64Array;
  /**
   * Per worker: the request it runs or -1, what its event means, when its current stretch began, time to pay before the
   * next one.
   */
  readonly requestOn: Int32Array;
  readonly eventMeans: Uint8Array;
  readonly stretchFromNs: Float64Array;
  readonly toPayNs: Float64Array;
}

/** What only a simulator can give a scheduler. */
export type Ideal = Required<Pick<SchedulerSetup, 'demandNs' | 'completionNs'>>;

/**
 * The requests in flight, one row each. The row is the handle that a scheduler sees. Rows are reused, so memory depends
 * on the requests in flight only.
 */
export interface Slots {
  readonly id: Float64Array;
  readonly arrivalNs: Float64Array;
  readonly serviceNs: Float64Array;
  /** Demand that has not been served yet. */
  readonly leftNs: Float64Array;
  /** When it first started. */
  readonly startNs: Float64Array;
  readonly type: Uint16Array;
  /** Stack of free rows, `integers[FREE_SLOTS]` high. */
  readonly free: Int32Array;
}

/** What the simulation uses of the loop. */
export interface Loop extends Required<Omit<World, 'reserved' | 'dealt'>>, Pick<World, 'dealt'> {
  advance(batch: RequestBatch, from: number, to: number): void;
  advanceTo(timeNs: number): void;
  drain(events: number): boolean;
}

/**
 * The inner loop: plays events of workers and arrivals in the order of time.
 *
 * It is closures over constant typed arrays, not a class: V8 compiles the arrays of a closure that is made once into
 * the machine code, which is 1.6 times as fast as fields. Scalars are in small arrays, because V8 boxes a double at
 * every assignment to a captured variable.
 */
export function createLoop(
  state: State,
  slots: Slots,
  scheduler: Scheduler,
  preemptionNs: number,
  stealNs: number,
): Loop {
  const { events, recorder, hash, now, integers, doubles, arrived, completed, dropped, dropReasons } = state;
  const { requestOn, eventMeans, stretchFromNs, toPayNs } = state;
  const { demandNs: toldDemandNs, completionNs } = state.ideal;
  const { id, arrivalNs, serviceNs, leftNs, startNs, type: typeOf, free } = slots;

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
    if (sliceNs === RUN_ON || left <= sliceNs) {
      eventMeans[worker] = COMPLETES;
      events.add(worker, fromNs + left);
    } else {
      eventMeans[worker] = SLICE_ENDS;
      events.add(worker, fromNs + sliceNs);
    }
  }

  function completeAt(request: number): void {
    share();
    if (requestOn[0]! >= 0) events.remove(0);
    requestOn[0] = request;
    eventMeans[0] = DEPARTS;
    events.add(0, completionNs[0]!);
  }

  /** Counts the work that the requests present have shared, and begins a new stretch with those present now. */
  function share(): void {
    doubles[BUSY_NS] = doubles[BUSY_NS]! + sharedNs(state);
    stretchFromNs[0] = now[0]!;
    integers[SHARING] = integers[WAITING]!;
  }

  function preempt(worker: number): void {
    if (eventMeans[worker] === YIELDS || requestOn[worker]! < 0) return;
    const request = requestOn[worker]!;
    const endsNs = stretchFromNs[worker]! + leftNs[request]!;
    // A request that ends at this very moment completes.
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
    doubles[STEALS]!++;
    toPayNs[thief] = toPayNs[thief]! + stealNs;
  }

  function releaseSlot(request: number): void {
    free[integers[FREE_SLOTS]!++] = request;
  }

  function admit(atNs: number, demandNs: number, type: number, flow: number): void {
    now[0] = atNs;
    const request = free[--integers[FREE_SLOTS]!]!;
    const number = doubles[NEXT_ID]!;
    doubles[NEXT_ID] = number + 1;
    id[request] = number;
    arrivalNs[request] = atNs;
    serviceNs[request] = demandNs;
    leftNs[request] = demandNs;
    typeOf[request] = type;
    arrived[type]!++;
    integers[WAITING]!++;
    toldDemandNs[0] = demandNs;
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
    fold(hash, id[request]!, worker, startNs[request]!, nowNs);
    if (id[request]! >= doubles[FIRST_RECORDED]!)
      recorder.record(type, nowNs - arrivalNs[request]!, demandNs, id[request]!);
    releaseSlot(request);
    scheduler.complete(worker);
    if (integers[WAITING]! > 0) scheduler.dispatch();
  }

  /** The worker stops running its request and pays for the preemption. */
  function beginYield(worker: number): void {
    const request = requestOn[worker]!;
    const ranNs = Math.max(0, now[0]! - stretchFromNs[worker]!);
    doubles[PREEMPTIONS]!++;
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
    const sliceNs = scheduler.sliceExpired(worker);
    if (sliceNs === TAKE_OFF) {
      beginYield(worker);
      if (preemptionNs > 0) events.add(worker, nowNs + preemptionNs);
      else endYield(worker);
      return;
    }
    const endsNs = stretchFromNs[worker]! + leftNs[requestOn[worker]!]!;
    if (sliceNs === RUN_ON || endsNs <= nowNs + sliceNs) {
      eventMeans[worker] = COMPLETES;
      events.add(worker, endsNs);
    } else {
      events.add(worker, nowNs + sliceNs);
    }
  }

  function depart(): void {
    share();
    const request = requestOn[0]!;
    startNs[request] = arrivalNs[request]!;
    integers[WAITING]!--;
    integers[SHARING]!--;
    complete(0, now[0]!);
  }

  function playNext(atNs: number): void {
    now[0] = atNs;
    const worker = events.take();
    const means = eventMeans[worker]!;
    if (means === COMPLETES) complete(worker, atNs);
    else if (means === SLICE_ENDS) endSlice(worker);
    else if (means === YIELDS) endYield(worker);
    else depart();
  }

  function advanceTo(timeNs: number): void {
    for (;;) {
      const nextNs = events.nextNs();
      if (!(nextNs <= timeNs)) break;
      playNext(nextNs);
    }
  }

  function advance(batch: RequestBatch, from: number, to: number): void {
    const { arrivalNs: arrivesNs, serviceNs: needsNs, type, flow } = batch;
    for (let i = from; i < to; i++) {
      const atNs = arrivesNs[i]!;
      for (;;) {
        const nextNs = events.nextNs();
        if (nextNs > atNs) break;
        playNext(nextNs);
      }
      admit(atNs, needsNs[i]!, type[i]!, flow[i]! | 0);
    }
  }

  function drain(limit: number): boolean {
    for (let i = 0; i < limit && events.size() > 0; i++) playNext(events.nextNs());
    return events.size() > 0;
  }

  return { start, preempt, drop, stole, completeAt, advance, advanceTo, drain };
}

/**
 * Worker time that the requests present have shared since the last of them came or left: n requests keep min(n,
 * workers) busy.
 */
export function sharedNs({ integers, now, stretchFromNs, requestOn }: State): number {
  return Math.min(integers[SHARING]!, requestOn.length) * (now[0]! - stretchFromNs[0]!);
}

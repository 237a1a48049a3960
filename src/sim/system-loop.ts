import { foldCompletion } from '../metrics/digest.js';
import { PREEMPT, type Scheduler, TO_COMPLETION } from '../scheduler/scheduler.js';
import { float64s, uint8s } from '../units/arrays.js';
import type { RequestBatch } from '../workload/request-source.js';
import { InboxMessage, MESSAGE_KINDS } from './inbox.js';
import { type Loop, Meaning, type Slots, type State, StateDouble, StateInteger } from './loop.js';
import { createOwnRequests } from './own-requests.js';
import { createParking, PARKS, WAKES } from './parking.js';
import {
  drawsOf,
  NO_MESSAGE,
  type SimulatedSystem,
  SystemDouble,
  SystemInteger,
  type SystemState,
} from './system-state.js';

// Constants of this module: see loop.ts.
const { completes: COMPLETES, sliceEnds: SLICE_ENDS, yields: YIELDS } = Meaning;
const { freeSlots: FREE_SLOTS, waiting: WAITING } = StateInteger;
const {
  nextId: NEXT_ID,
  firstRecorded: FIRST_RECORDED,
  busyNs: BUSY_NS,
  overheadNs: OVERHEAD_NS,
  preemptions: PREEMPTIONS,
  steals: STEALS,
} = StateDouble;
const { freeAtNs: FREE_AT_NS, chargedNs: CHARGED_NS } = SystemDouble;
const {
  occupied: OCCUPIED,
  unreadArrivals: UNREAD_ARRIVALS,
  kind: KIND,
  subject: SUBJECT,
  detail: DETAIL,
  justFree: JUST_FREE,
} = SystemInteger;
const {
  arrival: ARRIVAL,
  completed: COMPLETED,
  preempted: PREEMPTED,
  sliceEnd: SLICE_END,
  reply: REPLY,
} = InboxMessage;
const RUN_ON: number = TO_COMPLETION;
const TAKE_OFF: number = PREEMPT;
const fold = foldCompletion;
/** What else the pending event of a worker can mean here. */
const SIGNALLED = 4;
const REPLIES = 5;
const NOTIFIES_COMPLETED = 6;
const NOTIFIES_PREEMPTED = 7;

/**
 * The loop of a system with costs. The one of loop.ts has none and is faster. With costs of zero, both make the same
 * decisions at the same times, bit for bit.
 *
 * The dispatcher is a server: each message (an arrival, the notice of a worker, the end of a slice) keeps it busy for
 * its cost. Like a polling loop, it reads the notices of workers before it takes the next packet from the network, each
 * in the order it came. So a dispatcher that cannot keep up lets packets wait, not workers.
 *
 * The scheduler is told when the dispatcher has finished a message. Each `start` then keeps the dispatcher busy for
 * `dispatchNs` more, and reaches its worker `handoffNs` later (`againNs` when the worker has just said that it is
 * free). A worker that has finished, or has been preempted, sends a notice.
 *
 * Where workers have their own queues, they take from them at once, and the dispatcher only spreads arrivals. Where
 * workers have places that the dispatcher fills, they also take from them at once and send the notice at the same time.
 * Filling a place keeps the dispatcher busy as a start does, but the worker does not wait for it.
 *
 * The clock is the server's, `wireNs` behind the client's. So a request arrives at its planned time, and both ways over
 * the wire are added to its sojourn.
 *
 * A cost that varies is drawn when it is charged. Both ways over the wire are one draw.
 *
 * A dispatcher that runs requests itself is in own-requests.ts, workers that park are in parking.ts.
 */
export function createSystemLoop(
  state: State,
  system: SystemState,
  slots: Slots,
  scheduler: Scheduler,
  simulated: SimulatedSystem,
): Loop {
  const { costs, observer } = simulated;
  const workersHaveQueues = simulated.queues === 'worker';
  const workersHavePlaces = simulated.queues === 'dealt';
  const { events, recorder, hash, now, integers, doubles, arrived, completed, dropped, dropReasons } = state;
  const { requestOn, eventMeans, stretchFromNs, toPayNs } = state;
  const { demandNs } = state.ideal;
  const { id, arrivalNs, serviceNs, leftNs, startNs, type: typeOf, free } = slots;
  const { arrivals, notices, underWay, doneOn, serial, signalled } = system;
  const landsNs = float64s(id.length);
  landsNs.set(system.landsNs);
  system.landsNs = landsNs;
  const received = uint8s(id.length);
  received.set(system.received);
  system.received = received;
  const dispatcher = requestOn.length;
  const way = dispatcher + 1;
  let byItself = false;
  const { noticeNs, signalNs, dispatchNs, preemptNs, stealNs, preemptedNs } = costs;
  const { workerReceiveNs, workerTransmitNs, dispatcherTransmitNs } = costs;
  const wireNs = drawsOf(simulated, 'wireNs');
  const handoffNs = drawsOf(simulated, 'handoffNs');
  const againNs = drawsOf(simulated, 'againNs');
  const contextSwitchNs = drawsOf(simulated, 'contextSwitchNs');
  const dispatcherReplies = dispatcherTransmitNs > 0;
  const messageNs = float64s(MESSAGE_KINDS);
  messageNs[ARRIVAL] = costs.dispatcherReceiveNs;
  messageNs[COMPLETED] = costs.completionNs + dispatcherTransmitNs;
  messageNs[PREEMPTED] = costs.completionNs;
  messageNs[REPLY] = dispatcherTransmitNs;
  const ownRequests =
    costs.pollNs > 0 && scheduler.dispatcherIdles && !workersHaveQueues
      ? createOwnRequests(state, system, slots, scheduler, simulated, { occupy, depart, releaseSlot })
      : undefined;
  // Where workers have queues, no notices are under way, and the owner of their events is free.
  const parking =
    costs.parkNs > 0 && scheduler.parks && workersHaveQueues
      ? createParking(state, system, scheduler, simulated, way)
      : undefined;

  // The dispatcher.

  function occupy(ns: number): void {
    const fromNs = Math.max(now[0]!, system.doubles[FREE_AT_NS]!);
    system.doubles[FREE_AT_NS] = fromNs + ns;
    system.doubles[CHARGED_NS] = system.doubles[CHARGED_NS]! + ns;
    if (observer && ns > 0) observer.dispatcher(fromNs, fromNs + ns);
  }

  function post(kind: number, subject: number, detail: number): void {
    (kind === ARRIVAL ? arrivals : notices).push(kind, subject, detail);
    if (system.integers[OCCUPIED] === 1) return;
    system.integers[OCCUPIED] = 1;
    takeMessages();
  }

  /** Begins the next message. It finishes messages that take no time at once. */
  function takeMessages(): void {
    while (notices.length + arrivals.length > 0) {
      const inbox = notices.length > 0 ? notices : arrivals;
      system.integers[KIND] = inbox.kind();
      system.integers[SUBJECT] = inbox.subject();
      system.integers[DETAIL] = inbox.detail();
      inbox.shift();
      occupy(messageNs[system.integers[KIND]]!);
      const doneNs = system.doubles[FREE_AT_NS]!;
      if (doneNs > now[0]!) {
        events.add(dispatcher, doneNs);
        return;
      }
      act();
    }
    if (ownRequests?.begin()) return;
    system.integers[OCCUPIED] = 0;
  }

  /** The dispatcher has finished a message: tells the scheduler. */
  function act(): void {
    const kind = system.integers[KIND]!;
    const subject = system.integers[SUBJECT]!;
    const detail = system.integers[DETAIL]!;
    if (kind === ARRIVAL) tellArrival(subject, detail);
    else if (kind === COMPLETED) tellCompletion(subject, detail);
    else if (kind === PREEMPTED) tellPreemption(subject);
    else if (kind === SLICE_END) tellSliceEnd(subject, detail);
    else {
      depart(subject, detail);
      releaseSlot(subject);
    }
  }

  function tellArrival(request: number, flow: number): void {
    integers[WAITING]!++;
    system.integers[UNREAD_ARRIVALS]!--;
    if (workersHaveQueues) {
      occupy(dispatchNs);
      // When a worker can take it.
      landsNs[request] = system.doubles[FREE_AT_NS]! + handoffNs();
    }
    demandNs[0] = serviceNs[request]!;
    scheduler.arrive(request, typeOf[request]!, flow);
    scheduler.dispatch();
    if (parking) parking.waits();
  }

  function tellCompletion(worker: number, request: number): void {
    if (dispatcherReplies) depart(request, worker);
    releaseSlot(request);
    system.integers[JUST_FREE] = worker;
    scheduler.complete(worker);
    if (integers[WAITING]! > 0) scheduler.dispatch();
    system.integers[JUST_FREE] = -1;
  }

  function tellPreemption(worker: number): void {
    integers[WAITING]!++;
    system.integers[JUST_FREE] = worker;
    scheduler.preempted(worker);
    scheduler.dispatch();
    system.integers[JUST_FREE] = -1;
  }

  function tellSliceEnd(worker: number, start: number): void {
    // The worker may have finished meanwhile, which the dispatcher knows only if the notice came before.
    if (serial[worker] !== start || signalled[worker] === 1) return;
    // The scheduler knows that the request has left, so a signal would be useless.
    if (workersHavePlaces && requestOn[worker]! < 0) return;
    const sliceNs = scheduler.sliceExpired(worker);
    if (sliceNs !== TAKE_OFF) {
      if (requestOn[worker]! < 0) return;
      events.remove(worker);
      runOn(worker, sliceNs);
      return;
    }
    const atNs = sendPreemption(worker);
    if (requestOn[worker]! < 0 || endsNs(worker) <= atNs) return;
    events.remove(worker);
    if (atNs > now[0]!) awaitSignal(worker, atNs);
    else yieldNow(worker);
  }

  /**
   * Returns when the preemption takes effect: a worker that is still receiving the request or switching to it finishes
   * that first.
   */
  function sendPreemption(worker: number): number {
    signalled[worker] = 1;
    if (workersHaveQueues) return Math.max(now[0]!, stretchFromNs[worker]!);
    occupy(preemptNs);
    return Math.max(system.doubles[FREE_AT_NS]! + signalNs, stretchFromNs[worker]!);
  }

  // What the scheduler calls.

  function start(worker: number, request: number, sliceNs: number): void {
    if (parking) parking.starts(worker);
    integers[WAITING]!--;
    requestOn[worker] = request;
    serial[worker]!++;
    signalled[worker] = 0;
    const left = leftNs[request]!;
    const isFirst = left === serviceNs[request]!;
    let fromNs = now[0]!;
    if (workersHaveQueues || byItself) fromNs = Math.max(fromNs, landsNs[request]!);
    else {
      occupy(dispatchNs);
      fromNs = system.doubles[FREE_AT_NS]! + (system.integers[JUST_FREE] === worker ? againNs() : handoffNs());
    }
    if (isFirst) startNs[request] = fromNs;
    // Charged once, even when the request is preempted before it has run and starts again.
    const overheadNs = contextSwitchNs() + toPayNs[worker]! + (received[request] === 0 ? workerReceiveNs : 0);
    received[request] = 1;
    toPayNs[worker] = 0;
    doubles[OVERHEAD_NS] = doubles[OVERHEAD_NS]! + overheadNs;
    const runsNs = fromNs + overheadNs;
    stretchFromNs[worker] = runsNs;
    if (observer) observer.starts(worker, id[request]!, typeOf[request]!, fromNs, runsNs);
    if (sliceNs === RUN_ON || left <= sliceNs) {
      eventMeans[worker] = COMPLETES;
      events.add(worker, runsNs + left);
    } else {
      eventMeans[worker] = SLICE_ENDS;
      events.add(worker, runsNs + sliceNs);
    }
  }

  function preempt(worker: number): void {
    if (signalled[worker] === 1) return;
    // A request that ends at this very moment completes.
    if (workersHaveQueues && (requestOn[worker]! < 0 || endsNs(worker) <= now[0]!)) return;
    const atNs = sendPreemption(worker);
    if (requestOn[worker]! < 0 || endsNs(worker) <= atNs) return;
    events.remove(worker);
    if (atNs > now[0]!) awaitSignal(worker, atNs);
    else {
      beginYield(worker);
      events.add(worker, now[0]! + preemptedNs);
    }
  }

  function dealt(_worker: number, request: number): void {
    occupy(dispatchNs);
    landsNs[request] = system.doubles[FREE_AT_NS]! + handoffNs();
  }

  function drop(request: number, reason: number): void {
    integers[WAITING]!--;
    dropped[typeOf[request]!]!++;
    dropReasons[reason]!++;
    if (observer) observer.drops(id[request]!, typeOf[request]!, now[0]!);
    releaseSlot(request);
  }

  function stole(thief: number, victim: number, count: number): void {
    doubles[STEALS]!++;
    toPayNs[thief] = toPayNs[thief]! + stealNs;
    if (observer) observer.steals(thief, victim, count, now[0]!);
  }

  function completeAt(): void {
    throw new Error('a policy that shares the workers cannot run in a system');
  }

  // The workers.

  /** When the request on a worker will end if nothing preempts it. */
  function endsNs(worker: number): number {
    return stretchFromNs[worker]! + leftNs[requestOn[worker]!]!;
  }

  function awaitSignal(worker: number, atNs: number): void {
    eventMeans[worker] = SIGNALLED;
    events.add(worker, atNs);
  }

  function complete(worker: number): void {
    doneOn[worker] = requestOn[worker]!;
    requestOn[worker] = -1;
    doubles[BUSY_NS] = doubles[BUSY_NS]! + (now[0]! - stretchFromNs[worker]!);
    if (observer) observer.stops(worker, now[0]!, true, now[0]! + workerTransmitNs);
    if (workerTransmitNs === 0) finish(worker);
    else {
      doubles[OVERHEAD_NS] = doubles[OVERHEAD_NS]! + workerTransmitNs;
      eventMeans[worker] = REPLIES;
      events.add(worker, now[0]! + workerTransmitNs);
    }
  }

  /** The worker has finished with its request, reply included. */
  function finish(worker: number): void {
    const request = doneOn[worker]!;
    if (!dispatcherReplies) depart(request, worker);
    if (!workersHaveQueues) {
      if (workersHavePlaces) leave(worker, false);
      notify(worker, COMPLETED, NOTIFIES_COMPLETED, request);
      return;
    }
    if (dispatcherReplies) post(REPLY, request, worker);
    else releaseSlot(request);
    scheduler.complete(worker);
    if (integers[WAITING]! > 0) scheduler.dispatch();
    if (parking && requestOn[worker]! < 0) parking.idles(worker);
  }

  function endSlice(worker: number): void {
    if (workersHaveQueues) {
      const sliceNs = scheduler.sliceExpired(worker);
      if (sliceNs === TAKE_OFF) yieldNow(worker);
      else runOn(worker, sliceNs);
    } else {
      // It runs on until the dispatcher has noticed.
      runOn(worker, RUN_ON);
      post(SLICE_END, worker, serial[worker]!);
    }
  }

  /** Lets the request on a worker run, for another slice or to its end. */
  function runOn(worker: number, sliceNs: number): void {
    const doneNs = endsNs(worker);
    if (sliceNs === RUN_ON || doneNs <= now[0]! + sliceNs) {
      eventMeans[worker] = COMPLETES;
      events.add(worker, doneNs);
    } else {
      eventMeans[worker] = SLICE_ENDS;
      events.add(worker, now[0]! + sliceNs);
    }
  }

  function yieldNow(worker: number): void {
    beginYield(worker);
    if (preemptedNs > 0) events.add(worker, now[0]! + preemptedNs);
    else endYield(worker);
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
    signalled[worker] = 1;
    if (observer) observer.stops(worker, now[0]!, false, now[0]! + preemptedNs);
  }

  function endYield(worker: number): void {
    doubles[OVERHEAD_NS] = doubles[OVERHEAD_NS]! + (now[0]! - stretchFromNs[worker]!);
    doneOn[worker] = requestOn[worker]!;
    requestOn[worker] = -1;
    if (workersHaveQueues) {
      tellPreemption(worker);
      if (parking && requestOn[worker] < 0) parking.idles(worker);
    } else {
      if (workersHavePlaces) leave(worker, true);
      notify(worker, PREEMPTED, NOTIFIES_PREEMPTED, doneOn[worker]);
    }
  }

  /** The worker takes its next request from one of its places. */
  function leave(worker: number, preempted: boolean): void {
    byItself = true;
    scheduler.leaves!(worker, preempted);
    byItself = false;
  }

  function notify(worker: number, message: number, means: number, request: number): void {
    if (noticeNs === 0) post(message, worker, request);
    else if (workersHavePlaces) {
      // The worker may already run its next request, which needs the worker's event.
      if (underWay.length === 0) events.add(way, now[0]! + noticeNs);
      underWay.push(message, worker, request, now[0]! + noticeNs);
    } else {
      eventMeans[worker] = means;
      events.add(worker, now[0]! + noticeNs);
    }
  }

  // Requests come and go.

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
    received[request] = 0;
    arrived[type]!++;
    system.integers[UNREAD_ARRIVALS]!++;
    if (observer) observer.arrives(number, type, atNs);
    post(ARRIVAL, request, flow);
  }

  /** The reply leaves the server. */
  function depart(request: number, worker: number): void {
    const type = typeOf[request]!;
    completed[type]!++;
    fold(hash, id[request]!, worker, startNs[request]!, now[0]!);
    if (id[request]! >= doubles[FIRST_RECORDED]!) {
      const sojournNs = now[0]! - arrivalNs[request]! + 2 * wireNs();
      recorder.record(type, sojournNs, serviceNs[request]!, id[request]!);
    }
  }

  function releaseSlot(request: number): void {
    free[integers[FREE_SLOTS]!++] = request;
  }

  // Time.

  function playNext(atNs: number): void {
    now[0] = atNs;
    const worker = events.take();
    if (worker === dispatcher) {
      if (system.integers[KIND] === NO_MESSAGE) {
        if (ownRequests!.goesOn()) return;
      } else act();
      takeMessages();
      return;
    }
    if (worker === way) {
      if (parking) {
        parking.looks();
        return;
      }
      const message = underWay.kind();
      const subject = underWay.subject();
      const request = underWay.detail();
      underWay.shift();
      if (underWay.length > 0) events.add(way, underWay.atNs());
      post(message, subject, request);
      return;
    }
    const means = eventMeans[worker]!;
    if (means === COMPLETES) complete(worker);
    else if (means === SLICE_ENDS) endSlice(worker);
    else if (means === YIELDS) endYield(worker);
    else if (means === SIGNALLED) yieldNow(worker);
    else if (means === REPLIES) finish(worker);
    else if (means === PARKS) parking!.parks(worker);
    else if (means === WAKES) parking!.wakes(worker);
    else post(means === NOTIFIES_COMPLETED ? COMPLETED : PREEMPTED, worker, doneOn[worker]!);
  }

  function advanceTo(timeNs: number): void {
    for (let nextNs = events.nextNs(); nextNs <= timeNs; nextNs = events.nextNs()) playNext(nextNs);
  }

  function advance(batch: RequestBatch, from: number, to: number): void {
    for (let i = from; i < to; i++) {
      const atNs = batch.arrivalNs[i]!;
      advanceTo(atNs);
      admit(atNs, batch.serviceNs[i]!, batch.type[i]!, batch.flow[i]! | 0);
    }
  }

  function drain(limit: number): boolean {
    for (let i = 0; i < limit && events.size() > 0; i++) playNext(events.nextNs());
    return events.size() > 0;
  }

  return {
    start: ownRequests
      ? (worker, request, sliceNs) =>
          worker === dispatcher ? ownRequests.take(request) : start(worker, request, sliceNs)
      : start,
    preempt,
    drop,
    stole,
    completeAt,
    ...(workersHavePlaces && { dealt }),
    advance,
    advanceTo,
    drain,
  };
}

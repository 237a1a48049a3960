import { foldCompletion } from '../metrics/digest.js';
import { PREEMPT, type Scheduler, TO_COMPLETION } from '../scheduler/scheduler.js';
import { float64s, uint8s } from '../units/arrays.js';
import type { RequestBatch } from '../workload/request-source.js';
import { InboxMessage, MESSAGE_KINDS } from './inbox.js';
import { type Loop, Meaning, type Slots, type State, StateDouble, StateInteger } from './loop.js';
import { drawsOf, type SimulatedSystem, SystemDouble, SystemInteger, type SystemState } from './system-state.js';

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
/** More that the pending event of a worker can mean here. */
const SIGNALLED = 4;
const REPLIES = 5;
const NOTIFIES_COMPLETED = 6;
const NOTIFIES_PREEMPTED = 7;

/**
 * The loop of a system that costs something, beside the one of loop.ts that costs nothing and is fast. With costs of zero both make the same decisions at
 * the same times, bit for bit.
 *
 * The dispatcher is a server: a message (an arrival, the notice of a worker, the end of a slice) keeps it busy for as long as it costs. As a polling loop
 * does, it looks at what the workers say before it takes another packet off the network, each in the order it came; so a dispatcher that cannot keep up leaves
 * packets lying, not workers. The scheduler is told when a message is done with, at that time; each `start` it answers keeps the dispatcher busy for `dispatchNs` more, and
 * reaches its worker `handoffNs` after that (`againNs`, when the worker has just said that it is free). A worker that is done, or has been preempted, says so by a notice. Where workers have
 * queues of their own, they take from them at once: the dispatcher only deals arrivals. Where they have places that the dispatcher fills, they take from them at once, too,
 * and send the notice on the side: each filling keeps the dispatcher busy as a start does, and only the worker does not wait for it.
 *
 * The clock is the server's: it is `wireNs` behind the client's, so that a planned arrival is when the packet is there, and both ways are added to the sojourn.
 *
 * A cost that varies is drawn when it is charged; the two ways over the wire are drawn as one.
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

  /** Begins with the next message; those that take no time it is done with at once. */
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
    system.integers[OCCUPIED] = 0;
  }

  /** The dispatcher is done with a message: the scheduler is told. */
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
      // From when on a worker can have it.
      landsNs[request] = system.doubles[FREE_AT_NS]! + handoffNs();
    }
    demandNs[0] = serviceNs[request]!;
    scheduler.arrive(request, typeOf[request]!, flow);
    scheduler.dispatch();
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
    // The worker may be done meanwhile; unless its notice came before, the dispatcher does not know.
    if (serial[worker] !== start || signalled[worker] === 1) return;
    // The scheduler has been told that it left: what would be sent now would be in vain.
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

  /** Answers when the preemption takes effect: a worker that is still receiving or switching to the request does so to the end. */
  function sendPreemption(worker: number): number {
    signalled[worker] = 1;
    if (workersHaveQueues) return Math.max(now[0]!, stretchFromNs[worker]!);
    occupy(preemptNs);
    return Math.max(system.doubles[FREE_AT_NS]! + signalNs, stretchFromNs[worker]!);
  }

  // What the scheduler answers.

  function start(worker: number, request: number, sliceNs: number): void {
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
    // Once, even when it is preempted before it has run: then it starts as a first time again.
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
    // A request that is done at this very moment completes.
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

  /** When the request on a worker will be done if nobody preempts it. */
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

  /** The worker has no more to do with its request. */
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
  }

  function endSlice(worker: number): void {
    if (workersHaveQueues) {
      const sliceNs = scheduler.sliceExpired(worker);
      if (sliceNs === TAKE_OFF) yieldNow(worker);
      else runOn(worker, sliceNs);
    } else {
      // Until the dispatcher has noticed, it runs on.
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
    if (workersHaveQueues) tellPreemption(worker);
    else {
      if (workersHavePlaces) leave(worker, true);
      notify(worker, PREEMPTED, NOTIFIES_PREEMPTED, doneOn[worker]);
    }
  }

  /** The worker takes its next request from a place of its own. */
  function leave(worker: number, preempted: boolean): void {
    byItself = true;
    scheduler.leaves!(worker, preempted);
    byItself = false;
  }

  function notify(worker: number, message: number, means: number, request: number): void {
    if (noticeNs === 0) post(message, worker, request);
    else if (workersHavePlaces) {
      // The worker may be at its next request: its own event is for that.
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
      act();
      takeMessages();
      return;
    }
    if (worker === way) {
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

  return { start, preempt, drop, stole, completeAt, ...(workersHavePlaces && { dealt }), advance, advanceTo, drain };
}

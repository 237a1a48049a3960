import type { Scheduler } from '../scheduler/scheduler.js';
import { type Slots, type State, StateInteger } from './loop.js';
import { NO_MESSAGE, type SimulatedSystem, SystemDouble, SystemInteger, type SystemState } from './system-state.js';

const { freeAtNs: FREE_AT_NS, servedNs: SERVED_NS, sliceNs: SLICE_NS } = SystemDouble;
const { kind: KIND, own: OWN, inSlice: IN_SLICE, ownReplies: REPLIES } = SystemInteger;
const { waiting: WAITING } = StateInteger;

/** What the dispatcher's own requests need of the loop. */
export interface DispatcherLoop {
  /** Keeps the dispatcher busy. */
  occupy(ns: number): void;
  depart(request: number, worker: number): void;
  releaseSlot(request: number): void;
}

/** A dispatcher that runs requests itself. */
export interface OwnRequests {
  /** Call it when all messages are read. Returns whether the dispatcher is occupied until its next event. */
  begin(): boolean;
  /** The scheduler gives the dispatcher a request. */
  take(request: number): void;
  /** The event has come that `begin` or this function announced. Returns whether there is another one to come. */
  goesOn(): boolean;
}

/**
 * A dispatcher that runs requests itself when it would idle (Concord, SOSP'23, section 3.3). It has one at a time,
 * which it never hands over, because its code is instrumented in another way. It runs it in slices of at most `pollNs`
 * and reads all messages between them. So a message waits for the end of a slice.
 */
export function createOwnRequests(
  { events, now, integers }: State,
  system: SystemState,
  { id, serviceNs, leftNs, startNs, type: typeOf }: Slots,
  scheduler: Scheduler,
  { costs, observer }: SimulatedSystem,
  { occupy, depart, releaseSlot }: DispatcherLoop,
): OwnRequests {
  const { pollNs, ownSwitchNs, workerReceiveNs } = costs;
  const replyNs = costs.workerTransmitNs + costs.dispatcherTransmitNs;
  const dispatcher = system.doneOn.length;
  const { doubles, integers: marks, received } = system;

  function begin(): boolean {
    if (marks[OWN]! < 0 && integers[WAITING] === 0) return false;
    marks[KIND] = NO_MESSAGE;
    // It still hands out requests, and looks for messages once more after that.
    if (doubles[FREE_AT_NS]! > now[0]!) {
      events.add(dispatcher, doubles[FREE_AT_NS]!);
      return true;
    }
    if (marks[OWN]! < 0) scheduler.dispatcherIdles!();
    if (marks[OWN]! < 0) return false;
    beginSlice(marks[OWN]!);
    return true;
  }

  function take(request: number): void {
    integers[WAITING]!--;
    marks[OWN] = request;
  }

  function beginSlice(request: number): void {
    if (leftNs[request] === serviceNs[request]) startNs[request] = now[0]!;
    occupy(ownSwitchNs + (received[request] === 0 ? workerReceiveNs : 0));
    received[request] = 1;
    const runsNs = Math.max(now[0]!, doubles[FREE_AT_NS]!);
    const sliceNs = Math.min(pollNs, leftNs[request]!);
    doubles[SLICE_NS] = sliceNs;
    doubles[SERVED_NS] = doubles[SERVED_NS]! + sliceNs;
    doubles[FREE_AT_NS] = runsNs + sliceNs;
    marks[IN_SLICE] = 1;
    if (observer) observer.starts(dispatcher, id[request]!, typeOf[request]!, runsNs, runsNs);
    events.add(dispatcher, runsNs + sliceNs);
  }

  function goesOn(): boolean {
    if (marks[REPLIES] === 1) reply();
    else if (marks[IN_SLICE] === 1) return endSlice(marks[OWN]!);
    return false;
  }

  function endSlice(request: number): boolean {
    marks[IN_SLICE] = 0;
    leftNs[request] = leftNs[request]! - doubles[SLICE_NS]!;
    const isDone = leftNs[request] === 0;
    if (observer) observer.stops(dispatcher, now[0]!, isDone, now[0]!);
    if (!isDone) return false;
    marks[REPLIES] = 1;
    occupy(replyNs);
    if (replyNs === 0) {
      reply();
      return false;
    }
    events.add(dispatcher, doubles[FREE_AT_NS]!);
    return true;
  }

  function reply(): void {
    const request = marks[OWN]!;
    marks[REPLIES] = 0;
    marks[OWN] = -1;
    depart(request, dispatcher);
    releaseSlot(request);
    scheduler.complete(dispatcher);
    if (integers[WAITING]! > 0) scheduler.dispatch();
  }

  return { begin, take, goesOn };
}

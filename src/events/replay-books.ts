/** Requests that wait or run in a recording: for the report of a replay, and for refusing what no run can do. */

import type { Observer } from '../metrics/observer.js';

/** A request that waits. */
export interface Waiting {
  readonly request: number;
  readonly type: number;
  readonly waitedNs: number;
}

/** Requests that wait or run. */
export interface Books {
  arrive(request: number, type: number, nowNs: number): void;
  start(worker: number, request: number, nowNs: number): void;
  drop(request: number, nowNs: number): void;
  willComplete(request: number): void;
  /** The worker has finished its request or given it up; the scheduler is told later which one that was. */
  leaves(worker: number, preempted: boolean, nowNs: number): void;
  complete(worker: number, nowNs: number): void;
  preempted(worker: number, nowNs: number): void;
  waiting(nowNs: number): readonly Waiting[];
  idle(): number[];
  /** How many requests are there. */
  present(): number;
  has(request: number): boolean;
  /** Does the worker exist, and has it something to end? */
  runs(worker: number): boolean;
}

export function createBooks(workers: number, observer: Observer | undefined): Books {
  const present = new Map<number, { number: number; type: number; arrivedNs: number; running: boolean }>();
  let arrived = 0;
  // The last place is the dispatcher's, for a request that it runs itself.
  const on = new Array<number>(workers + 1).fill(-1);
  const left = Array.from({ length: workers + 1 }, (): number[] => []);
  const stop = (worker: number, completed: boolean, nowNs: number): number => {
    const request = on[worker]!;
    on[worker] = -1;
    if (present.get(request)?.running) observer?.stops(worker, nowNs, completed, nowNs);
    return request;
  };
  /** Returns the request that an event is about: one that the worker has left, or the one that it runs until now. */
  const takeOff = (worker: number, completed: boolean, nowNs: number): number =>
    left[worker]!.shift() ?? stop(worker, completed, nowNs);
  return {
    arrive: (request, type, arrivedNs) => {
      const number = arrived++;
      present.set(request, { number, type, arrivedNs, running: false });
      observer?.arrives(number, type, arrivedNs);
    },
    start: (worker, request, nowNs) => {
      on[worker] = request;
      const known = present.get(request);
      if (!known) return;
      known.running = true;
      observer?.starts(worker, known.number, known.type, nowNs, nowNs);
    },
    drop: (request, nowNs) => {
      const known = present.get(request);
      present.delete(request);
      if (known) observer?.drops(known.number, known.type, nowNs);
    },
    willComplete: (request) => {
      on[0] = request;
    },
    leaves: (worker, preempted, nowNs) => {
      left[worker]!.push(stop(worker, !preempted, nowNs));
    },
    complete: (worker, nowNs) => {
      present.delete(takeOff(worker, true, nowNs));
    },
    preempted: (worker, nowNs) => {
      const known = present.get(takeOff(worker, false, nowNs));
      if (known) known.running = false;
    },
    waiting: (nowNs) =>
      [...present]
        .filter(([, { running }]) => !running)
        .map(([request, { type, arrivedNs }]) => ({ request, type, waitedNs: nowNs - arrivedNs }))
        .sort((a, b) => b.waitedNs - a.waitedNs || a.request - b.request),
    idle: () => on.flatMap((request, worker) => (request < 0 && worker < workers ? [worker] : [])),
    present: () => present.size,
    has: (request) => present.has(request),
    runs: (worker) => worker >= 0 && worker <= workers && (on[worker]! >= 0 || left[worker]!.length > 0),
  };
}

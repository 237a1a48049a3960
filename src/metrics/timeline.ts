import type { Observer } from './observer.js';

/**
 * What happened on a machine in a window of time, as plain data for pictures. Intervals may reach beyond the window;
 * the drawing clips them.
 */
export interface Timeline {
  readonly fromNs: number;
  readonly toNs: number;
  readonly workers: number;
  readonly typeNames: readonly string[];
  readonly runs: readonly TimelineRun[];
  /** Worker time that served nobody. */
  readonly overheads: readonly (Span & { readonly worker: number })[];
  /** When the dispatcher was busy; empty when it costs nothing. */
  readonly dispatcher: readonly Span[];
  /** Requests that wait, by type: how many from each moment on, the first at the start of the window. */
  readonly waiting: readonly { readonly atNs: number; readonly counts: readonly number[] }[];
  readonly drops: readonly { readonly atNs: number; readonly type: number }[];
  readonly steals: readonly {
    readonly atNs: number;
    readonly thief: number;
    readonly victim: number;
    readonly count: number;
  }[];
  /** The reservation in force when the window begins, if any, and those that follow. */
  readonly reservations: readonly TimelineReservation[];
}

export interface Span {
  readonly fromNs: number;
  readonly toNs: number;
}

/** A stretch of a request on a worker. */
export interface TimelineRun extends Span {
  readonly worker: number;
  /** Number of the request in the trace, from 0. */
  readonly request: number;
  readonly type: number;
  /** How many stretches of the request came before. */
  readonly part: number;
  readonly end: 'completed' | 'preempted' | 'runs on';
}

export interface TimelineReservation {
  readonly atNs: number;
  readonly groups: readonly { readonly types: readonly number[]; readonly workers: readonly number[] }[];
}

export interface TimelineWindow {
  readonly fromNs: number;
  readonly toNs: number;
  readonly workers: number;
  readonly typeNames: readonly string[];
}

/** More than a picture can show or a viewer opens; a window with more ends early. */
export const MOST_RUNS = 200_000;

/**
 * Collects a timeline from what an observer is told since time 0. Keeps only what is in the window, and which request
 * is on which worker.
 */
export function collectTimeline({ fromNs, toNs, workers, typeNames }: TimelineWindow) {
  const runs: TimelineRun[] = [];
  const overheads: (Span & { worker: number })[] = [];
  const dispatcher: { fromNs: number; toNs: number }[] = [];
  const drops: { atNs: number; type: number }[] = [];
  const steals: { atNs: number; thief: number; victim: number; count: number }[] = [];
  /** The requests that wait when the window begins, and the changes after. */
  const before = typeNames.map(() => 0);
  const changes: WaitingChange[] = [];
  const on = Array.from({ length: workers + 1 }, () => ({ isBusy: false, request: 0, type: 0, fromNs: 0, part: 0 }));
  /** Stretches so far, of requests that were preempted and are not done. */
  const parts = new Map<number, number>();
  let endNs = toNs;

  const isInside = (span: Span) => span.toNs > fromNs && span.fromNs < endNs && span.toNs > span.fromNs;

  function waits(type: number, by: number, atNs: number): void {
    if (atNs <= fromNs) before[type] = before[type]! + by;
    else if (atNs < endNs) changes.push({ atNs, type, by });
  }

  function addRun(worker: number, toNs: number, end: TimelineRun['end']): void {
    const { request, type, fromNs: beganNs, part } = on[worker]!;
    const run = { worker, request, type, fromNs: beganNs, part, toNs, end };
    if (!isInside(run)) return;
    runs.push(run);
    if (runs.length === MOST_RUNS) endNs = Math.max(fromNs, Math.min(endNs, toNs));
  }

  function addOverhead(worker: number, beganNs: number, toNs: number): void {
    const overhead = { worker, fromNs: beganNs, toNs };
    if (isInside(overhead)) overheads.push(overhead);
  }

  const observer: Observer = {
    arrives(_request, type, atNs) {
      waits(type, 1, atNs);
    },
    starts(worker, request, type, atNs, runsNs) {
      waits(type, -1, atNs);
      addOverhead(worker, atNs, runsNs);
      begin(on[worker]!, request, type, runsNs, parts.get(request) ?? 0);
    },
    stops(worker, atNs, completed, freeNs) {
      const run = on[worker]!;
      run.isBusy = false;
      addRun(worker, atNs, completed ? 'completed' : 'preempted');
      addOverhead(worker, atNs, freeNs);
      if (!completed) {
        parts.set(run.request, run.part + 1);
        waits(run.type, 1, atNs);
      } else if (run.part > 0) parts.delete(run.request);
    },
    drops(_request, type, atNs) {
      waits(type, -1, atNs);
      if (atNs >= fromNs && atNs < endNs) drops.push({ atNs, type });
    },
    steals(thief, victim, count, atNs) {
      if (atNs >= fromNs && atNs < endNs) steals.push({ atNs, thief, victim, count });
    },
    dispatcher(busyFromNs, toNs) {
      const last = dispatcher.at(-1);
      const busy = { fromNs: busyFromNs, toNs };
      if (last?.toNs === busyFromNs) last.toNs = toNs;
      else if (isInside(busy)) dispatcher.push(busy);
    },
  };

  /** The timeline, once all of the window has been told. @param reservations all there were, in the order of time */
  function finish(reservations: readonly TimelineReservation[]): Timeline {
    on.forEach(({ isBusy }, worker) => {
      if (isBusy) addRun(worker, endNs, 'runs on');
    });
    const waiting = waitingSteps(before, changes, fromNs, endNs);
    const collected = { runs, overheads, dispatcher, drops, steals, waiting };
    return layOut({ fromNs, toNs: endNs, workers, typeNames }, collected, reservations);
  }

  return { observer, finish };
}

/**
 * What runs on a worker, or in the last place on the dispatcher: overwritten, because most of it is before the window
 * and never kept.
 */
interface Running {
  isBusy: boolean;
  request: number;
  type: number;
  fromNs: number;
  part: number;
}

function begin(on: Running, request: number, type: number, fromNs: number, part: number): void {
  on.isBusy = true;
  on.request = request;
  on.type = type;
  on.fromNs = fromNs;
  on.part = part;
}

/** Leaves out what is not in the window, and sorts the rest by time. */
function layOut(
  window: TimelineWindow,
  collected: Omit<Timeline, keyof TimelineWindow | 'reservations'>,
  reservations: readonly TimelineReservation[],
): Timeline {
  const { fromNs, toNs } = window;
  const isInside = (span: Span) => span.toNs > fromNs && span.fromNs < toNs && span.toNs > span.fromNs;
  const byTime = <T extends Span>(spans: readonly T[]) => spans.filter(isInside).sort((a, b) => a.fromNs - b.fromNs);
  const inForce = reservations.filter(({ atNs }) => atNs <= fromNs).slice(-1);
  const later = reservations.filter(({ atNs }) => atNs > fromNs && atNs < toNs);
  const { runs, overheads } = collected;
  return {
    ...window,
    ...collected,
    runs: byTime(runs),
    overheads: byTime(overheads),
    reservations: [...inForce, ...later],
  };
}

/** At a time, this many more requests of a type wait. */
interface WaitingChange {
  readonly atNs: number;
  readonly type: number;
  readonly by: number;
}

/** How many requests of each type wait, at the beginning of the window and after each change. */
function waitingSteps(before: readonly number[], changes: readonly WaitingChange[], fromNs: number, endNs: number) {
  const counts = [...before];
  const steps = [{ atNs: fromNs, counts: [...counts] }];
  for (const { atNs, type, by } of changes.toSorted((a, b) => a.atNs - b.atNs)) {
    if (atNs >= endNs) break;
    counts[type] = counts[type]! + by;
    if (steps.at(-1)!.atNs === atNs) steps.pop();
    steps.push({ atNs, counts: [...counts] });
  }
  return steps;
}

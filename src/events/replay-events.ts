import type { Observer } from '../metrics/observer.js';
import type { Policy, Parameters as PolicyParameters } from '../scheduler/policy.js';
import {
  type Reservation,
  type Scheduler,
  type SchedulerSetup,
  TO_COMPLETION,
  type World,
} from '../scheduler/scheduler.js';
import { InputError } from '../units/errors.js';
import type { EventBlock } from './codec.js';
import { EventKind, isAnswer, kindName } from './event.js';
import type { EventFileReader } from './event-file.js';
import { hashReservation } from './tap.js';

/** What has to be known to take the decisions of a run again. */
export interface ReplayOptions {
  readonly policy: Policy;
  readonly parameters: PolicyParameters;
  readonly setup: Pick<SchedulerSetup, 'workers' | 'types' | 'random' | 'trueProfile' | 'handoffNs'>;
  readonly file: Pick<EventFileReader, 'blocks' | 'damage'>;
  /** Told what happened on the recorded machine: the requests by number, in the order of their arrival. */
  readonly observer?: Observer;
  /** Told each reservation, when it was made. */
  readonly onReservation?: (reservation: Reservation, atNs: number) => void;
}

export interface ReplayReport {
  /** Decisions that were taken again exactly as recorded. */
  readonly decisions: number;
  /** Events told to the scheduler. */
  readonly told: number;
  /** Time of the last event replayed, ns. */
  readonly untilNs: number;
  /** The first decision that differs; nothing after it was replayed. */
  readonly difference?: Difference;
  /** The log was full here: this many events are missing, and nothing after them can be replayed. */
  readonly gap?: { readonly atNs: number; readonly lost: number };
  /** The file is damaged or cut off; what came before was replayed. */
  readonly damage?: InputError;
}

/** The first decision that differs, and how things stood. */
export interface Difference {
  readonly atNs: number;
  /** Number of the event in the file, from 0. */
  readonly event: number;
  /** What the scheduler was told last. */
  readonly told: string;
  readonly recorded: string;
  readonly replayed: string;
  /** The requests that wait, oldest first. */
  readonly waiting: readonly { readonly request: number; readonly type: number; readonly waitedNs: number }[];
  readonly idle: readonly number[];
  readonly reservation?: Reservation;
}

/**
 * Tells a fresh scheduler of the same policy what the recorded one was told, and compares every answer. Equal answers throughout prove that the
 * run on the machine (or in the simulator) was decided by this policy and nothing else.
 */
export function replay(options: ReplayOptions): ReplayReport {
  const books = createBooks(options.setup.workers, options.observer);
  const progress = { decisions: 0, told: 0, untilNs: 0 };
  const cursor = createCursor(options);
  try {
    play(options, cursor, books, progress);
    return progress;
  } catch (end) {
    if (end instanceof InputError) return { ...progress, damage: end };
    if (end instanceof Gap) return { ...progress, gap: { atNs: progress.untilNs, lost: end.lost } };
    if (end instanceof Differs) return { ...progress, difference: end.difference };
    throw end;
  }
}

class Gap extends Error {
  constructor(readonly lost: number) {
    super('gap');
  }
}

class Differs extends Error {
  constructor(readonly difference: Difference) {
    super('difference');
  }
}

interface Progress {
  decisions: number;
  told: number;
  untilNs: number;
}

function play(options: ReplayOptions, cursor: Cursor, books: Books, progress: Progress): void {
  const { policy, parameters, setup, observer, onReservation } = options;
  const now = new Float64Array(1);
  const demandNs = new Float64Array(1);
  const completionNs = new Float64Array(1);
  let told = 'being made';

  function differ(recorded: string, replayed: string): never {
    throw new Differs({
      atNs: now[0]!,
      event: cursor.number(),
      told,
      recorded,
      replayed,
      waiting: books.waiting(now[0]!),
      idle: books.idle(),
      ...(scheduler.reservation && { reservation: scheduler.reservation() }),
    });
  }

  /** The scheduler answers: it must be what the recorded one answered next. */
  function answered(kind: EventKind, a: number, b: number, c: number, quantityNs?: number): void {
    const recorded = cursor.next();
    const same =
      recorded &&
      recorded.kind === kind &&
      recorded.a === a &&
      recorded.b === b &&
      recorded.c === c &&
      (quantityNs === undefined || recorded.timeNs === quantityNs);
    if (!same) {
      const answer = recorded && isAnswer(recorded.kind) ? describe(recorded) : 'no further decision';
      differ(answer, describe({ kind, a, b, c, timeNs: quantityNs ?? now[0]! }));
    }
    progress.decisions++;
  }

  const world: World = {
    start: (worker, request, sliceNs) => {
      answered(EventKind.start, worker, request, sliceNs);
      books.start(worker, request, now[0]!);
    },
    preempt: (worker) => answered(EventKind.preempt, worker, 0, 0),
    drop: (request, reason) => {
      answered(EventKind.drop, request, reason, 0);
      books.drop(request, now[0]!);
    },
    stole: (thief, victim, count) => {
      answered(EventKind.stole, thief, victim, count);
      observer?.steals(thief, victim, count, now[0]!);
    },
    reserved: () => {
      const reservation = scheduler.reservation!();
      answered(EventKind.reserved, hashReservation(reservation), 0, 0);
      onReservation?.(reservation, now[0]!);
    },
    completeAt: (request) => {
      answered(EventKind.completeAt, request, 0, 0, completionNs[0]!);
      books.willComplete(request);
    },
  };
  const scheduler: Scheduler = obey('the policy cannot be made', () =>
    policy.create({ ...setup, world, now, demandNs, completionNs }, parameters),
  );
  if (scheduler.reservation) onReservation?.(scheduler.reservation(), 0);

  for (;;) {
    const event = cursor.next();
    if (!event) return;
    if (isAnswer(event.kind)) differ(describe(event), 'no decision');
    told = describe(event);
    const why = cannotBe(event);
    if (why !== undefined) throw options.file.damage(`event ${cursor.number()} (${told}): ${why}`);
    if (event.kind === EventKind.demand) {
      demandNs[0] = event.timeNs;
      continue;
    }
    now[0] = event.timeNs;
    obey(`event ${cursor.number()} (${told}): the policy failed`, () => tell(event));
    progress.told++;
    progress.untilNs = now[0];
  }

  /** Calls the policy, which need not be prepared for a file that holds what no run can do. */
  function obey<T>(where: string, act: () => T): T {
    try {
      return act();
    } catch (error) {
      if (error instanceof Gap || error instanceof Differs || error instanceof InputError) throw error;
      throw options.file.damage(`${where}: ${(error as Error).message}`);
    }
  }

  /** Says why no run can have told this; nothing when one can. */
  function cannotBe({ kind, a, b, timeNs }: LoggedEvent): string | undefined {
    if (kind === EventKind.demand) return policy.clairvoyant ? undefined : 'the policy is not told demands';
    if (timeNs < now[0]!) return `its time is ${now[0]! - timeNs} ns before that of the event before`;
    if (kind === EventKind.dispatch) return undefined;
    if (kind === EventKind.arrive) {
      if (a < 0 || a >= ROWS + 2 * books.present()) return 'there is no such request';
      if (b < 0 || b > setup.types.length) return 'there is no such type';
      return books.has(a) ? 'the request is there already' : undefined;
    }
    if (kind === EventKind.leaves && !scheduler.leaves) return 'the policy has no use for it';
    return books.runs(a) ? undefined : 'the worker runs nothing';
  }

  function tell({ kind, a, b, c }: LoggedEvent): void {
    switch (kind) {
      case EventKind.arrive:
        books.arrive(a, b, now[0]!);
        scheduler.arrive(a, b, c);
        break;
      case EventKind.complete:
        books.complete(a, now[0]!);
        scheduler.complete(a);
        break;
      case EventKind.sliceExpired:
        answered(EventKind.sliceAnswer, scheduler.sliceExpired(a), 0, 0);
        break;
      case EventKind.preempted:
        books.preempted(a, now[0]!);
        scheduler.preempted(a);
        break;
      case EventKind.leaves:
        books.leaves(a);
        scheduler.leaves!(a, b === 1);
        break;
      default:
        scheduler.dispatch();
    }
  }
}

interface LoggedEvent {
  readonly kind: number;
  readonly a: number;
  readonly b: number;
  readonly c: number;
  readonly timeNs: number;
}

/** Worlds number requests from the low end and reuse numbers: these, and more only when there are more requests at once. */
const ROWS = 1 << 18;

interface Cursor {
  /** The next event; undefined at the end of the file. @throws Gap, InputError */
  next(): LoggedEvent | undefined;
  /** Number of the event that `next` gave last. */
  number(): number;
}

function createCursor({ file }: ReplayOptions): Cursor {
  const blocks = file.blocks();
  let block: EventBlock | undefined;
  let at = 0;
  let before = 0;
  return {
    next: () => {
      if (!block || at === block.count) {
        before += block?.count ?? 0;
        const next = blocks.next();
        if (next.done) {
          // Events lost at the very end leave no gap behind them.
          if (next.value.lost > 0) throw new Gap(next.value.lost);
          return undefined;
        }
        block = next.value;
        at = 0;
      }
      const i = at++;
      const kind = block.kind[i]!;
      if (kind === EventKind.gap) throw new Gap(block.a[i]!);
      return { kind, a: block.a[i]!, b: block.b[i]!, c: block.c[i]!, timeNs: block.timeNs[i]! };
    },
    number: () => before + at - 1,
  };
}

/** Who waits and who runs, kept for the report alone. */
interface Books {
  arrive(request: number, type: number, nowNs: number): void;
  start(worker: number, request: number, nowNs: number): void;
  drop(request: number, nowNs: number): void;
  willComplete(request: number): void;
  /** The worker goes on with another; what became of this one is told later. */
  leaves(worker: number): void;
  complete(worker: number, nowNs: number): void;
  preempted(worker: number, nowNs: number): void;
  waiting(nowNs: number): Difference['waiting'];
  idle(): number[];
  /** How many requests are there. */
  present(): number;
  has(request: number): boolean;
  /** Does the worker exist, and has it something to end? */
  runs(worker: number): boolean;
}

function createBooks(workers: number, observer: Observer | undefined): Books {
  const present = new Map<number, { number: number; type: number; arrivedNs: number; running: boolean }>();
  let arrived = 0;
  const on = new Array<number>(workers).fill(-1);
  const left = Array.from({ length: workers }, (): number[] => []);
  /** The request that is told of, which is no longer on its worker. */
  const takeOff = (worker: number): number => {
    const before = left[worker]!.shift();
    if (before !== undefined) return before;
    const request = on[worker]!;
    on[worker] = -1;
    return request;
  };
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
    leaves: (worker) => {
      left[worker]!.push(on[worker]!);
      on[worker] = -1;
    },
    complete: (worker, nowNs) => {
      const request = takeOff(worker);
      if (present.get(request)?.running) observer?.stops(worker, nowNs, true, nowNs);
      present.delete(request);
    },
    preempted: (worker, nowNs) => {
      const known = present.get(takeOff(worker));
      if (known) known.running = false;
      observer?.stops(worker, nowNs, false, nowNs);
    },
    waiting: (nowNs) =>
      [...present]
        .filter(([, { running }]) => !running)
        .map(([request, { type, arrivedNs }]) => ({ request, type, waitedNs: nowNs - arrivedNs }))
        .sort((a, b) => b.waitedNs - a.waitedNs || a.request - b.request),
    idle: () => on.flatMap((request, worker) => (request < 0 ? [worker] : [])),
    present: () => present.size,
    has: (request) => present.has(request),
    runs: (worker) => worker >= 0 && worker < workers && (on[worker]! >= 0 || left[worker]!.length > 0),
  };
}

/** An event in words: `start request 17 on worker 3, slice 5000 ns`. */
function describe({ kind, a, b, c, timeNs }: LoggedEvent): string {
  switch (kind) {
    case EventKind.arrive:
      return `arrive: request ${a} of type ${b}${c === 0 ? '' : `, flow ${c}`}`;
    case EventKind.start:
      return `start request ${b} on worker ${a}${c === TO_COMPLETION ? '' : ` for ${c} ns`}`;
    case EventKind.preempt:
      return `preempt worker ${a}`;
    case EventKind.drop:
      return `drop request ${a}`;
    case EventKind.stole:
      return `worker ${a} steals ${c} from worker ${b}`;
    case EventKind.reserved:
      return `a reservation (hash ${(a >>> 0).toString(16)})`;
    case EventKind.completeAt:
      return `complete request ${a} at ${timeNs} ns`;
    case EventKind.sliceAnswer:
      return a < 0 ? 'preempt it' : a === TO_COMPLETION ? 'let it run on' : `let it run for ${a} ns more`;
    case EventKind.dispatch:
      return 'dispatch';
    case EventKind.demand:
      return `a demand of ${timeNs} ns`;
    default:
      return `${kindName(kind)}: worker ${a}`;
  }
}

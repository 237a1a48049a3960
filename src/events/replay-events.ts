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
import { type Books, createBooks, type Waiting } from './replay-books.js';
import { hashReservation } from './tap.js';

/** What a replay needs to know of a run. */
export interface ReplayOptions {
  readonly policy: Policy;
  readonly parameters: PolicyParameters;
  readonly setup: Pick<SchedulerSetup, 'workers' | 'types' | 'random' | 'trueProfile' | 'handoffNs'>;
  readonly file: Pick<EventFileReader, 'blocks' | 'damage'>;
  /** Told what happened on the recorded machine. Requests have numbers in the order of their arrival. */
  readonly observer?: Observer;
  /** Told each reservation, when it was made. */
  readonly onReservation?: (reservation: Reservation, atNs: number) => void;
}

export interface ReplayReport {
  /** Decisions that the replay took exactly as recorded. */
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

/** The first decision that differs, and the state at that moment. */
export interface Difference {
  readonly atNs: number;
  /** Number of the event in the file, from 0. */
  readonly event: number;
  /** What the scheduler was told last. */
  readonly told: string;
  readonly recorded: string;
  readonly replayed: string;
  /** The requests that wait, oldest first. */
  readonly waiting: readonly Waiting[];
  readonly idle: readonly number[];
  readonly reservation?: Reservation;
}

/**
 * Tells a fresh scheduler of the same policy what the recorded one was told, and compares every answer. If all are
 * equal, this policy and nothing else decided the recorded run.
 */
export function replay(options: ReplayOptions): ReplayReport {
  const progress = { decisions: 0, told: 0, untilNs: 0 };
  const cell = (): Float64Array => new Float64Array(1);
  try {
    play({
      options,
      cursor: createCursor(options),
      books: createBooks(options.setup.workers, options.observer),
      progress,
      now: cell(),
      demandNs: cell(),
      completionNs: cell(),
    });
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

/** A replay under way. */
interface Replaying {
  readonly options: ReplayOptions;
  readonly cursor: Cursor;
  readonly books: Books;
  readonly progress: Progress;
  /** The cells that the scheduler reads and writes. */
  readonly now: Float64Array;
  readonly demandNs: Float64Array;
  readonly completionNs: Float64Array;
  scheduler?: Scheduler;
  /** What the scheduler was told last. */
  told?: LoggedEvent;
}

function play(replaying: Replaying): void {
  const { options, cursor, progress, now, demandNs, completionNs } = replaying;
  const { policy, parameters, setup, file, onReservation } = options;
  let where = 'the policy cannot be made';
  try {
    const world = comparingWorld(replaying);
    const scheduler = policy.create({ ...setup, world, now, demandNs, completionNs }, parameters);
    replaying.scheduler = scheduler;
    if (scheduler.reservation) onReservation?.(scheduler.reservation(), 0);
    where = 'the policy failed';
    for (;;) {
      const event = cursor.next();
      if (!event) return;
      if (isAnswer(event.kind)) differ(replaying, describe(event), 'no decision');
      replaying.told = event;
      const why = cannotBe(replaying, event);
      if (why !== undefined) throw file.damage(`${placeOf(replaying)}${why}`);
      if (event.kind === EventKind.demand) {
        demandNs[0] = event.timeNs;
        continue;
      }
      now[0] = event.timeNs;
      tell(replaying, scheduler, event);
      progress.told++;
      progress.untilNs = now[0];
    }
  } catch (error) {
    if (error instanceof Gap || error instanceof Differs || error instanceof InputError) throw error;
    // A file can hold what no run can do. Policies need not be prepared for that.
    throw file.damage(`${placeOf(replaying)}${where}: ${(error as Error).message}`);
  }
}

/** The world of the replaying scheduler: compares each answer with the recorded one. */
function comparingWorld(replaying: Replaying): World {
  const { books, now, completionNs, options } = replaying;
  return {
    start: (worker, request, sliceNs) => {
      answered(replaying, EventKind.start, worker, request, sliceNs);
      books.start(worker, request, now[0]!);
    },
    preempt: (worker) => answered(replaying, EventKind.preempt, worker, 0, 0),
    drop: (request, reason) => {
      answered(replaying, EventKind.drop, request, reason, 0);
      books.drop(request, now[0]!);
    },
    stole: (thief, victim, count) => {
      answered(replaying, EventKind.stole, thief, victim, count);
      options.observer?.steals(thief, victim, count, now[0]!);
    },
    reserved: () => {
      const reservation = replaying.scheduler!.reservation!();
      answered(replaying, EventKind.reserved, hashReservation(reservation), 0, 0);
      options.onReservation?.(reservation, now[0]!);
    },
    completeAt: (request) => {
      answered(replaying, EventKind.completeAt, request, 0, 0, completionNs[0]!);
      books.willComplete(request);
    },
  };
}

/** The scheduler decides: the next event of the recording must be the same decision. */
function answered(replaying: Replaying, kind: EventKind, a: number, b: number, c: number, quantityNs?: number): void {
  const recorded = replaying.cursor.next();
  const same =
    recorded &&
    recorded.kind === kind &&
    recorded.a === a &&
    recorded.b === b &&
    recorded.c === c &&
    (quantityNs === undefined || recorded.timeNs === quantityNs);
  if (!same) {
    const answer = recorded && isAnswer(recorded.kind) ? describe(recorded) : 'no further decision';
    differ(replaying, answer, describe({ kind, a, b, c, timeNs: quantityNs ?? replaying.now[0]! }));
  }
  replaying.progress.decisions++;
}

function differ({ now, cursor, books, told, scheduler }: Replaying, recorded: string, replayed: string): never {
  throw new Differs({
    atNs: now[0]!,
    event: cursor.number(),
    told: told ? describe(told) : 'being made',
    recorded,
    replayed,
    waiting: books.waiting(now[0]!),
    idle: books.idle(),
    ...(scheduler?.reservation && { reservation: scheduler.reservation() }),
  });
}

function placeOf({ told, cursor }: Replaying): string {
  return told ? `event ${cursor.number()} (${describe(told)}): ` : '';
}

const NO_USE = 'the policy has no use for it';

/** Says why no run can have this event; nothing when one can. */
function cannotBe(
  { options: { policy, setup }, books, now, scheduler }: Replaying,
  { kind, a, b, timeNs }: LoggedEvent,
): string | undefined {
  if (kind === EventKind.demand) return policy.clairvoyant ? undefined : 'the policy is not told demands';
  if (timeNs < now[0]!) return `its time is ${now[0]! - timeNs} ns before that of the event before`;
  if (kind === EventKind.dispatch) return undefined;
  if (kind === EventKind.arrive) {
    if (a < 0 || a >= ROWS + 2 * books.present()) return 'there is no such request';
    if (b < 0 || b > setup.types.length) return 'there is no such type';
    return books.has(a) ? 'the request is there already' : undefined;
  }
  if (kind === EventKind.leaves && !scheduler?.leaves) return NO_USE;
  if (kind === EventKind.dispatcherIdles) return scheduler?.dispatcherIdles ? undefined : NO_USE;
  if (kind === EventKind.parks) {
    if (!scheduler?.parks) return NO_USE;
    return books.idle().includes(a) ? undefined : 'the worker does not idle';
  }
  return books.runs(a) ? undefined : 'the worker runs nothing';
}

function tell(replaying: Replaying, scheduler: Scheduler, { kind, a, b, c }: LoggedEvent): void {
  const { books, now } = replaying;
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
      answered(replaying, EventKind.sliceAnswer, scheduler.sliceExpired(a), 0, 0);
      break;
    case EventKind.preempted:
      books.preempted(a, now[0]!);
      scheduler.preempted(a);
      break;
    case EventKind.leaves:
      books.leaves(a, b === 1, now[0]!);
      scheduler.leaves!(a, b === 1);
      break;
    case EventKind.dispatcherIdles:
      scheduler.dispatcherIdles!();
      break;
    case EventKind.parks:
      scheduler.parks!(a, b === 1);
      break;
    default:
      scheduler.dispatch();
  }
}

interface LoggedEvent {
  readonly kind: number;
  readonly a: number;
  readonly b: number;
  readonly c: number;
  readonly timeNs: number;
}

/**
 * Worlds give requests low numbers and reuse them. Higher numbers than this exist only when that many requests are
 * present.
 */
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
          // Events that were lost at the end have no gap after them.
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
    case EventKind.dispatcherIdles:
      return 'the dispatcher idles';
    case EventKind.demand:
      return `a demand of ${timeNs} ns`;
    default:
      return `${kindName(kind)}: worker ${a}`;
  }
}

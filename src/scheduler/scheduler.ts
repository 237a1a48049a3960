/**
 * The interface between a policy and the two worlds that can run it.
 *
 * A world (the simulator of src/sim, the dispatcher loop of src/hw) owns time, requests and workers. It writes the time
 * of an event into {@link SchedulerSetup.now}, *tells* the scheduler what happened, and then asks it to
 * {@link Scheduler.dispatch}. The scheduler acts by calling {@link World}: start this request on that worker, preempt
 * that one. Only small integers are passed:
 *
 * - a `request` is a handle: an index the world reuses after the request has ended (an mbuf slot, a row of a table);
 * - a `worker` is 0 … workers-1;
 * - a `type` is an index into `setup.types`; `setup.types.length` itself means UNKNOWN (the classifier recognised
 *   nothing);
 * - a `flow` is a 32-bit label of the connection a request came on (what a NIC would hash), any int32.
 *
 * Time is passed in a shared cell, not as an argument: V8 puts a double on the heap when it is passed to a function
 * that is not inlined, and a dispatcher that allocates 16 bytes per request stops for the garbage collector.
 *
 * After construction, a scheduler allocates nothing per request, reads no clock, has no random numbers of its own and
 * throws nothing. It knows only what {@link SchedulerSetup} gave it. Therefore one source file runs in both worlds, and
 * a recorded run can be replayed decision by decision.
 */
export interface Scheduler {
  /** A request entered. It is queued, or dropped through {@link World.drop}; nothing starts before {@link dispatch}. */
  arrive(request: number, type: number, flow: number): void;

  /** The request that ran on `worker` is done; the worker is free. The handle may be reused from now on. */
  complete(worker: number): void;

  /**
   * The request on `worker` has used up its slice and still runs. Return {@link PREEMPT} to take it off: the world then
   * calls {@link preempted}, or {@link complete} if the request was quicker. Return a number of ns (int32) to give it
   * another slice at no cost. Return {@link TO_COMPLETION} to let it run until it completes or the scheduler calls
   * {@link World.preempt}. A world does not call this for a request that it was asked to preempt.
   */
  sliceExpired(worker: number): number;

  /**
   * The request on `worker` was taken off it, unfinished: the worker is free and the request is the scheduler's again.
   */
  preempted(worker: number): void;

  /**
   * Only for policies with `queues: 'dealt'`, in a world whose dispatcher hears of events late. The worker has finished
   * its request, or given it up, and takes its next one without the dispatcher. Start that request here, if there is
   * one. `complete` or `preempted` follows when the dispatcher hears of it, in the same order for each worker. A world
   * without that delay does not call this.
   */
  leaves?(worker: number, preempted: boolean): void;

  /**
   * Only in simulated systems whose dispatcher runs requests itself when it would idle (Concord); on a machine it never
   * does. The dispatcher has nothing to do, and requests wait. It counts as one more worker, whose number is
   * {@link SchedulerSetup.workers}: start a request on it that has never run, to completion, or nothing. `complete`
   * with that number follows.
   */
  dispatcherIdles?(): void;

  /**
   * Only in simulated systems whose idle workers park (Caladan); on a machine they never do. The idle `worker` has
   * parked, and starts nothing until a second call with false says that it has been woken.
   */
  parks?(worker: number, parked: boolean): void;

  /**
   * Assign what can be assigned now. A world calls this after one event or a batch of events, and may skip the call
   * while no request waits.
   */
  dispatch(): void;

  /** Returns the number of requests in queues, without those on workers. */
  queued(): number;

  /** The current allocation of workers, for policies that reserve them; see {@link World.reserved}. */
  reservation?(): Reservation;
}

/**
 * What a scheduler can make a world do. Each world implements it, and only the methods of {@link Scheduler} call it.
 */
export interface World {
  /**
   * Run `request` on the free `worker` for at most `sliceNs` (int32), then call {@link Scheduler.sliceExpired}.
   * {@link TO_COMPLETION} sets no limit.
   */
  start(worker: number, request: number, sliceNs: number): void;

  /**
   * Ask `worker` to give up its request. The world later calls `preempted`, or `complete` if the request was quicker.
   */
  preempt(worker: number): void;

  /**
   * `request` has been put into a place of `worker`, which runs another one. This costs as much as a start; the start
   * from that place then costs nothing.
   */
  dealt?(worker: number, request: number): void;

  /** Refuse the request: its handle belongs to the world again. Every drop is counted, by type and reason. */
  drop(request: number, reason: DropReason): void;

  /**
   * `thief` has taken `count` requests from the queue of `victim`. The simulator charges the cost of a steal to the
   * thief's next start.
   */
  stole(thief: number, victim: number, count: number): void;

  /** The reservation has changed: read it from {@link Scheduler.reservation} before the next call. */
  reserved(): void;

  /**
   * Only for policies with `sharing`, which start nothing: all requests present run at once, each at a fraction of a
   * worker's speed. `request` is the next to complete, at the time in {@link SchedulerSetup.completionNs}. The world
   * reports it as a completion on worker 0. Each call replaces the plan of the last. Under such a policy a request
   * counts as queued until it completes.
   */
  completeAt?(request: number): void;
}

/** The slice of a request that runs to completion. */
export const TO_COMPLETION = 0;

/** What {@link Scheduler.sliceExpired} returns to take the request off its worker. */
export const PREEMPT = -1;

/** Why a request was dropped. */
export const DropReason = {
  /** Its queue was full. */
  queueFull: 0,
} as const;
export type DropReason = (typeof DropReason)[keyof typeof DropReason];
export const DROP_REASONS = Object.keys(DropReason) as readonly (keyof typeof DropReason)[];

/** Which workers each group of request types owns. Plain data, made when a world asks for it. */
export interface Reservation {
  readonly groups: readonly ReservedGroup[];
}

export interface ReservedGroup {
  /** Indices of the types in the group, by ascending mean service time. */
  readonly types: readonly number[];
  /** The workers reserved for the group. */
  readonly workers: readonly number[];
  /** The workers of longer groups, which this one may use when they are free. */
  readonly stealable: readonly number[];
}

/** What is known of a request type before the first request of it has been seen. */
export interface TypeInfo {
  readonly name: string;
  /** Deadline relative to arrival, ns, when the workload states one (EDF). */
  readonly deadlineNs?: number;
  /** Target sojourn, ns, when the workload states one (multi-queue time sharing). */
  readonly sloNs?: number;
}

/**
 * The profile that a workload states, given only to policies that ask for it. It is true in the simulator. A real
 * machine gives it to policies whose parameter `declared` is set, and it may be wrong there.
 */
export interface TrueProfile {
  /** Mean service demand of each type, ns. */
  readonly meanNs: readonly number[];
  /** Share of each type among all requests, 0 … 1. */
  readonly ratio: readonly number[];
}

/** Everything a scheduler is given when it is made. */
export interface SchedulerSetup {
  /** Number of workers, at least 1. */
  readonly workers: number;
  /** The request types; the index one past the last is UNKNOWN. */
  readonly types: readonly TypeInfo[];
  /** What the scheduler calls to act. */
  readonly world: World;
  /** One cell: the time of the current event, integer ns, never decreasing. Only the world writes it. */
  readonly now: Float64Array;
  /** Uniform on [0, 1), from the world's `stealing` substream: the same seed gives the same decisions. */
  readonly random: () => number;
  /** What the workload states of itself. Read only by policies with a parameter `oracle` or `declared`. */
  readonly trueProfile?: TrueProfile;
  /**
   * Time between a `start` and its `complete` that is not service (the way to the worker, the reply, the way back), ns,
   * where a world knows it. Estimates of a type's work subtract it.
   */
  readonly handoffNs?: number;
  /**
   * One cell: the service demand, ns, of the request that arrives. Only for policies with `clairvoyant`; no real
   * machine has it.
   */
  readonly demandNs?: Float64Array;
  /** One cell, written by the scheduler: the time for {@link World.completeAt}, whole ns, not in the past. */
  readonly completionNs?: Float64Array;
}

/**
 * The base of all policies that never preempt. They start requests with {@link TO_COMPLETION}, so a world never calls
 * `sliceExpired`.
 */
export abstract class NonPreemptiveScheduler implements Scheduler {
  abstract arrive(request: number, type: number, flow: number): void;
  abstract complete(worker: number): void;
  abstract dispatch(): void;
  abstract queued(): number;

  sliceExpired(_worker: number): number {
    return TO_COMPLETION;
  }

  preempted(worker: number): void {
    throw new Error(`worker ${worker} was preempted under a policy that never preempts`);
  }
}

/**
 * The shared scheduler interface: the one seam between a policy and the two worlds that can host it.
 *
 * A world (the simulator of src/sim, the dispatcher loop of src/hw) owns time, requests and workers. It writes the time of an event into
 * {@link SchedulerSetup.now}, *tells* the scheduler what happened, and then asks it to {@link Scheduler.dispatch}. The scheduler *answers* by
 * calling the world's {@link World} (start this request on that worker, preempt that one). What crosses the seam is small integers:
 *
 * - a `request` is a handle: an index the world reuses after the request has ended (an mbuf slot, a row of a table);
 * - a `worker` is 0 … workers-1;
 * - a `type` is an index into `setup.types`; `setup.types.length` itself means UNKNOWN (the classifier recognised nothing);
 * - a `flow` is a 32-bit label of the connection a request came on (what a NIC would hash), any int32.
 *
 * Time does not cross as an argument but through a shared cell, because a double handed to a function that V8 does not inline is boxed on
 * the heap, and a dispatcher that allocates 16 bytes per request is a dispatcher that stops for the garbage collector.
 *
 * After construction a scheduler allocates nothing per request, reads no clock, draws no random numbers of its own and throws nothing: what it was
 * given in {@link SchedulerSetup} is all it knows. That is what lets one source file run in both worlds, and lets a recorded run
 * be replayed decision by decision.
 */
export interface Scheduler {
  /** A request entered. It is queued, or dropped through {@link World.drop}; nothing starts before {@link dispatch}. */
  arrive(request: number, type: number, flow: number): void;

  /** The request that ran on `worker` is done; the worker is free. The handle may be reused from now on. */
  complete(worker: number): void;

  /**
   * The request on `worker` has used up its slice and still runs. Answer {@link PREEMPT} to take it off (the world then reports
   * {@link preempted}, or {@link complete} if the request was quicker); a number of ns (int32) gives it another slice at no cost;
   * {@link TO_COMPLETION} lets it run on until it completes or the scheduler calls {@link World.preempt}.
   */
  sliceExpired(worker: number): number;

  /** The request on `worker` was taken off it, unfinished: the worker is free and the request is the scheduler's again. */
  preempted(worker: number): void;

  /**
   * Only for policies whose metadata say `queues: 'dealt'`, in a world whose dispatcher hears of things late: the worker is done with its request, or has given
   * it up, and takes the next it has been dealt by itself. Answer by starting that, if there is one. `complete` or `preempted` follows when the dispatcher hears of
   * it, in the same order for each worker. A world in which that takes no time calls only those.
   */
  leaves?(worker: number, preempted: boolean): void;

  /**
   * Assign what can be assigned now. A world calls it after it has told one event or a batch of them; it may leave the call
   * out while no request waits.
   */
  dispatch(): void;

  /** Requests held in queues at this moment, those on workers not counted. */
  queued(): number;

  /** The current allocation of workers, for policies that reserve them; see {@link World.reserved}. */
  reservation?(): Reservation;
}

/** What a scheduler can make a world do. Implemented once by each world; called only from inside the methods of {@link Scheduler}. */
export interface World {
  /**
   * Run `request` on the free `worker` for at most `sliceNs` (int32) before {@link Scheduler.sliceExpired} is asked;
   * {@link TO_COMPLETION} sets no limit.
   */
  start(worker: number, request: number, sliceNs: number): void;

  /** Ask `worker` to give up its request. The world answers later with `preempted`, or with `complete` if the request was quicker. */
  preempt(worker: number): void;

  /** `request` has been put into a place of `worker`, which runs another one: costs what a start costs, but nothing more when it starts from there. */
  dealt?(worker: number, request: number): void;

  /** The request is refused and its handle is the world's again. Every drop is counted, by type and reason. */
  drop(request: number, reason: DropReason): void;

  /** `thief` has taken `count` requests from the queue of `victim`. The simulator charges the cost of a steal to the thief's next start. */
  stole(thief: number, victim: number, count: number): void;

  /** The reservation has changed: read it from {@link Scheduler.reservation} before the next call. */
  reserved(): void;

  /**
   * Only for policies whose metadata say `sharing`, which start nothing: all requests present run at once, each at a fraction of a worker's
   * speed. `request` is the next to complete, at the time in {@link SchedulerSetup.completionNs}; the world tells it as a completion on worker 0.
   * Replaces the plan made before. Under such a policy a request counts as queued until it completes.
   */
  completeAt?(request: number): void;
}

/** The slice of a request that runs to completion. */
export const TO_COMPLETION = 0;

/** The answer to {@link Scheduler.sliceExpired} that takes the request off its worker. */
export const PREEMPT = -1;

/** Why a request was dropped. */
export const DropReason = {
  /** The bounded queue it belonged into was full. */
  queueFull: 0,
} as const;
export type DropReason = (typeof DropReason)[keyof typeof DropReason];
export const DROP_REASONS = Object.keys(DropReason) as readonly (keyof typeof DropReason)[];

/** Which workers each group of request types owns. Plain data, made only when a world asks for it. */
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

/** The true profile of a workload. Given only to policies that ask for an oracle, and never on a real machine. */
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
  /** Where answers go. */
  readonly world: World;
  /** One cell: the time of the event being told, integer ns, never decreasing. Written by the world only. */
  readonly now: Float64Array;
  /** Uniform on [0, 1), from the world's `stealing` substream: the same seed gives the same decisions. */
  readonly random: () => number;
  /** The truth about the workload, where a world knows it. Read only by policies whose parameters ask for an oracle. */
  readonly trueProfile?: TrueProfile;
  /**
   * What lies between a `start` and its `complete` beside the service (the way to the worker, the reply, the way back), ns, where a world knows it. Estimates of how
   * much work a type brings take it off.
   */
  readonly handoffNs?: number;
  /**
   * One cell: the service demand, ns, of the request being told to {@link Scheduler.arrive}. For policies whose metadata say `clairvoyant`; no real
   * machine has it.
   */
  readonly demandNs?: Float64Array;
  /** One cell, written by the scheduler: the time {@link World.completeAt} speaks of, whole ns, not in the past. */
  readonly completionNs?: Float64Array;
}

/**
 * A run-to-completion scheduler: the base of every policy that never preempts. It starts requests with {@link TO_COMPLETION}, so a
 * world never asks it about a slice.
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

import { float64s, int32s } from '../../units/arrays.js';
import { definePolicy, queueLimit } from '../policy.js';
import { FIRST_HANDLES, grown, Queues } from '../queues.js';
import { DropReason, NonPreemptiveScheduler, type SchedulerSetup, TO_COMPLETION } from '../scheduler.js';
import { ServiceProfile } from '../service-profile.js';
import { WorkerSet } from '../worker-set.js';

/**
 * First come, first served, except that a short request passes the long one right before it.
 *
 * A request of a short type that finds one of a long type at the tail of the queue changes places with it, unless that
 * one was passed before. A type is short if its mean is below that of all requests, and long if not. So a request is
 * passed by at most one other, and passes at most one.
 *
 * Source: I. Grosof, K. Yang, Z. Scully, M. Harchol-Balter: Nudge: Stochastically Improving upon FCFS (SIGMETRICS
 * 2021), section 1.2, where sizes are known; here the type tells them, and its mean is learned.
 */
class Nudge extends NonPreemptiveScheduler {
  private readonly queue = new Queues(1);
  /** The request at the tail, behind all of `queue`, which may still be passed; -1 when there is none. */
  private tail = -1;
  private typeOf = new Uint16Array(FIRST_HANDLES);
  private readonly idle: WorkerSet;
  private readonly requestOn: Int32Array;
  private readonly startedNs: Float64Array;
  /** By type, and at the end that of all requests. */
  private readonly profile: ServiceProfile;
  private readonly all: number;

  constructor(
    private readonly setup: SchedulerSetup,
    private readonly limit: number,
  ) {
    super();
    // UNKNOWN is one more type.
    this.all = setup.types.length + 1;
    this.profile = new ServiceProfile(this.all + 1);
    this.requestOn = int32s(setup.workers);
    this.startedNs = float64s(setup.workers);
    this.idle = new WorkerSet(setup.workers);
    this.idle.addRange(0, setup.workers);
  }

  arrive(request: number, type: number, _flow: number): void {
    if (this.queued() >= this.limit) {
      this.setup.world.drop(request, DropReason.queueFull);
      return;
    }
    if (request >= this.typeOf.length) this.typeOf = grown(this.typeOf, request);
    this.typeOf[request] = type;
    const passed = this.tail;
    if (passed >= 0 && this.passes(type, this.typeOf[passed]!)) {
      this.queue.push(0, request);
      this.queue.push(0, passed);
      this.tail = -1;
      return;
    }
    if (passed >= 0) this.queue.push(0, passed);
    this.tail = request;
  }

  complete(worker: number): void {
    const serviceNs = this.setup.now[0]! - this.startedNs[worker]!;
    this.profile.observe(this.typeOf[this.requestOn[worker]!]!, serviceNs);
    this.profile.observe(this.all, serviceNs);
    this.idle.add(worker);
  }

  dispatch(): void {
    while (this.queued() > 0) {
      const worker = this.idle.lowest();
      if (worker < 0) return;
      this.idle.delete(worker);
      const request = this.next();
      this.requestOn[worker] = request;
      this.startedNs[worker] = this.setup.now[0]!;
      this.setup.world.start(worker, request, TO_COMPLETION);
    }
  }

  queued(): number {
    return this.queue.length[0]! + (this.tail >= 0 ? 1 : 0);
  }

  /** A type without a completion is neither short nor long. */
  private passes(type: number, other: number): boolean {
    const { meanNs } = this.profile;
    const allNs = meanNs[this.all]!;
    return meanNs[type]! > 0 && meanNs[type]! < allNs && meanNs[other]! >= allNs;
  }

  private next(): number {
    if (this.queue.length[0]! > 0) return this.queue.shift(0);
    const request = this.tail;
    this.tail = -1;
    return request;
  }
}

export const nudge = definePolicy<{ queue: number }>({
  name: 'nudge',
  title: 'Nudge',
  summary:
    'one queue, first come first served, but a request of a short type passes one of a long type right before it, ' +
    'once; run to completion',
  reference:
    'I. Grosof, K. Yang, Z. Scully, M. Harchol-Balter: Nudge: Stochastically Improving upon FCFS (SIGMETRICS 2021), ' +
    'with types for sizes',
  needsTypes: true,
  needsFlows: false,
  preemptive: false,
  workConserving: true,
  clairvoyant: false,
  fifoWithinType: true,
  queues: 'central',
  parameters: [queueLimit(Number.POSITIVE_INFINITY)],
  create: (setup, { queue }) => new Nudge(setup, queue),
});

import { float64s, int32s } from '../units/arrays.js';
import { TimedQueues } from './queues.js';
import { DropReason, NonPreemptiveScheduler, type SchedulerSetup, TO_COMPLETION } from './scheduler.js';
import { ServiceProfile } from './service-profile.js';
import { WorkerSet } from './worker-set.js';

/** Capacity of a typed queue in Perséphone (src/c++, `RTE ring` of 4096). */
export const TYPED_QUEUE_LIMIT = 4096;

/**
 * The base of non-preemptive policies with a queue per type (UNKNOWN is one more type), whose free workers take the
 * oldest request of the type that {@link nextType} returns. It measures each type's service time as a dispatcher can,
 * from dispatch to completion.
 */
export abstract class TypedScheduler extends NonPreemptiveScheduler {
  protected readonly queues: TimedQueues;
  protected readonly profile: ServiceProfile;
  private readonly idle: WorkerSet;
  /** Per worker: the type of its request, and when that started, ns. */
  protected readonly typeOn: Int32Array;
  protected readonly startedNs: Float64Array;
  private waiting = 0;

  constructor(
    protected readonly setup: SchedulerSetup,
    private readonly limit: number,
  ) {
    super();
    const types = setup.types.length + 1;
    this.queues = new TimedQueues(types, setup.now);
    this.profile = new ServiceProfile(types);
    this.idle = new WorkerSet(setup.workers);
    this.idle.addRange(0, setup.workers);
    this.typeOn = int32s(setup.workers);
    this.startedNs = float64s(setup.workers);
  }

  /**
   * Returns the type whose oldest request goes next; its queue must not be empty. Called only while some queue is not
   * empty.
   */
  protected abstract nextType(): number;

  arrive(request: number, type: number, _flow: number): void {
    if (this.queues.length[type]! < this.limit) {
      this.queues.arrive(type, request);
      this.waiting++;
    } else this.setup.world.drop(request, DropReason.queueFull);
  }

  complete(worker: number): void {
    this.idle.add(worker);
    this.profile.observe(this.typeOn[worker]!, this.setup.now[0]! - this.startedNs[worker]!);
  }

  dispatch(): void {
    const { idle, queues } = this;
    while (this.waiting > 0) {
      const worker = idle.lowest();
      if (worker < 0) return;
      const type = this.nextType();
      idle.delete(worker);
      this.waiting--;
      this.typeOn[worker] = type;
      this.startedNs[worker] = this.setup.now[0]!;
      this.setup.world.start(worker, queues.shift(type), TO_COMPLETION);
    }
  }

  queued(): number {
    return this.waiting;
  }
}

/** The first type in `order` whose queue is not empty. */
export function firstWaiting(queues: TimedQueues, order: Int32Array): number {
  let i = 0;
  while (queues.length[order[i]!] === 0) i++;
  return order[i]!;
}

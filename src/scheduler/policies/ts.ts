import { float64s, int32s } from '../../units/arrays.js';
import { definePolicy, type ParameterSpec, PREEMPTION_COST, quantum, queueLimit } from '../policy.js';
import { FIRST_HANDLES, grown, TimedQueues } from '../queues.js';
import { DropReason, PREEMPT, type Scheduler, type SchedulerSetup, TO_COMPLETION } from '../scheduler.js';
import { ServiceProfile } from '../service-profile.js';
import { WorkerSet } from '../worker-set.js';
import { YieldingWorkers } from '../yielding-workers.js';

type TimeSharingParameters = {
  quantumNs: number;
  costNs: number;
  preempt: string;
  requeue: string;
  slo: number;
  queue: number;
};

/**
 * Preemptive time sharing (Shinjuku, NSDI'19, section 3.3). A request runs for at most a quantum, then goes back to the
 * tail (or head) of its queue with its original arrival time. There is one queue, or one per type. With several, the
 * queue whose head has waited longest in proportion to its SLO goes first.
 *
 * With `preempt=always`, a request is preempted at the end of a quantum even when nothing waits, as in Shinjuku. With
 * `preempt=when-waiting` it then runs on until a request waits that no idle worker can take.
 */
class TimeSharing implements Scheduler {
  private readonly queues: TimedQueues;
  private readonly idle: WorkerSet;
  /** Workers whose request has used up its quantum and runs on. */
  private readonly overdue: WorkerSet;
  private readonly profile: ServiceProfile;
  /** SLO that the workload states per type, ns; 0 where it states none and the multiple of the mean applies. */
  private readonly statedSloNs: Float64Array;
  private readonly requestOn: Int32Array;
  private readonly startedNs: Float64Array;
  /**
   * By request handle, only with a queue per type: the type, and the service received in earlier slices. They grow when
   * a larger handle appears.
   */
  private typeOf: Uint16Array;
  private attainedNs: Float64Array;
  private waiting = 0;
  private readonly yielding: YieldingWorkers;
  private readonly limit: number;
  private readonly quantumNs: number;
  private readonly whenWaiting: boolean;
  private readonly toHead: boolean;

  constructor(
    private readonly setup: SchedulerSetup,
    private readonly perType: boolean,
    private readonly parameters: TimeSharingParameters,
  ) {
    const types = setup.types.length + 1;
    this.queues = new TimedQueues(perType ? types : 1, setup.now);
    this.limit = parameters.queue;
    this.idle = new WorkerSet(setup.workers);
    this.idle.addRange(0, setup.workers);
    this.overdue = new WorkerSet(setup.workers);
    this.yielding = new YieldingWorkers(setup.workers);
    this.profile = new ServiceProfile(types);
    this.statedSloNs = Float64Array.from([...setup.types.map((type) => type.sloNs ?? 0), 0]);
    this.requestOn = int32s(setup.workers);
    this.startedNs = float64s(setup.workers);
    this.typeOf = new Uint16Array(FIRST_HANDLES);
    this.attainedNs = new Float64Array(FIRST_HANDLES);
    this.quantumNs = parameters.quantumNs;
    this.whenWaiting = parameters.preempt === 'when-waiting';
    this.toHead = parameters.requeue === 'head';
  }

  arrive(request: number, type: number, _flow: number): void {
    const queue = this.perType ? type : 0;
    if (this.queues.length[queue]! >= this.limit) {
      this.setup.world.drop(request, DropReason.queueFull);
      return;
    }
    this.queues.arrive(queue, request);
    this.waiting++;
    if (this.perType) this.remember(request, type);
  }

  complete(worker: number): void {
    if (this.perType) {
      const request = this.requestOn[worker]!;
      const sliceNs = this.setup.now[0]! - this.startedNs[worker]!;
      this.profile.observe(this.typeOf[request]!, this.attainedNs[request]! + sliceNs);
    }
    this.leave(worker);
    this.idle.add(worker);
  }

  sliceExpired(worker: number): number {
    if (this.whenWaiting && this.waiting <= this.yielding.count) {
      this.overdue.add(worker);
      return TO_COMPLETION;
    }
    this.beginYield(worker);
    return PREEMPT;
  }

  preempted(worker: number): void {
    this.leave(worker);
    const request = this.requestOn[worker]!;
    // The limit does not apply, because the request was admitted when it arrived.
    const queue = this.perType ? this.typeOf[request]! : 0;
    if (this.toHead) this.queues.unshift(queue, request);
    else this.queues.push(queue, request);
    this.waiting++;
    this.idle.add(worker);
  }

  dispatch(): void {
    const { idle, queues } = this;
    while (this.waiting > 0) {
      const worker = idle.lowest();
      if (worker < 0) break;
      idle.delete(worker);
      const request = queues.shift(this.perType ? this.mostUrgent() : 0);
      this.waiting--;
      this.requestOn[worker] = request;
      this.startedNs[worker] = this.setup.now[0]!;
      this.setup.world.start(worker, request, this.quantumNs);
    }
    if (this.whenWaiting) this.takeFromOverdue();
  }

  queued(): number {
    return this.waiting;
  }

  /** For each waiting request, preempts a request that is past its quantum. */
  private takeFromOverdue(): void {
    while (this.waiting > this.yielding.count) {
      const worker = this.overdue.lowest();
      if (worker < 0) return;
      this.beginYield(worker);
      this.setup.world.preempt(worker);
    }
  }

  private beginYield(worker: number): void {
    if (this.perType) {
      // The request receives no service from here on: the time until the worker is free is the cost of the preemption.
      this.attainedNs[this.requestOn[worker]!]! += this.setup.now[0]! - this.startedNs[worker]!;
      this.startedNs[worker] = this.setup.now[0]!;
    }
    this.overdue.delete(worker);
    this.yielding.add(worker);
  }

  /** The request has left the worker, finished or not. */
  private leave(worker: number): void {
    this.overdue.delete(worker);
    this.yielding.remove(worker);
  }

  /** The type whose head has the largest waiting time / SLO (Shinjuku, NSDI'19, section 3.3). */
  private mostUrgent(): number {
    const { queues, profile, statedSloNs } = this;
    const nowNs = this.setup.now[0]!;
    let best = -1;
    let urgency = -1;
    for (let type = 0; type < queues.count; type++) {
      if (queues.length[type] === 0) continue;
      const stated = statedSloNs[type]!;
      const sloNs = stated > 0 ? stated : this.parameters.slo * profile.meanNs[type]!;
      // A type without a mean yet is the most urgent.
      const ratio = sloNs > 0 ? (nowNs - queues.headArrivalNs(type)) / sloNs : Number.POSITIVE_INFINITY;
      if (ratio > urgency) {
        urgency = ratio;
        best = type;
      }
    }
    return best;
  }

  private remember(request: number, type: number): void {
    if (request >= this.typeOf.length) {
      this.typeOf = grown(this.typeOf, request);
      this.attainedNs = grown(this.attainedNs, request);
    }
    this.typeOf[request] = type;
    this.attainedNs[request] = 0;
  }
}

const parameters: readonly ParameterSpec[] = [
  quantum(5_000, 'longest a request runs before it goes back to its queue'),
  PREEMPTION_COST,
  {
    key: 'preempt',
    kind: 'choice',
    choices: ['always', 'when-waiting'],
    default: 'always',
    help: 'preempt at the end of every quantum, or only when a request waits',
  },
  {
    key: 'requeue',
    kind: 'choice',
    choices: ['tail', 'head'],
    default: 'tail',
    help: 'end of the queue a preempted request goes to',
  },
  queueLimit(Number.POSITIVE_INFINITY),
];

export const ts = definePolicy<TimeSharingParameters>({
  name: 'ts',
  title: 'Time sharing',
  summary: 'one queue, preemption after a quantum: Shinjuku’s single queue',
  reference: "Shinjuku (NSDI'19) section 3.3; quantum 5 us and 1 us per preemption as modelled in Perséphone (SOSP'21)",
  needsTypes: false,
  needsFlows: false,
  preemptive: true,
  workConserving: true,
  clairvoyant: false,
  fifoWithinType: false,
  queues: 'central',
  parameters,
  create: (setup, values) => new TimeSharing(setup, false, values),
  costs: ({ costNs }) => ({ preemptionNs: costNs }),
});

export const tsMq = definePolicy<TimeSharingParameters>({
  name: 'ts-mq',
  title: 'Time sharing, multi-queue',
  summary:
    'a queue per type, the head that waited longest for its SLO first, preemption after a quantum: Shinjuku’s ' +
    'multi-queue',
  reference: "Shinjuku (NSDI'19) section 3.3",
  needsTypes: true,
  needsFlows: false,
  preemptive: true,
  workConserving: true,
  clairvoyant: false,
  fifoWithinType: false,
  queues: 'central',
  parameters: [
    ...parameters,
    {
      key: 'slo',
      kind: 'number',
      min: 0,
      default: 10,
      help: 'SLO as a multiple of the type’s mean service time, where the workload states none',
    },
  ],
  create: (setup, values) => new TimeSharing(setup, true, values),
  costs: ({ costNs }) => ({ preemptionNs: costNs }),
});

import { float64s, int32s } from '../../units/arrays.js';
import { definePolicy, PREEMPTION_COST, quantum } from '../policy.js';
import { Queues } from '../queues.js';
import { RequestHeap } from '../request-heap.js';
import { PREEMPT, type Scheduler, type SchedulerSetup } from '../scheduler.js';
import { WorkerSet } from '../worker-set.js';
import { YieldingWorkers } from '../yielding-workers.js';

/**
 * Least attained service, also called foreground-background: the requests that have received the least service run.
 * Those that have received the same take turns, in the order in which they began to wait.
 *
 * Service is compared once per quantum. At the end of its quantum a running request makes room for a waiting one that
 * has attained no more; otherwise it runs on for another quantum without a preemption. An arrival takes a worker at
 * once, from the running request that has attained the most, if that has had a full quantum. So nothing is preempted
 * within its first quantum.
 */
class LeastAttained implements Scheduler {
  /** Waiting requests that have not run yet. They have attained nothing, so they need no heap. */
  private readonly fresh = new Queues(1);
  /** The other waiting requests, by attained service, ns. */
  private readonly heap = new RequestHeap();
  private readonly idle: WorkerSet;
  private readonly requestOn: Int32Array;
  /**
   * Per worker: when its request would have started, had it run without a break (now minus attained service). Infinity
   * when nothing runs that can be preempted.
   */
  private readonly bornNs: Float64Array;
  /** The worker whose request has attained the most; -1 when not known. */
  private oldest = -1;
  private readonly yielding: YieldingWorkers;

  constructor(
    private readonly setup: SchedulerSetup,
    private readonly quantumNs: number,
  ) {
    this.idle = new WorkerSet(setup.workers);
    this.idle.addRange(0, setup.workers);
    this.yielding = new YieldingWorkers(setup.workers);
    this.requestOn = int32s(setup.workers);
    this.bornNs = float64s(setup.workers).fill(Number.POSITIVE_INFINITY);
  }

  arrive(request: number, _type: number, _flow: number): void {
    this.heap.fit(request);
    this.heap.keyOf[request] = 0;
    this.fresh.push(0, request);
  }

  complete(worker: number): void {
    if (!this.yielding.remove(worker)) this.release(worker);
    this.idle.add(worker);
  }

  sliceExpired(worker: number): number {
    const { heap, fresh } = this;
    if (this.queued() <= this.yielding.count) return this.quantumNs;
    if (fresh.length[0] === 0 && heap.leastKey() > this.setup.now[0]! - this.bornNs[worker]!) return this.quantumNs;
    this.beginYield(worker);
    return PREEMPT;
  }

  preempted(worker: number): void {
    this.yielding.remove(worker);
    this.heap.push(this.requestOn[worker]!);
    this.idle.add(worker);
  }

  dispatch(): void {
    const { heap, idle, fresh } = this;
    while (this.queued() > 0) {
      const worker = idle.lowest();
      if (worker < 0) break;
      idle.delete(worker);
      this.start(worker, fresh.length[0]! > 0 ? fresh.shift(0) : heap.shift());
    }
    while (fresh.length[0]! > this.yielding.count) {
      if (this.oldest < 0) this.oldest = indexOfMin(this.bornNs);
      const worker = this.oldest;
      if (this.setup.now[0]! - this.bornNs[worker]! < this.quantumNs) return;
      this.beginYield(worker);
      this.setup.world.preempt(worker);
    }
  }

  queued(): number {
    return this.heap.length + this.fresh.length[0]!;
  }

  private start(worker: number, request: number): void {
    const { bornNs, oldest } = this;
    bornNs[worker] = this.setup.now[0]! - this.heap.keyOf[request]!;
    if (oldest >= 0 && bornNs[worker] < bornNs[oldest]!) this.oldest = worker;
    this.requestOn[worker] = request;
    this.setup.world.start(worker, request, this.quantumNs);
  }

  private beginYield(worker: number): void {
    this.heap.keyOf[this.requestOn[worker]!] = this.setup.now[0]! - this.bornNs[worker]!;
    this.release(worker);
    this.yielding.add(worker);
  }

  private release(worker: number): void {
    this.bornNs[worker] = Number.POSITIVE_INFINITY;
    if (this.oldest === worker) this.oldest = -1;
  }
}

function indexOfMin(values: Float64Array): number {
  let least = 0;
  for (let i = 1; i < values.length; i++) if (values[i]! < values[least]!) least = i;
  return least;
}

export const las = definePolicy<{ quantumNs: number; costNs: number }>({
  name: 'las',
  title: 'Least attained service',
  summary: 'the requests that have received least run, in turns of a quantum; knows no demands',
  reference:
    'L. Kleinrock, Queueing Systems, volume 2 (1976), chapter 4 (foreground-background); M. Nuyens, A. ' +
    'Wierman: The foreground-background queue: a survey (2008)',
  needsTypes: false,
  needsFlows: false,
  preemptive: true,
  workConserving: true,
  clairvoyant: false,
  fifoWithinType: false,
  queues: 'central',
  parameters: [quantum(5_000, 'time after which a running request is compared with the waiting ones'), PREEMPTION_COST],
  create: (setup, { quantumNs }) => new LeastAttained(setup, quantumNs),
  costs: ({ costNs }) => ({ preemptionNs: costNs }),
});

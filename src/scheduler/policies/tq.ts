import { float64s, int32s } from '../../units/arrays.js';
import { definePolicy, quantum, queueLimit } from '../policy.js';
import { FIRST_HANDLES, grown, Queues } from '../queues.js';
import { DropReason, PREEMPT, type Scheduler, type SchedulerSetup } from '../scheduler.js';
import { WorkerSet } from '../worker-set.js';

/**
 * Weight of an unfinished request in the comparison of workers, in quanta: more than all requests on one worker ever
 * use.
 */
const REQUEST = 2 ** 40;

/**
 * Tiny Quanta (ASPLOS'24): two-level scheduling. The dispatcher gives an arrival to the worker with the fewest
 * unfinished requests, and each worker runs its requests in turns, one small quantum each. A request never changes its
 * worker.
 *
 * Of workers with the same number of requests, the arrival goes to the one whose unfinished requests have had the most
 * quanta, then to the lowest-numbered. A request that is alone runs on at the end of a quantum; in the paper, the
 * worker pays for a switch to the same request.
 */
class TinyQuanta implements Scheduler {
  private readonly queues: Queues;
  private readonly idle: WorkerSet;
  /** Idle workers whose queue is not empty. */
  private readonly ready: WorkerSet;
  /** Workers without any request: their burden is 0, less than that of all others. */
  private readonly empty: WorkerSet;
  private readonly requestOn: Int32Array;
  /**
   * Per worker: REQUEST for each unfinished request, minus the quanta these have had. The smallest gets the next
   * arrival.
   */
  private readonly burden: Float64Array;
  /** By request handle: quanta it has had. */
  private quantaOf = new Int32Array(FIRST_HANDLES);
  private waiting = 0;

  constructor(
    private readonly setup: SchedulerSetup,
    private readonly quantumNs: number,
    private readonly limit: number,
  ) {
    const { workers } = setup;
    this.queues = new Queues(workers);
    this.idle = new WorkerSet(workers);
    this.idle.addRange(0, workers);
    this.ready = new WorkerSet(workers);
    this.empty = new WorkerSet(workers);
    this.empty.addRange(0, workers);
    this.requestOn = int32s(workers);
    this.burden = float64s(workers);
  }

  arrive(request: number, _type: number, _flow: number): void {
    const worker = this.leastBurdened();
    if (this.queues.length[worker]! >= this.limit) {
      this.setup.world.drop(request, DropReason.queueFull);
      return;
    }
    if (request >= this.quantaOf.length) this.quantaOf = grown(this.quantaOf, request);
    this.quantaOf[request] = 0;
    this.burden[worker] = this.burden[worker]! + REQUEST;
    this.empty.delete(worker);
    this.wait(worker, request);
    if (this.idle.has(worker)) this.ready.add(worker);
  }

  complete(worker: number): void {
    this.burden[worker] = this.burden[worker]! - REQUEST + this.quantaOf[this.requestOn[worker]!]!;
    this.free(worker);
  }

  sliceExpired(worker: number): number {
    this.quantaOf[this.requestOn[worker]!]!++;
    this.burden[worker] = this.burden[worker]! - 1;
    return this.queues.length[worker]! > 0 ? PREEMPT : this.quantumNs;
  }

  preempted(worker: number): void {
    this.wait(worker, this.requestOn[worker]!);
    this.free(worker);
  }

  dispatch(): void {
    const { ready, idle, queues } = this;
    for (let worker = ready.lowest(); worker >= 0; worker = ready.lowest()) {
      ready.delete(worker);
      idle.delete(worker);
      this.waiting--;
      const request = queues.shift(worker);
      this.requestOn[worker] = request;
      this.setup.world.start(worker, request, this.quantumNs);
    }
  }

  queued(): number {
    return this.waiting;
  }

  private wait(worker: number, request: number): void {
    this.queues.push(worker, request);
    this.waiting++;
  }

  private free(worker: number): void {
    this.idle.add(worker);
    if (this.queues.length[worker]! > 0) this.ready.add(worker);
    else this.empty.add(worker);
  }

  private leastBurdened(): number {
    const empty = this.empty.lowest();
    if (empty >= 0) return empty;
    const { burden } = this;
    let least = 0;
    let leastBurden = burden[0]!;
    for (let worker = 1; worker < burden.length; worker++) {
      if (burden[worker]! < leastBurden) {
        leastBurden = burden[worker]!;
        least = worker;
      }
    }
    return least;
  }
}

export const tq = definePolicy<{ quantumNs: number; costNs: number; queue: number }>({
  name: 'tq',
  title: 'Tiny Quanta',
  summary:
    'dealt to the worker with the fewest unfinished requests; each worker gives its requests tiny quanta in turns',
  reference: "Tiny Quanta (ASPLOS'24): two-level scheduling with JSQ-MSQ, forced multitasking",
  needsTypes: false,
  needsFlows: false,
  preemptive: true,
  // A request stays on its worker even when another one is idle.
  workConserving: false,
  clairvoyant: false,
  fifoWithinType: false,
  queues: 'worker',
  parameters: [
    quantum(2_000, 'time a request runs before the next one of its worker does'),
    { key: 'cost', kind: 'duration', min: 0, default: 10, help: 'worker time lost per switch, in the simulator' },
    queueLimit(Number.POSITIVE_INFINITY),
  ],
  create: (setup, { quantumNs, queue }) => new TinyQuanta(setup, quantumNs, queue),
  costs: ({ costNs }) => ({ preemptionNs: costNs }),
});

import { int32s } from '../../units/arrays.js';
import { definePolicy, PREEMPTION_COST, quantum } from '../policy.js';
import { PREEMPT, type SchedulerSetup } from '../scheduler.js';
import { createSteering, type Steering } from '../steering.js';
import { type DistributedParameters, distributedParameters } from './d-fcfs.js';
import { StealingFcfs } from './d-fcfs-steal.js';

/**
 * Work stealing with a quantum (Skyloft, SOSP'24): a queue per worker. A request that has had its quantum goes to the
 * tail of its worker's queue if another waits there, and runs on if none does. An idle worker whose queue is empty
 * takes half of the first queue that is not empty, beginning with a random one.
 */
class StealingTimeSharing extends StealingFcfs {
  private readonly requestOn: Int32Array;

  constructor(
    setup: SchedulerSetup,
    steering: Steering,
    private readonly quantumNs: number,
    limit: number,
  ) {
    super(setup, steering, limit);
    this.requestOn = int32s(setup.workers);
  }

  override sliceExpired(worker: number): number {
    return this.queues.length[worker]! > 0 ? PREEMPT : this.quantumNs;
  }

  override preempted(worker: number): void {
    this.queues.push(worker, this.requestOn[worker]!);
    this.waiting++;
    this.idle.add(worker);
  }

  protected override start(worker: number, request: number): void {
    this.requestOn[worker] = request;
    this.setup.world.start(worker, request, this.quantumNs);
  }
}

export const stealTs = definePolicy<DistributedParameters & { quantumNs: number; costNs: number }>({
  name: 'steal-ts',
  title: 'Work stealing with a quantum',
  summary:
    'a queue per worker; after a quantum a request goes to its tail if another waits there; idle workers steal half ' +
    'of a queue',
  reference: "Skyloft (SOSP'24): work stealing with preemption; the steal is Shenango's (NSDI'19, section 5.2)",
  needsTypes: false,
  needsFlows: true,
  preemptive: true,
  workConserving: true,
  clairvoyant: false,
  fifoWithinType: false,
  queues: 'worker',
  parameters: [
    quantum(5_000, 'time a request runs before the next one of its worker does'),
    PREEMPTION_COST,
    ...distributedParameters,
  ],
  create: (setup, parameters) =>
    new StealingTimeSharing(setup, createSteering(setup, parameters), parameters.quantumNs, parameters.queue),
  costs: ({ costNs }) => ({ preemptionNs: costNs }),
});

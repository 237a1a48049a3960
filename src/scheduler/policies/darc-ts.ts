import { int32s } from '../../units/arrays.js';
import { definePolicy, PREEMPTION_COST, quantum } from '../policy.js';
import { FIRST_HANDLES, grown } from '../queues.js';
import { PREEMPT, type SchedulerSetup, TO_COMPLETION } from '../scheduler.js';
import { WorkerSet } from '../worker-set.js';
import { YieldingWorkers } from '../yielding-workers.js';
import { Darc, type DarcParameters, darcParameters } from './darc.js';

type DarcTsParameters = DarcParameters & { quantumNs: number; backlog: number; costNs: number };

/**
 * DARC's reservation with preemption. When more requests of a group wait than `backlog` for each worker it owns, it
 * takes a worker that it may use from a request of a longer group, if that request has had a quantum. The preempted
 * request goes back to the head of its queue.
 *
 * DARC alone rounds the demand of short types to whole workers. Where that gives them too few, they depend on idle
 * workers of the longer groups, which are rare at high load. The backlog keeps preemptions rare: a short request that
 * waits for a few of its kind hardly waits, and a preempted worker serves all of them before it returns to the long
 * request. Requests of one group do not preempt each other, because they are of similar length and taking turns would
 * only make all of them late.
 */
class PreemptiveDarc extends Darc {
  private readonly quantumNs: number;
  private readonly backlog: number;
  private readonly requestOn: Int32Array;
  /** By request handle: service received before its latest start, ns. */
  private attainedNs = new Float64Array(FIRST_HANDLES);
  /** By type: the workers whose request has had its quantum. And their number over all types. */
  private readonly overdueOf: WorkerSet[];
  private overdue = 0;
  private readonly yielding: YieldingWorkers;

  constructor(setup: SchedulerSetup, parameters: DarcTsParameters) {
    super(setup, parameters);
    this.quantumNs = parameters.quantumNs;
    this.backlog = parameters.backlog;
    const types = setup.types.length + 1;
    this.requestOn = int32s(setup.workers);
    this.overdueOf = Array.from({ length: types }, () => new WorkerSet(setup.workers));
    this.yielding = new YieldingWorkers(setup.workers);
  }

  override arrive(request: number, type: number, flow: number): void {
    if (request >= this.attainedNs.length) this.attainedNs = grown(this.attainedNs, request);
    this.attainedNs[request] = 0;
    super.arrive(request, type, flow);
  }

  override complete(worker: number): void {
    this.leave(worker);
    super.complete(worker);
  }

  override sliceExpired(worker: number): number {
    const type = this.typeOn[worker]!;
    for (let group = 0; group < this.groupOf[type]!; group++) {
      if (this.presses(group) && this.mayUse(group, worker)) {
        this.beginYield(worker);
        return PREEMPT;
      }
    }
    this.overdueOf[type]!.add(worker);
    this.overdue++;
    return TO_COMPLETION;
  }

  override preempted(worker: number): void {
    this.leave(worker);
    const type = this.typeOn[worker]!;
    this.queues.unshift(type, this.requestOn[worker]!);
    this.waiting++;
    this.waitingIn[this.groupOf[type]!]!++;
    this.idle.add(worker);
  }

  override dispatch(): void {
    super.dispatch();
    if (this.waiting === 0 || this.overdue === 0) return;
    for (let group = 0; group < this.groups - 1; group++) {
      while (this.presses(group)) {
        const worker = this.overdueFor(group);
        if (worker < 0) break;
        this.beginYield(worker);
        this.setup.world.preempt(worker);
      }
    }
  }

  protected override run(worker: number, request: number): void {
    this.requestOn[worker] = request;
    // Pretends that the request ran without a break, so that its completion shows all of its service.
    this.startedNs[worker] = this.startedNs[worker]! - this.attainedNs[request]!;
    this.setup.world.start(worker, request, this.quantumNs);
  }

  /**
   * Returns a worker that the group may use and whose request has had its quantum, preferably of the longest group; -1
   * when there is none.
   */
  private overdueFor(group: number): number {
    const { overdueOf, groupOf, owned, stealable } = this;
    let found = -1;
    let longest = group;
    for (let type = 0; type < overdueOf.length; type++) {
      if (groupOf[type]! <= longest) continue;
      let worker = overdueOf[type]!.lowestIn(stealable[group]!);
      if (worker < 0) worker = overdueOf[type]!.lowestIn(owned[group]!);
      if (worker < 0) continue;
      found = worker;
      longest = groupOf[type]!;
    }
    return found;
  }

  /**
   * Do more requests of a group wait than its own workers may leave waiting? Requests for which a worker is being freed
   * do not count.
   */
  private presses(group: number): boolean {
    return this.waitingIn[group]! > this.yielding.count + this.backlog * this.ownedCount[group]!;
  }

  private mayUse(group: number, worker: number): boolean {
    return this.owned[group]!.has(worker) || this.stealable[group]!.has(worker);
  }

  private beginYield(worker: number): void {
    this.leave(worker);
    // Each start takes a hand-off, which is not service.
    const sinceNs = this.setup.now[0]! - this.startedNs[worker]!;
    this.attainedNs[this.requestOn[worker]!] = sinceNs - this.handoffNs;
    this.yielding.add(worker);
  }

  /** The request cannot be preempted any more: it has left the worker or been told to. */
  private leave(worker: number): void {
    const overdue = this.overdueOf[this.typeOn[worker]!]!;
    if (overdue.has(worker)) {
      overdue.delete(worker);
      this.overdue--;
    }
    this.yielding.remove(worker);
  }
}

export const darcTs = definePolicy<DarcTsParameters>({
  name: 'darc-ts',
  title: 'DARC with preemption',
  summary: 'DARC, but long requests that have had a quantum make room when too many of a shorter group wait',
  reference: "this project; DARC of Perséphone (SOSP'21) with the preemption of Shinjuku (NSDI'19)",
  needsTypes: true,
  needsFlows: false,
  preemptive: true,
  workConserving: false,
  clairvoyant: false,
  // A preempted request that comes back to the head of its queue may be younger than one preempted before it.
  fifoWithinType: false,
  queues: 'central',
  parameters: [
    quantum(5_000, 'time a request runs before one of a shorter group may take its worker'),
    {
      key: 'backlog',
      kind: 'integer',
      min: 0,
      default: 4,
      help: 'requests of a group that may wait, per worker it owns, before it takes the worker of a longer one',
    },
    PREEMPTION_COST,
    ...darcParameters,
  ],
  create: (setup, parameters) => new PreemptiveDarc(setup, parameters),
  costs: ({ costNs }) => ({ preemptionNs: costNs }),
});

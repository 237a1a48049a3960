import { float64s, int32s } from '../units/arrays.js';
import { TimedQueues } from './queues.js';
import {
  DropReason,
  NonPreemptiveScheduler,
  type Reservation,
  type SchedulerSetup,
  TO_COMPLETION,
} from './scheduler.js';
import { WorkerSet } from './worker-set.js';

/**
 * The dispatch of DARC (Perséphone, SOSP'21, section 3, algorithm 1) for a given reservation. Each type has a queue.
 * Types form groups, from the shortest to the longest. A request takes a free worker that is reserved for its group,
 * else a free one of a longer group, and never one that is reserved for a shorter group. Within a group, the oldest
 * request goes first.
 *
 * UNKNOWN requests, which the classifier did not recognise, have their own queue. Only the spillway, the last worker,
 * serves it, after all known types.
 *
 * It begins with one group of all types and all workers, which is c-FCFS. Subclasses replace the groups with
 * beginGroups … {@link endGroups}.
 */
export abstract class ReservedScheduler extends NonPreemptiveScheduler {
  protected readonly types: number;
  protected readonly queues: TimedQueues;
  protected readonly typeOn: Int32Array;
  protected readonly startedNs: Float64Array;
  protected readonly spillway: number;
  protected readonly idle: WorkerSet;
  protected readonly handoffNs: number;
  protected waiting = 0;

  // The groups, shortest first. Group g has the types groupTypes[groupFrom[g]] … groupTypes[groupFrom[g + 1] - 1].
  protected groups = 1;
  protected readonly groupOf: Int32Array;
  private readonly groupTypes: Int32Array;
  private readonly groupFrom: Int32Array;
  protected readonly waitingIn: Int32Array;
  protected readonly owned: WorkerSet[];
  protected readonly ownedCount: Int32Array;
  protected readonly stealable: WorkerSet[];

  constructor(
    protected readonly setup: SchedulerSetup,
    private readonly limit: number,
  ) {
    super();
    const types = setup.types.length;
    const { workers } = setup;
    this.types = types;
    this.queues = new TimedQueues(types + 1, setup.now);
    this.idle = new WorkerSet(workers);
    this.idle.addRange(0, workers);
    this.typeOn = int32s(workers);
    this.startedNs = float64s(workers);
    this.spillway = workers - 1;
    this.handoffNs = setup.handoffNs ?? 0;
    // One more than the types, because UNKNOWN is a group of its own, always the last.
    this.groupOf = int32s(types + 1);
    this.groupTypes = Int32Array.from({ length: types + 1 }, (_, type) => type);
    this.groupFrom = int32s(types + 2);
    this.waitingIn = int32s(types + 1);
    this.ownedCount = int32s(types + 1);
    this.owned = Array.from({ length: types + 1 }, () => new WorkerSet(workers));
    this.stealable = Array.from({ length: types + 1 }, () => new WorkerSet(workers));
    this.beginGroups();
    for (let type = 0; type < types; type++) this.addToGroup(type, type === 0);
    for (let worker = 0; worker < workers; worker++) this.own(worker);
    this.endGroups();
  }

  arrive(request: number, type: number, _flow: number): void {
    if (this.queues.length[type]! >= this.limit) {
      this.setup.world.drop(request, DropReason.queueFull);
      return;
    }
    this.queues.arrive(type, request);
    this.waiting++;
    this.waitingIn[this.groupOf[type]!]!++;
  }

  complete(worker: number): void {
    this.idle.add(worker);
    // Perséphone measures the same. A hand-off that takes longer than usual must not make it negative.
    const serviceNs = this.setup.now[0]! - this.startedNs[worker]! - this.handoffNs;
    this.observe(this.typeOn[worker]!, Math.max(1, serviceNs));
  }

  dispatch(): void {
    if (this.waiting === 0) return;
    const { groups, waitingIn, idle, owned, stealable } = this;
    for (let group = 0; group < groups; group++) {
      while (waitingIn[group]! > 0) {
        let worker = idle.lowestIn(owned[group]!);
        if (worker < 0) worker = idle.lowestIn(stealable[group]!);
        if (worker < 0) break;
        const type = this.oldestType(group);
        waitingIn[group]!--;
        this.startOldest(type, worker);
      }
    }
  }

  queued(): number {
    return this.waiting;
  }

  reservation(): Reservation {
    const groups = [];
    // The group of UNKNOWN owns no worker and is left out.
    for (let group = 0; group < this.groups - 1; group++) {
      groups.push({
        types: Array.from(this.groupTypes.subarray(this.groupFrom[group]!, this.groupFrom[group + 1]!)),
        workers: this.owned[group]!.toArray(),
        stealable: this.stealable[group]!.toArray(),
      });
    }
    return { groups };
  }

  /** Told that a request of `type` took `serviceNs` between dispatch and completion. */
  protected abstract observe(type: number, serviceNs: number): void;

  // A reservation is made in one pass: beginGroups; then for each group, from the shortest, its types and its workers;
  // then endGroups.

  protected beginGroups(): void {
    this.groups = 0;
    this.groupFrom[0] = 0;
  }

  /** Adds a type to the current group, or opens a new group with it. */
  protected addToGroup(type: number, opensGroup: boolean): void {
    if (opensGroup) {
      const group = this.groups++;
      this.groupFrom[group + 1] = this.groupFrom[group]!;
      this.owned[group]!.clear();
      this.ownedCount[group] = 0;
      this.stealable[group]!.clear();
    }
    const group = this.groups - 1;
    this.groupOf[type] = group;
    this.groupTypes[this.groupFrom[group + 1]!++] = type;
  }

  /**
   * Reserves a worker for the current group; all shorter groups may steal it. Without a known type there is no group.
   */
  protected own(worker: number): void {
    const group = this.groups - 1;
    if (group < 0) return;
    this.owned[group]!.add(worker);
    this.ownedCount[group]!++;
    for (let shorter = 0; shorter < group; shorter++) this.stealable[shorter]!.add(worker);
  }

  /** Lets the current group use a worker that is not its own. */
  protected share(worker: number): void {
    if (!this.owned[this.groups - 1]!.has(worker)) this.stealable[this.groups - 1]!.add(worker);
  }

  protected endGroups(): void {
    this.addToGroup(this.types, true);
    this.share(this.spillway);
    // Waiting requests belong to the new groups from now on. The queues, and so the order of arrival, do not change.
    this.waitingIn.fill(0);
    for (let type = 0; type <= this.types; type++) this.waitingIn[this.groupOf[type]!]! += this.queues.length[type]!;
  }

  private startOldest(type: number, worker: number): void {
    this.idle.delete(worker);
    this.waiting--;
    this.typeOn[worker] = type;
    this.startedNs[worker] = this.setup.now[0]!;
    this.run(worker, this.queues.shift(type));
  }

  /** Starts a request on a worker that is marked as busy. */
  protected run(worker: number, request: number): void {
    this.setup.world.start(worker, request, TO_COMPLETION);
  }

  /** The type of a group's oldest waiting request; equal ages go to the shorter type. */
  private oldestType(group: number): number {
    const { groupTypes, groupFrom, queues } = this;
    const { length } = queues;
    const waiting = this.waitingIn[group]!;
    const to = groupFrom[group + 1]!;
    let oldest = -1;
    let oldestNs = Number.POSITIVE_INFINITY;
    for (let i = groupFrom[group]!; i < to; i++) {
      const type = groupTypes[i]!;
      // Usually only one type of a group waits, and there are no ages to compare.
      if (length[type] === waiting) return type;
      if (length[type] === 0) continue;
      const arrivalNs = queues.headArrivalNs(type);
      if (arrivalNs < oldestNs) {
        oldestNs = arrivalNs;
        oldest = type;
      }
    }
    return oldest;
  }
}

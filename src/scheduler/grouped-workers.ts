import { int32s } from '../units/arrays.js';
import { WorkerSet } from './worker-set.js';

/** Workers by group: each worker is in at most one. */
export class GroupedWorkers {
  /** In all groups. */
  count = 0;
  /** By group. Read only. */
  readonly size: Int32Array;
  private readonly sets: readonly WorkerSet[];

  constructor(groups: number, workers: number) {
    this.size = int32s(groups);
    this.sets = Array.from({ length: groups }, () => new WorkerSet(workers));
  }

  has(group: number, worker: number): boolean {
    return this.sets[group]!.has(worker);
  }

  add(group: number, worker: number): void {
    this.sets[group]!.add(worker);
    this.size[group]!++;
    this.count++;
  }

  /** Does nothing if the worker is not in the group. */
  remove(group: number, worker: number): void {
    if (!this.sets[group]!.has(worker)) return;
    this.sets[group]!.delete(worker);
    this.size[group]!--;
    this.count--;
  }

  /** The lowest worker of a group; -1 when there is none. */
  lowestIn(group: number): number {
    return this.sets[group]!.lowest();
  }
}

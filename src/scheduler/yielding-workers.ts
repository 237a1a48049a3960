import { WorkerSet } from './worker-set.js';

/** The workers that have been told to give up their request and still have it, and their number. */
export class YieldingWorkers {
  count = 0;
  private readonly set: WorkerSet;

  constructor(workers: number) {
    this.set = new WorkerSet(workers);
  }

  /** The worker is told now. */
  add(worker: number): void {
    this.set.add(worker);
    this.count++;
  }

  /** The worker no longer has its request. Returns whether it had been told to give it up. */
  remove(worker: number): boolean {
    if (!this.set.has(worker)) return false;
    this.set.delete(worker);
    this.count--;
    return true;
  }
}

/** Placeholder until the registry of src/scheduler is merged. */
import type { Scheduler, SchedulerSetup, Workers } from '../scheduler/scheduler.js';
import { TO_COMPLETION } from '../scheduler/scheduler.js';

export interface PolicyChoice {
  readonly name: string;
  readonly params?: Readonly<Record<string, unknown>>;
}

export function makeScheduler(_policy: PolicyChoice, setup: SchedulerSetup): Scheduler {
  return new Fcfs(setup.workers, setup.pool);
}

class Fcfs implements Scheduler {
  private readonly ring = new Int32Array(1 << 15);
  private head = 0;
  private tail = 0;
  private idle: number;
  constructor(
    workers: number,
    private readonly pool: Workers,
  ) {
    this.idle = 2 ** workers - 1;
  }
  arrive(request: number): void {
    this.ring[this.tail++ & 0x7fff] = request;
  }
  complete(worker: number): void {
    this.idle |= 1 << worker;
  }
  sliceExpired(): boolean {
    return false;
  }
  preempted(): void {}
  dispatch(): void {
    while (this.head !== this.tail && this.idle !== 0) {
      const worker = 31 - Math.clz32(this.idle & -this.idle);
      this.idle &= ~(1 << worker);
      this.pool.start(worker, this.ring[this.head++ & 0x7fff]!, TO_COMPLETION);
    }
  }
  queued(): number {
    return this.tail - this.head;
  }
}

/** Files of policies for tests: c-FCFS as somebody outside of psp would write it. */

import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Its imports, its class and its definition; `change` breaks something. */
export function policyText({ name = 'keep', change = (text: string) => text } = {}): string {
  return change(`import {
  definePolicy, NonPreemptiveScheduler, Queues, type SchedulerSetup, TO_COMPLETION, WorkerSet,
} from 'psp/policy';
import { FIRST } from './first.js';

class Keep extends NonPreemptiveScheduler {
  private readonly queue = new Queues(1);
  private readonly idle: WorkerSet;

  constructor(private readonly setup: SchedulerSetup) {
    super();
    this.idle = new WorkerSet(setup.workers);
    this.idle.addRange(0, setup.workers);
  }

  arrive(request: number, _type: number, _flow: number): void {
    this.queue.push(FIRST, request);
  }

  complete(worker: number): void {
    this.idle.add(worker);
  }

  dispatch(): void {
    while (this.queue.length[0]! > 0) {
      const worker = this.idle.lowest();
      if (worker < 0) return;
      this.idle.delete(worker);
      this.setup.world.start(worker, this.queue.shift(0), TO_COMPLETION);
    }
  }

  queued(): number {
    return this.queue.length[0]!;
  }
}

export default definePolicy<{ keep: number }>({
  name: '${name}',
  title: 'Keep',
  summary: 'one queue for all requests',
  reference: 'a test',
  needsTypes: false,
  needsFlows: false,
  preemptive: false,
  workConserving: true,
  clairvoyant: false,
  fifoWithinType: true,
  queues: 'central',
  parameters: [{ key: 'keep', kind: 'integer', default: 1, min: 0, help: 'says nothing' }],
  create: (setup) => new Keep(setup),
});
`);
}

/** Writes a policy and what it imports. Returns the path. */
export function writePolicy(path: string, text = policyText()): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  writeFileSync(join(dirname(path), 'first.ts'), 'export const FIRST: number = 0;\n');
  return path;
}

import { definePolicy, queueLimit } from '../policy.js';
import { firstWaiting, TYPED_QUEUE_LIMIT, TypedScheduler } from '../typed-scheduler.js';

/**
 * Shortest job first: the type with the shortest measured mean goes first, and requests run to completion (SJF of the
 * artifact of Perséphone, SOSP'21).
 */
class ShortestJobFirst extends TypedScheduler {
  protected nextType(): number {
    return firstWaiting(this.queues, this.profile.order);
  }
}

export const sjf = definePolicy<{ queue: number }>({
  name: 'sjf',
  title: 'Shortest job first',
  summary: 'a queue per type, drained in ascending order of the profiled mean service time; run to completion',
  reference: "SJF of Perséphone (SOSP'21) artifact",
  needsTypes: true,
  needsFlows: false,
  preemptive: false,
  workConserving: true,
  clairvoyant: false,
  fifoWithinType: true,
  queues: 'central',
  parameters: [queueLimit(TYPED_QUEUE_LIMIT)],
  create: (setup, { queue }) => new ShortestJobFirst(setup, queue),
});

import { definePolicy, queueLimit } from '../policy.js';
import { DistributedFcfs } from './d-fcfs.js';

/**
 * Power of two choices (M. Mitzenmacher, IEEE TPDS 12(10), 2001): looks at two different random workers and puts the
 * request into the shorter of their queues, counting the running request.
 */
class PowerOfTwo extends DistributedFcfs {
  protected workerFor(_flow: number): number {
    const { workers, random } = this.setup;
    const one = (random() * workers) | 0;
    if (workers === 1) return one;
    let other = (random() * (workers - 1)) | 0;
    if (other >= one) other++;
    // Both are random, so on a tie the first is as good as a third random choice.
    return this.loadOf(other) < this.loadOf(one) ? other : one;
  }
}

export const po2 = definePolicy<{ queue: number }>({
  name: 'po2',
  title: 'Power of two choices',
  summary: 'a queue per worker; a request goes to the shorter of two chosen at random',
  reference: 'M. Mitzenmacher: The power of two choices in randomized load balancing (1996)',
  needsTypes: false,
  needsFlows: false,
  preemptive: false,
  workConserving: false,
  clairvoyant: false,
  fifoWithinType: false,
  queues: 'worker',
  parameters: [queueLimit(Number.POSITIVE_INFINITY)],
  create: (setup, { queue }) => new PowerOfTwo(setup, queue),
});

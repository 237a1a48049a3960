import { definePolicy, queueLimit } from '../policy.js';
import type { SchedulerSetup } from '../scheduler.js';
import { TailBoosts } from '../tail-boosts.js';
import { TYPED_QUEUE_LIMIT, TypedScheduler } from '../typed-scheduler.js';

/**
 * The request whose arrival less the boost of its type is earliest goes first, and runs to completion. Within a type
 * that is the order of arrival, so only the heads of the queues compete. See {@link TailBoosts} for the boosts.
 */
class Boost extends TypedScheduler {
  private readonly boosts: TailBoosts;

  constructor(setup: SchedulerSetup, limit: number) {
    super(setup, limit);
    this.boosts = new TailBoosts(setup.types.length + 1, setup.workers, setup.now);
  }

  override complete(worker: number): void {
    this.boosts.observe(this.typeOn[worker]!, this.setup.now[0]! - this.startedNs[worker]!);
    super.complete(worker);
  }

  protected nextType(): number {
    const { queues } = this;
    const { boostNs } = this.boosts;
    let best = -1;
    let earliestNs = Number.POSITIVE_INFINITY;
    for (let type = 0; type < queues.count; type++) {
      if (queues.length[type] === 0) continue;
      const boostedNs = queues.headArrivalNs(type) - boostNs[type]!;
      if (boostedNs < earliestNs) {
        earliestNs = boostedNs;
        best = type;
      }
    }
    return best;
  }
}

export const boost = definePolicy<{ queue: number }>({
  name: 'boost',
  title: 'γ-boost',
  summary:
    'first come, first served, but requests count as arrived earlier the shorter their type is, by what is best for ' +
    'the far tail of the sojourn; run to completion',
  reference:
    'G. Yu, Z. Scully: Strongly Tail-Optimal Scheduling in the Light-Tailed M/G/1 (SIGMETRICS 2024), with types for ' +
    'sizes; several workers count as one fast one',
  needsTypes: true,
  needsFlows: false,
  preemptive: false,
  workConserving: true,
  clairvoyant: false,
  fifoWithinType: true,
  queues: 'central',
  parameters: [queueLimit(TYPED_QUEUE_LIMIT)],
  create: (setup, { queue }) => new Boost(setup, queue),
});

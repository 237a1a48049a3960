import { definePolicy, queueLimit } from '../policy.js';
import type { SchedulerSetup } from '../scheduler.js';
import { TYPED_QUEUE_LIMIT, TypedScheduler } from '../typed-scheduler.js';

/**
 * Earliest deadline first (C. L. Liu and J. W. Layland, JACM 20, 1973), run to completion. The deadline of a request is
 * its arrival plus the deadline that the workload states for its type, or else plus a multiple of the type's measured
 * mean. Within a type, deadlines are in the order of arrival, so only the heads of the queues compete.
 */
class EarliestDeadlineFirst extends TypedScheduler {
  /** Stated relative deadline per type, ns; 0 where the multiple of the mean applies. */
  private readonly statedNs: Float64Array;

  constructor(
    setup: SchedulerSetup,
    private readonly factor: number,
    limit: number,
  ) {
    super(setup, limit);
    this.statedNs = Float64Array.from([...setup.types.map((type) => type.deadlineNs ?? 0), 0]);
  }

  protected nextType(): number {
    const { queues, profile, statedNs, factor } = this;
    let best = -1;
    let earliestNs = Number.POSITIVE_INFINITY;
    for (let type = 0; type < queues.count; type++) {
      if (queues.length[type] === 0) continue;
      const stated = statedNs[type]!;
      const deadlineNs = queues.headArrivalNs(type) + (stated > 0 ? stated : factor * profile.meanNs[type]!);
      // The first candidate always counts, because a deadline may be infinite.
      if (best < 0 || deadlineNs < earliestNs) {
        earliestNs = deadlineNs;
        best = type;
      }
    }
    return best;
  }
}

export const edf = definePolicy<{ factor: number; queue: number }>({
  name: 'edf',
  title: 'Earliest deadline first',
  summary:
    'a queue per type; the head with the earliest deadline (arrival + a multiple of the type’s mean) goes ' +
    'first; run to completion',
  reference: "EDF of Perséphone (SOSP'21) artifact; Liu & Layland 1973",
  needsTypes: true,
  needsFlows: false,
  preemptive: false,
  workConserving: true,
  clairvoyant: false,
  fifoWithinType: true,
  queues: 'central',
  parameters: [
    {
      key: 'factor',
      kind: 'number',
      min: 0,
      default: 10,
      help: 'deadline as a multiple of the type’s mean service time, where the workload states none',
    },
    queueLimit(TYPED_QUEUE_LIMIT),
  ],
  create: (setup, { factor, queue }) => new EarliestDeadlineFirst(setup, factor, queue),
});

import { InputError } from '../../units/errors.js';
import { splitList, unquoted } from '../../units/lists.js';
import { definePolicy, queueLimit } from '../policy.js';
import type { SchedulerSetup } from '../scheduler.js';
import { firstWaiting, TYPED_QUEUE_LIMIT, TypedScheduler } from '../typed-scheduler.js';

/**
 * Non-preemptive priority (A. Cobham, Operations Research 2, 1954): types are served strictly in a given order, and
 * requests run to completion.
 */
class FixedPriority extends TypedScheduler {
  constructor(
    setup: SchedulerSetup,
    private readonly order: Int32Array,
    limit: number,
  ) {
    super(setup, limit);
  }

  protected nextType(): number {
    return firstWaiting(this.queues, this.order);
  }
}

/**
 * Type indices from names such as `GET/SCAN`. Types that are left out follow in the workload's order; UNKNOWN comes
 * last.
 */
function priorityOrder(setup: SchedulerSetup, text: string): Int32Array {
  const names = setup.types.map((type) => type.name);
  const first = text === '' ? [] : splitList(text, '/').map(unquoted);
  for (const [i, name] of first.entries()) {
    if (!names.includes(name)) {
      throw new InputError(`fixed-priority: order: unknown type '${name}'. The workload has ${names.join(', ')}`);
    }
    if (first.indexOf(name) !== i) throw new InputError(`fixed-priority: order: type '${name}' is named twice`);
  }
  const rest = names.filter((name) => !first.includes(name));
  return Int32Array.from([
    ...first.map((name) => names.indexOf(name)),
    ...rest.map((name) => names.indexOf(name)),
    names.length,
  ]);
}

export const fixedPriority = definePolicy<{ order: string; queue: number }>({
  name: 'fixed-priority',
  title: 'Fixed priority',
  summary: 'a queue per type, served strictly in the order given; run to completion',
  reference: 'non-preemptive head-of-line priority (Cobham 1954)',
  needsTypes: true,
  needsFlows: false,
  preemptive: false,
  workConserving: true,
  clairvoyant: false,
  fifoWithinType: true,
  queues: 'central',
  parameters: [
    {
      key: 'order',
      kind: 'text',
      default: '',
      help: 'type names from the highest priority down, as GET/SCAN; default: as in the workload',
    },
    queueLimit(TYPED_QUEUE_LIMIT),
  ],
  create: (setup, { order, queue }) => new FixedPriority(setup, priorityOrder(setup, order), queue),
});

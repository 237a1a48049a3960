import { DECLARED, definePolicy, queueLimit } from '../policy.js';
import { ShortestExpected } from '../shortest-expected.js';
import { TYPED_QUEUE_LIMIT } from '../typed-scheduler.js';
import { TARGET } from './sept.js';

/** The unit of the levels of attained service, ns. Here they only describe how the demands of a type vary. */
const UNIT_NS = 5_000;

export const septNp = definePolicy<{ target: number; declared: boolean; queue: number }>({
  name: 'sept-np',
  title: 'Shortest expected first, never preemptive',
  summary:
    'sept where requests cannot be preempted: the earliest deadline goes first, and long requests leave to shorter ' +
    'ones the workers that these need',
  reference: "as sept; how many workers long requests leave: Perséphone (SOSP'21) section 3, rounded as in algorithm 2",
  needsTypes: true,
  needsFlows: false,
  preemptive: false,
  workConserving: false,
  clairvoyant: false,
  fifoWithinType: true,
  queues: 'central',
  parameters: [TARGET, DECLARED, queueLimit(TYPED_QUEUE_LIMIT)],
  create: (setup, given) =>
    new ShortestExpected(setup, { ...given, quantumNs: UNIT_NS, patience: 1, costNs: 0 }, false),
});

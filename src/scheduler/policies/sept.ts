import { DECLARED, definePolicy, type ParameterSpec, quantum, queueLimit } from '../policy.js';
import { type SeptParameters, ShortestExpected } from '../shortest-expected.js';
import { TYPED_QUEUE_LIMIT } from '../typed-scheduler.js';

export const TARGET: ParameterSpec = {
  key: 'target',
  kind: 'number',
  min: 0,
  default: 10,
  help: 'deadline as a multiple of the type’s size, where the workload states none',
};

export const sept = definePolicy<SeptParameters>({
  name: 'sept',
  title: 'Shortest expected first, under pressure',
  summary:
    'learns how long each type is; the earliest deadline goes first, and a request makes room for much shorter ones ' +
    'that would wait too long',
  reference:
    'SEPT: L. Schrage, Operations Research 16 (1968); index: J. Gittins, Multi-armed Bandit Allocation Indices ' +
    '(1989), for slowdown; deadlines: Liu & Layland, JACM 20 (1973); the rule for preemptions is ours',
  needsTypes: true,
  needsFlows: false,
  preemptive: true,
  // It is, unless preemption does not help.
  workConserving: false,
  clairvoyant: false,
  fifoWithinType: false,
  queues: 'central',
  parameters: [
    quantum(5_000, 'time a request runs before a much shorter one may take its worker'),
    TARGET,
    {
      key: 'patience',
      kind: 'number',
      min: 1,
      default: 4,
      help: 'slowdown that short requests are expected to bear before a longer one makes room',
    },
    {
      key: 'cost',
      kind: 'duration',
      min: 0,
      default: 1_000,
      help: 'worker time that a preemption takes: what the rule reckons with, and what the simulator charges',
    },
    DECLARED,
    queueLimit(TYPED_QUEUE_LIMIT),
  ],
  create: (setup, parameters) => new ShortestExpected(setup, parameters),
  costs: ({ costNs }) => ({ preemptionNs: costNs }),
});

import type { Result } from '../../metrics/result.js';
import { quantityAxis } from '../charts/results.js';
import { type Claim, showSustained, sustained } from './claims.js';
import { byPolicy, type Figure, groupsOf, lines, type Named, TAIL } from './figure.js';

/** The slowdown that is promised. */
const TARGET = 10;
/** Share of the peak that DARC carries then. */
const DARC_SHARE = 0.93;

/** Figure 1: what throughput each policy sustains on Extreme Bimodal, without what a system costs. */
export const figure1: Figure = {
  name: '1',
  chart: (results) => ({
    title: 'Figure 1: Extreme Bimodal, 16 workers',
    caption:
      'Policies simulated without what a system costs, but for 1 us per preemption of time sharing. DARC knows the workload, or learns it from windows of 50 000 requests. Bands are 95 % confidence intervals.',
    panels: [
      {
        x: { label: 'throughput', scale: 'linear', unit: 'rate' },
        y: quantityAxis(TAIL, 'log', [1, 10_000]),
        series: lines(results, named, TAIL, ({ offeredRps }) => offeredRps),
        lines: [{ axis: 'y', at: TARGET, label: `${TARGET}x` }],
      },
    ],
  }),
  claims,
};

/** The paper simulates an ideal DARC. What a DARC that learns adds is a finding of psp. */
function named(result: Result): Named {
  const isLearning = result.policy === 'darc' && !result.policyParameters.oracle;
  return isLearning ? { name: 'DARC, learning', color: 'darc:learning' } : byPolicy(result);
}

function claims(results: readonly Result[]): Claim[] {
  const groups = groupsOf(results, named);
  const learning = sustained(groups.get('darc:learning') ?? [], TARGET);
  const order = ['darc', 'ts', 'c-fcfs', 'd-fcfs'];
  const loads = order.map((policy) => sustained(groups.get(policy) ?? [], TARGET));
  const names = ['DARC', 'TS', 'c-FCFS', 'd-FCFS'];
  return [
    {
      claim: `DARC sustains at least ${DARC_SHARE * 100} % of the peak at a p99.9 slowdown of ${TARGET}`,
      found: `a load of ${showSustained(loads[0]!)}`,
      agrees: loads[0]!.low >= DARC_SHARE,
    },
    {
      claim: `load sustained at a p99.9 slowdown of ${TARGET}: ${names.join(' > ')}`,
      found: names.map((name, i) => `${name} ${showSustained(loads[i]!)}`).join(', '),
      agrees: loads.every(({ high }, i) => i === 0 || loads[i - 1]!.low > high),
    },
    {
      claim: 'the same of a DARC that learns the workload from its windows',
      found: `a load of ${showSustained(learning)}`,
      agrees: learning.low >= DARC_SHARE,
    },
  ];
}

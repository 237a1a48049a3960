import type { Result } from '../../results/result.js';
import { quantityAxis } from '../charts/charted-results.js';
import { type Claim, showSustained, sustained } from './claims.js';
import { byPolicy, type Figure, groupsOf, lines, type Named, TAIL } from './paper-figure.js';

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
      'Policies simulated without what a system costs, but for 1 us per preemption of time sharing. Bands are ' +
      '95 % confidence intervals. A policy that keeps workers idle for short requests sustains more. DARC ' +
      'that learns sometimes gives SHORT too few, because a window holds only about 250 LONG.',
    panels: [
      {
        x: { label: 'throughput', scale: 'linear', unit: 'rate' },
        y: quantityAxis(TAIL, 'log', [1, 10_000]),
        series: lines(results, named, TAIL, ({ offeredRps }) => offeredRps ?? Number.NaN),
        lines: [{ axis: 'y', at: TARGET, label: `${TARGET}x` }],
      },
    ],
  }),
  claims,
};

/** DARC is shown twice: in the paper's simulation it knows the workload, on a machine it learns it. */
function named(result: Result): Named {
  if (result.policy !== 'darc') return byPolicy(result);
  return result.policyParameters.oracle
    ? { name: 'DARC, workload known', color: 'darc' }
    : { name: 'DARC, learning', color: 'darc-learning' };
}

function claims(results: readonly Result[]): Claim[] {
  const groups = groupsOf(results, named);
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
      claim: 'DARC that has to learn the workload, from windows of 50 000 requests with some 250 LONG in each',
      found: `sustains a load of ${showSustained(sustained(groups.get('darc-learning') ?? [], TARGET))}`,
    },
  ];
}

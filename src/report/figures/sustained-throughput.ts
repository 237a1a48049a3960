import type { Result } from '../../results/result.js';
import { type Claim, type Figure, groupsOf, showSustained, sustained } from './claims.js';

/** The slowdown that is promised. */
const TARGET = 10;
/** Share of the peak that DARC carries then. */
const DARC_SHARE = 0.93;

/** DARC is there twice: in the paper's simulation it knows the workload, on a machine it learns it. */
function seriesOf({ policy, policyParameters: { oracle } }: Result): string {
  return policy === 'darc' && !oracle ? 'darc-learning' : policy;
}

/** Figure 1: what throughput each policy sustains on Extreme Bimodal, without what a system costs. */
export const figure1: Figure = { name: '1', claims };

function claims(results: readonly Result[]): Claim[] {
  const groups = groupsOf(results, seriesOf);
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

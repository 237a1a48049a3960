import type { Result } from '../../results/result.js';
import { figure8 } from './changing.js';
import { type Claim, type Figure, type Groups, groupsOf, orderClaim, reservationClaim } from './claims.js';
import { figure4a, figure4b } from './reserved-cores.js';
import { figure1 } from './sustained-throughput.js';
import { systemClaims } from './system-claims.js';

/** In the order of the paper. */
export const figures: readonly Figure[] = [
  figure1,
  loadCurves('3', (groups) => [
    reservationClaim(groups.get('darc') ?? [], 'SHORT 1 | LONG 13'),
    orderClaim(
      groups,
      [
        ['darc', 'DARC'],
        ['c-fcfs', 'c-FCFS'],
        ['d-fcfs', 'd-FCFS'],
      ],
      0.7,
    ),
  ]),
  figure4a,
  figure4b,
  loadCurves('5a', systemClaims([1, 0.8, 0.9, 0.6], 0.6)),
  loadCurves('5b', systemClaims([0.85, 0.6, 0.85, 0.55], 0.5, 'SHORT 2 | LONG 12')),
  loadCurves(
    '6',
    systemClaims([0.9, 0.9, 0.95, 0.55], 0.5, 'Payment+OrderStatus 2 | NewOrder 6 | Delivery+StockLevel 6'),
  ),
  loadCurves('7', systemClaims([1.05, 0.8, 0.65], 0.6)),
  figure8,
];

/** Policies in one system, or systems, by their load. */
function loadCurves(name: string, claims: (groups: Groups) => Claim[]): Figure {
  const seriesOf = ({ policy, system }: Result) => (name === '3' || system === undefined ? policy : system);
  return { name, claims: (results) => claims(groupsOf(results, seriesOf)) };
}

import type { Result } from '../../results/result.js';
import type { Panel } from '../charts/chart.js';
import { type ChartedQuantity, quantityAxis } from '../charts/charted-results.js';
import { type Claim, orderClaim, reservationClaim } from './claims.js';
import { byPolicy, bySystem, type Figure, groupsOf, lines, type Named, TAIL } from './paper-figure.js';
import { systemClaims } from './system-claims.js';

interface LoadCurves {
  readonly name: string;
  readonly workload: string;
  readonly named: (result: Result) => Named;
  /** Types that have their own panel. */
  readonly types: readonly string[];
  /** Both ends of the axis of load. */
  readonly loads: readonly [number, number];
  readonly columns?: number;
  readonly caption: string;
  readonly claims: (groups: ReadonlyMap<string, readonly Result[]>) => Claim[];
}

/** The tail against the load: of all requests as slowdown, of types as sojourn. */
function loadCurves(figure: LoadCurves): Figure {
  const { name, workload, named, types, loads, columns, caption } = figure;
  return {
    name,
    chart: (results) => {
      const panel = (title: string, quantity: ChartedQuantity): Panel => ({
        title,
        x: { label: 'load', scale: 'linear', unit: 'share', range: loads },
        y: quantityAxis(quantity, 'log'),
        series: lines(results, named, quantity),
      });
      return {
        title: `Figure ${name}: ${workload}, 14 workers`,
        caption:
          `${caption} Sojourn and slowdown are measured at the client, with 10 us of network. Bands are 95 % ` +
          'confidence intervals.',
        panels: [
          panel('all requests', TAIL),
          ...types.map((type) => panel(type, { type, metric: 'sojournNs', statistic: 'p99_9' })),
        ],
        ...(columns !== undefined && { columns }),
      };
    },
    claims: (results) => figure.claims(groupsOf(results, named)),
  };
}

export const figure3 = loadCurves({
  name: '3',
  workload: 'High Bimodal',
  named: byPolicy,
  types: ['SHORT', 'LONG'],
  loads: [0, 1],
  caption: 'Three policies with the costs of Perséphone: DARC keeps one core for SHORT.',
  claims: (groups) => [
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
  ],
});

export const figure5a = loadCurves({
  name: '5a',
  workload: 'High Bimodal',
  named: bySystem,
  types: ['SHORT', 'LONG'],
  loads: [0, 1],
  caption: 'Systems with their costs: DARC against preemption (Shinjuku, multi-queue) and work stealing (Shenango).',
  claims: systemClaims([1, 0.8, 0.9, 0.6], 0.6),
});

export const figure5b = loadCurves({
  name: '5b',
  workload: 'Extreme Bimodal',
  named: bySystem,
  types: ['SHORT', 'LONG'],
  loads: [0, 1],
  caption: 'Systems with their costs: DARC against preemption (Shinjuku, single queue) and work stealing (Shenango).',
  claims: systemClaims([0.85, 0.6, 0.85, 0.55], 0.5, 'SHORT 2 | LONG 12'),
});

export const figure6 = loadCurves({
  name: '6',
  workload: 'TPC-C',
  named: bySystem,
  types: ['Payment', 'OrderStatus', 'NewOrder', 'Delivery', 'StockLevel'],
  loads: [0, 1],
  columns: 3,
  caption: 'Systems with their costs, and each transaction by itself.',
  claims: systemClaims([0.9, 0.9, 0.95, 0.55], 0.5, 'Payment+OrderStatus 2 | NewOrder 6 | Delivery+StockLevel 6'),
});

export const figure7 = loadCurves({
  name: '7',
  workload: 'RocksDB',
  named: bySystem,
  types: [],
  loads: [0, 1.05],
  caption: 'Systems with their costs: GET of 1.5 us, SCAN of 635 us, half and half.',
  claims: systemClaims([1.05, 0.8, 0.65], 0.6),
});

import type { Result } from '../../metrics/result.js';
import type { Panel } from '../charts/chart.js';
import { type Quantity, quantityAxis } from '../charts/results.js';
import { type Claim, carried, failsAt, orderClaim, reservationClaim } from './claims.js';
import { byPolicy, bySystem, type Figure, groupsOf, lines, type Named, TAIL } from './figure.js';

interface LoadCurves {
  readonly name: string;
  readonly workload: string;
  readonly named: (result: Result) => Named;
  /** Types with a panel of their own. */
  readonly types: readonly string[];
  /** Both ends of the axis of load. */
  readonly loads: readonly [number, number];
  readonly columns?: number;
  readonly caption: string;
  readonly claims: (groups: ReadonlyMap<string, readonly Result[]>) => Claim[];
}

/** The tail against the load: of all requests as slowdown, of types as latency. */
function loadCurves(figure: LoadCurves): Figure {
  const { name, workload, named, types, loads, columns, caption } = figure;
  return {
    name,
    chart: (results) => {
      const panel = (title: string, quantity: Quantity): Panel => ({
        title,
        x: { label: 'load', scale: 'linear', unit: 'share', range: loads },
        y: quantityAxis(quantity, 'log'),
        series: lines(results, named, quantity),
      });
      return {
        title: `Figure ${name}: ${workload}, 14 workers`,
        caption: `${caption} Latency and slowdown are as the client sees them, 10 us of network included. Bands are 95 % confidence intervals.`,
        panels: [
          panel('all requests', TAIL),
          ...types.map((type) => panel(type, { type, measure: 'sojournNs', statistic: 'p99_9' })),
        ],
        ...(columns !== undefined && { columns }),
      };
    },
    claims: (results) => figure.claims(groupsOf(results, named)),
  };
}

/** A step of load: nearer than that the artifact's figures do not tell. */
const STEP = 0.05;

/**
 * The artifact's figures show each system up to some load; what is shown there may be lost already. What psp knows of the load at which a system fails lies between the last
 * one it carries and the first one it does not.
 */
function carriedClaim(results: readonly Result[], name: string, shown: number): Claim {
  const load = carried(results);
  const fails = failsAt(results);
  return {
    claim: `${name} carries a load of ${shown}, give or take a step of ${STEP}`,
    found: fails === undefined ? `at least ${load}, the highest tried` : `${load}, and fails at ${fails}`,
    agrees: fails !== undefined && Math.abs(load - shown) <= STEP + 1e-9,
  };
}

/** Who fails first: the systems in the order of the loads they carry, those whose intervals meet not told apart. */
function failingOrderClaim(
  groups: ReadonlyMap<string, readonly Result[]>,
  systems: readonly (readonly [system: string, name: string])[],
  shown: readonly number[],
): Claim {
  const found = systems.map(([system, name], i) => {
    const results = groups.get(system) ?? [];
    return {
      name,
      shown: shown[i]!,
      carries: carried(results),
      fails: failsAt(results) ?? Number.POSITIVE_INFINITY,
    };
  });
  const byShown = [...found].sort((a, b) => a.shown - b.shown);
  const name = (sorted: typeof found, key: 'shown' | 'carries') =>
    sorted.map((each, i) => `${i === 0 ? '' : sorted[i - 1]![key] < each[key] ? ' < ' : ' = '}${each.name}`).join('');
  return {
    claim: `the order in which they fail: ${name(byShown, 'shown')}`,
    found: name(
      [...found].sort((a, b) => a.carries - b.carries),
      'carries',
    ),
    // Of every two of which the artifact has one fail first, that one does not carry what the other fails at.
    agrees: found.every((a) => found.every((b) => a.shown >= b.shown || a.carries < b.fails)),
  };
}

const PERSEPHONE = ['persephone', 'Perséphone'] as const;
const SHINJUKU = ['shinjuku', 'Shinjuku'] as const;
const SHENANGO = ['shenango', 'Shenango'] as const;
const SHENANGO_D = ['shenango-d-fcfs', 'Shenango d-FCFS'] as const;
const SYSTEMS = [PERSEPHONE, SHINJUKU, SHENANGO, SHENANGO_D];

function systemClaims(
  shown: readonly number[],
  orderAt: number,
  reservation?: string,
): (groups: ReadonlyMap<string, readonly Result[]>) => Claim[] {
  const systems = SYSTEMS.slice(0, shown.length);
  return (groups) => [
    orderClaim(groups, systems, orderAt),
    failingOrderClaim(groups, systems, shown),
    ...systems.map(([system, name], i) => carriedClaim(groups.get(system) ?? [], name, shown[i]!)),
    ...(reservation === undefined ? [] : [reservationClaim(groups.get('persephone') ?? [], reservation)]),
  ];
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
  claims: systemClaims([1, 0.8, 0.9, 0.6], 0.5),
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

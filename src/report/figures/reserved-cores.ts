import type { Result } from '../../metrics/result.js';
import type { Series } from '../charts/chart.js';
import { pointsOf, type Quantity, quantityAxis } from '../charts/results.js';
import { type Claim, showTail, tailBounds } from './claims.js';
import { type Figure, TAIL } from './figure.js';

/** Figures 4a and 4b: cores that are reserved by hand, against what DARC chooses. */
function reservedCores(name: string, workload: string, expected: number): Figure {
  return {
    name,
    chart: (results) => {
      const { chosen, darc } = split(results);
      const panel = (title: string, quantity: Quantity) => ({
        title,
        x: { label: 'cores reserved for SHORT', scale: 'linear' as const, range: [-0.5, 13.5] as const },
        y: quantityAxis(quantity, 'log'),
        series: [...lines(results, quantity), ...mark(darc, chosen, quantity)],
        ...(chosen !== undefined && {
          lines: [{ axis: 'x' as const, at: chosen, label: `DARC: ${chosen}` }],
        }),
      });
      return {
        title: `Figure ${name}: reserved cores, ${workload}, 14 workers, load 0.9`,
        caption:
          'DARC-static with so many cores of SHORT alone, and DARC, which chooses by itself. Crosses: the other cores are too few for LONG. Bands are 95 % confidence intervals.',
        panels: [panel('all requests', TAIL), panel('SHORT', { ...TAIL, type: 'SHORT' })],
      };
    },
    claims: (results) => claims(results, expected),
  };
}

function split(results: readonly Result[]) {
  const darc = results.find(({ policy }) => policy === 'darc');
  const group = darc?.reservations.at(-1)?.groups.find(({ types }) => types.includes('SHORT'));
  return { darc, chosen: group?.workers.length, fixed: results.filter(({ policy }) => policy === 'darc-static') };
}

const reservedOf = ({ policyParameters }: Result): number => Number(policyParameters.reserved);

function lines(results: readonly Result[], quantity: Quantity): Series[] {
  return [
    {
      name: 'DARC-static',
      color: 'darc-static',
      points: pointsOf(split(results).fixed, reservedOf, quantity),
    },
  ];
}

function mark(darc: Result | undefined, chosen: number | undefined, quantity: Quantity): Series[] {
  if (!darc || chosen === undefined) return [];
  return [{ name: 'DARC', color: 'darc', shape: 'dots', points: pointsOf([darc], () => chosen, quantity) }];
}

function claims(results: readonly Result[], expected: number): Claim[] {
  const { chosen, fixed } = split(results);
  const best = fixed.reduce<Result | undefined>(
    (least, each) => (least && tail(least) <= tail(each) ? least : each),
    undefined,
  );
  const own = fixed.find((each) => reservedOf(each) === chosen);
  const show = (result: Result) => `${reservedOf(result)} (p99.9 slowdown ${showTail(result)})`;
  return [
    { claim: `DARC reserves ${expected} for SHORT`, found: `${chosen ?? 'nothing'}`, agrees: chosen === expected },
    {
      claim: "the best number of reserved cores is DARC's own, but for what the intervals cannot tell apart",
      found: best && own ? `best ${show(best)}, DARC's ${show(own)}` : 'missing',
      // Not worse than the best, as far as can be told.
      agrees: best !== undefined && own !== undefined && tailBounds(own)[0] <= tailBounds(best)[1] && hasTail(own),
    },
  ];
}

function tail(result: Result): number {
  return hasTail(result) ? result.overall.slowdown.p99_9! : Number.POSITIVE_INFINITY;
}

function hasTail(result: Result): boolean {
  return Number.isFinite(tailBounds(result)[0]);
}

export const figure4a = reservedCores('4a', 'High Bimodal', 1);
export const figure4b = reservedCores('4b', 'Extreme Bimodal', 2);

import type { Result } from '../../metrics/result.js';
import type { Series } from '../charts/chart.js';
import { pointsOf, type Quantity, quantityAxis } from '../charts/results.js';
import { type Claim, showTail, tailBounds } from './claims.js';
import { type Figure, TAIL } from './figure.js';
import { tally } from './tally.js';

/** The machine that costs nothing, which shows what is due to costs. */
const IDEAL = 'ideal';

/** Figures 4a and 4b: cores that are reserved by hand, against what DARC chooses. */
function reservedCores(name: string, workload: string, expected: number): Figure {
  return {
    name,
    chart: (results) => {
      const { chosen } = split(results, false);
      const panel = (title: string, quantity: Quantity) => ({
        title,
        x: { label: 'cores reserved for SHORT', scale: 'linear' as const, range: [-0.5, 13.5] as const },
        y: quantityAxis(quantity, 'log'),
        series: [false, true].flatMap((isIdeal) => seriesOf(results, isIdeal, quantity)),
        ...(chosen !== undefined && {
          lines: [{ axis: 'x' as const, at: chosen, label: `DARC: ${chosen}` }],
        }),
      });
      return {
        title: `Figure ${name}: reserved cores, ${workload}, 14 workers, load 0.9`,
        caption:
          'DARC-static with so many cores of SHORT alone, and runs of DARC, which chooses by itself. Crosses: lost or unstable, of DARC-static because the other cores are too few for LONG. Bands are 95 % confidence intervals.',
        panels: [panel('all requests', TAIL), panel('SHORT', { ...TAIL, type: 'SHORT' })],
      };
    },
    claims: (results) =>
      [false, true]
        .filter((isIdeal) => !isIdeal || results.some(isOf(isIdeal)))
        .flatMap((isIdeal) => claims(results, isIdeal, expected)),
  };
}

const isOf =
  (isIdeal: boolean) =>
  ({ system }: Result): boolean =>
    (system === IDEAL) === isIdeal;

function split(all: readonly Result[], isIdeal: boolean) {
  const results = all.filter(isOf(isIdeal));
  const darc = results.filter(({ policy }) => policy === 'darc');
  const [most] = tally(darc.map((run) => String(coresOf(run) ?? 'none')));
  return {
    darc,
    /** What most runs of DARC chose last. */
    chosen: most === undefined || most[0] === 'none' ? undefined : Number(most[0]),
    fixed: results.filter(({ policy }) => policy === 'darc-static'),
  };
}

/** How many cores DARC reserved last for SHORT. */
function coresOf({ reservations }: Result): number | undefined {
  return reservations.at(-1)?.groups.find(({ types }) => types.includes('SHORT'))?.workers.length;
}

const reservedOf = ({ policyParameters }: Result): number => Number(policyParameters.reserved);

function seriesOf(results: readonly Result[], isIdeal: boolean, quantity: Quantity): Series[] {
  const { darc, fixed } = split(results, isIdeal);
  const reserved = darc.filter((run) => coresOf(run) !== undefined);
  const [suffix, color] = isIdeal ? [', no costs', ':ideal'] : ['', ''];
  return [
    { name: `DARC-static${suffix}`, color: `darc-static${color}`, points: pointsOf(fixed, reservedOf, quantity) },
    {
      name: `DARC${suffix}`,
      color: `darc${color}`,
      shape: 'dots' as const,
      points: pointsOf(reserved, (run) => coresOf(run)!, quantity),
    },
  ].filter(({ points }) => points.length > 0);
}

function claims(results: readonly Result[], isIdeal: boolean, expected: number): Claim[] {
  const { darc, chosen, fixed } = split(results, isIdeal);
  const best = fixed.reduce<Result | undefined>(
    (least, each) => (least && tail(least) <= tail(each) ? least : each),
    undefined,
  );
  const own = fixed.find((each) => reservedOf(each) === chosen);
  const show = (result: Result) => `${reservedOf(result)} (p99.9 slowdown ${showTail(result)})`;
  const where = isIdeal ? 'without costs: ' : '';
  return [
    {
      claim: `${where}DARC reserves ${expected} for SHORT`,
      found:
        darc.length === 0
          ? 'missing'
          : tally(darc.map((run) => String(coresOf(run) ?? 'nothing')))
              .map(([cores, times]) => `${cores} in ${times} of ${darc.length} runs`)
              .join(', '),
      agrees: chosen === expected,
    },
    {
      claim: `${where}the best number of reserved cores is DARC's own, but for what the intervals cannot tell apart`,
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

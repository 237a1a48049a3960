import type { Result } from '../../results/result.js';
import type { Series } from '../charts/chart.js';
import { type ChartedQuantity, pointsOf, quantityAxis } from '../charts/charted-results.js';
import { type Claim, isMost, showShares, showTail, tailBounds } from './claims.js';
import { type Figure, TAIL } from './paper-figure.js';

/** Machines that the figures compare: Perséphone, and one that costs nothing. */
const MACHINES = [
  { system: 'persephone', label: '', suffix: '' },
  { system: 'ideal', label: ' without costs', suffix: '/ideal' },
] as const;

/** The results of one machine. */
interface Runs {
  readonly machine: (typeof MACHINES)[number];
  /** DARC-static, for each number of cores. */
  readonly fixed: readonly Result[];
  /** DARC, one run per seed. */
  readonly darc: readonly Result[];
}

/** Figures 4a and 4b: cores that are reserved by hand, against what DARC chooses. */
function reservedCores(name: string, workload: string, expected: number): Figure {
  return {
    name,
    chart: (results) => {
      const machines = split(results);
      const choices = machines.flatMap(({ darc }) => darc.map(chosenBy));
      const panel = (title: string, quantity: ChartedQuantity) => ({
        title,
        x: { label: 'cores reserved for SHORT', scale: 'linear' as const, range: [-0.5, 13.5] as const },
        y: quantityAxis(quantity, 'log'),
        series: machines.flatMap((runs) => seriesOfWorlds(runs, quantity)),
      });
      return {
        title: `Figure ${name}: reserved cores, ${workload}, 14 workers, load 0.9`,
        caption:
          'DARC-static with this many cores for SHORT alone, and DARC, which chooses by itself: a dot for each run, ' +
          `where it chose ${listed(choices)}. Crosses: the cores left are too few for LONG. Bands are 95 % ` +
          'confidence intervals.',
        panels: [panel('all requests', TAIL), panel('SHORT', { ...TAIL, type: 'SHORT' })],
      };
    },
    claims: (results) => split(results).flatMap((runs) => claims(runs, expected)),
  };
}

/** @returns only machines with results */
function split(results: readonly Result[]): Runs[] {
  return MACHINES.map((machine) => {
    const own = results.filter(({ system = 'persephone' }) => system === machine.system);
    return {
      machine,
      fixed: own.filter(({ policy }) => policy === 'darc-static'),
      darc: own.filter(({ policy }) => policy === 'darc'),
    };
  }).filter(({ machine, fixed, darc }) => machine.system === 'persephone' || fixed.length + darc.length > 0);
}

const reservedOf = ({ policyParameters }: Result): number => Number(policyParameters.reserved);

/** Cores of SHORT at the end of a run of DARC; 0 when it reserved none. */
function chosenBy({ reservations }: Result): number {
  return reservations.at(-1)?.groups.find(({ types }) => types.includes('SHORT'))?.workers.length ?? 0;
}

function series({ machine, fixed, darc }: Runs, quantity: ChartedQuantity): Series[] {
  const { label, suffix } = machine;
  return [
    { name: `DARC-static${label}`, color: `darc-static${suffix}`, points: pointsOf(fixed, reservedOf, quantity) },
    { name: `DARC${label}`, color: `darc${suffix}`, shape: 'dots', points: pointsOf(darc, chosenBy, quantity) },
  ];
}

/** Where both worlds are there, the measured points are dots. */
function seriesOfWorlds(runs: Runs, quantity: ChartedQuantity): Series[] {
  const of = (world: Result['world']): Runs => ({
    ...runs,
    fixed: runs.fixed.filter((result) => result.world === world),
    darc: runs.darc.filter((result) => result.world === world),
  });
  const measured = series(of('hw'), quantity).filter(({ points }) => points.length > 0);
  if (measured.length === 0) return series(runs, quantity);
  const named = measured.map(
    (each): Series => ({ ...each, name: `${each.name}, measured`, shape: 'dots', world: 'hw' }),
  );
  return [...series(of('sim'), quantity), ...named];
}

function listed(choices: readonly number[]): string {
  return [...new Set(choices)].sort((a, b) => a - b).join(' or ') || 'nothing';
}

function claims({ machine, fixed, darc }: Runs, expected: number): Claim[] {
  const choices = darc.map((result) => String(chosenBy(result)));
  const best = fixed.reduce<Result | undefined>(
    (least, each) => (least && tail(least) <= tail(each) ? least : each),
    undefined,
  );
  const chosen = [...choices].sort((a, b) => frequency(choices, b) - frequency(choices, a))[0];
  const own = fixed.find((each) => String(reservedOf(each)) === chosen);
  const show = (result: Result) => `${reservedOf(result)} (p99.9 slowdown ${showTail(result)})`;
  return [
    {
      claim: `DARC reserves ${expected} for SHORT${machine.label}`,
      found: choices.length > 0 ? `${showShares(choices)} runs` : 'no run of DARC',
      agrees: isMost(choices, String(expected)),
    },
    {
      claim:
        `the best number of reserved cores${machine.label} is the one DARC chooses, but for what the intervals ` +
        'cannot tell apart',
      found: !best || !own ? 'missing' : hasTail(best) ? `best ${show(best)}, DARC's ${show(own)}` : 'none carries it',
      // Not worse than the best, as far as the intervals tell.
      agrees: best !== undefined && own !== undefined && tailBounds(own)[0] <= tailBounds(best)[1] && hasTail(own),
    },
  ];
}

function frequency(all: readonly string[], value: string): number {
  return all.filter((each) => each === value).length;
}

function tail(result: Result): number {
  return hasTail(result) ? result.overall.slowdown.p99_9! : Number.POSITIVE_INFINITY;
}

function hasTail(result: Result): boolean {
  return Number.isFinite(tailBounds(result)[0]);
}

export const figure4a = reservedCores('4a', 'High Bimodal', 1);
export const figure4b = reservedCores('4b', 'Extreme Bimodal', 2);

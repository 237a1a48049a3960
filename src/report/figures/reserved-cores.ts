import type { Result } from '../../results/result.js';
import { coresAtEnd } from '../plot/plot-chart.js';
import { type Claim, type Figure, isMost, showShares, showTail, tailBounds } from './claims.js';

/** Machines that the figures compare: Perséphone, and one that costs nothing. */
const MACHINES = [
  { system: 'persephone', label: '' },
  { system: 'ideal', label: ' without costs' },
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
function reservedCores(name: string, expected: number): Figure {
  return { name, claims: (results) => split(results).flatMap((runs) => claims(runs, expected)) };
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
const chosenBy = (result: Result): number => coresAtEnd(result, 'SHORT');

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

export const figure4a = reservedCores('4a', 1);
export const figure4b = reservedCores('4b', 2);

import { type Carried, type Claim, carried, type Groups, orderClaim, reservationClaim, showCarried } from './claims.js';

/** The step of loads in the artifact's figures; they tell nothing finer. */
const STEP = 0.05;
/** Sums of loads in decimals are not exact. */
const ROUNDING = 1e-9;

const SYSTEMS = [
  ['persephone', 'Perséphone'],
  ['shinjuku', 'Shinjuku'],
  ['shenango', 'Shenango'],
  ['shenango-d-fcfs', 'Shenango d-FCFS'],
] as const;

interface Compared extends Carried {
  readonly name: string;
  /** The load up to which the artifact's figure shows it. */
  readonly shown: number;
}

/**
 * What is claimed of the systems of a figure.
 *
 * @param shown the load up to which the artifact's figure shows each of the systems
 * @param orderAt where their tails are compared
 * @param reservation of DARC
 */
export function systemClaims(
  shown: readonly number[],
  orderAt: number,
  reservation?: string,
): (groups: Groups) => Claim[] {
  const systems = SYSTEMS.slice(0, shown.length);
  return (groups) => {
    const compared = systems.map(
      ([system, name], i): Compared => ({ name, shown: shown[i]!, ...carried(groups.get(system) ?? []) }),
    );
    return [
      orderClaim(groups, systems, orderAt),
      failingOrderClaim(compared),
      ...compared.map(carriedClaim),
      ...(reservation === undefined ? [] : [reservationClaim(groups.get('persephone') ?? [], reservation)]),
    ];
  };
}

/** The artifact's figures show each system up to some load, where it may already have failed. */
function carriedClaim(system: Compared): Claim {
  const { name, shown, load } = system;
  // The highest of the artifact's loads that it carries.
  const onGrid = Math.floor(load / STEP + ROUNDING) * STEP;
  return {
    claim: `${name} carries a load of ${shown}, give or take one of the artifact's steps of ${STEP}`,
    found: showCarried(system),
    agrees: Math.abs(onGrid - shown) <= STEP + ROUNDING,
  };
}

/** The order in which systems fail, of those that the artifact's figure shows more than a step apart. */
function failingOrderClaim(compared: readonly Compared[]): Claim {
  const ascending = [...compared].sort((a, b) => a.shown - b.shown);
  const isApart = (a: Compared, b: Compared) => b.shown - a.shown > STEP + ROUNDING;
  const order = ascending.map((system, i) => {
    const before = ascending[i - 1];
    return before ? `${isApart(before, system) ? '<' : '≈'} ${system.name}` : system.name;
  });
  return {
    claim: `the load at which each fails: ${order.join(' ')}`,
    found: ascending.map((system) => `${system.name} ${showCarried(system)}`).join('; '),
    // One carries a load at which the other fails.
    agrees: ascending.every((a) => ascending.every((b) => !isApart(a, b) || a.fails <= b.load)),
  };
}

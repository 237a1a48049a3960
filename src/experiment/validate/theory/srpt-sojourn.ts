/** A service time by its density. */
export interface Density {
  /** Density at x, 1/ns. */
  readonly at: (x: number) => number;
  /** P(S > x). */
  readonly beyond: (x: number) => number;
  /** Where the integrals end: what lies beyond does not count, ns. */
  readonly end: number;
}

export const density = {
  exponential: (mean: number): Density => ({
    at: (x) => Math.exp(-x / mean) / mean,
    beyond: (x) => Math.exp(-x / mean),
    end: 40 * mean,
  }),
  uniform: (min: number, max: number): Density => ({
    at: (x) => (x >= min && x <= max ? 1 / (max - min) : 0),
    beyond: (x) => (x <= min ? 1 : x >= max ? 0 : (max - x) / (max - min)),
    end: max,
  }),
};

const STEPS = 200_000;

/**
 * Mean sojourn in M/G/1 under shortest remaining processing time, ns.
 *
 * L. E. Schrage and L. W. Miller, "The queue M/G/1 with the shortest remaining processing time discipline", Operations
 * Research 14(4), 1966. A request of size x waits lambda (m2(x) + x² P(S > x)) / (2 (1 - rho(x))²) until it first runs,
 * where m2(x) and rho(x) are second moment and load of the sizes up to x, and then takes the integral of dt / (1 -
 * rho(t)) from 0 to x. Integrated by the midpoint rule.
 *
 * @param rate requests per ns
 */
export function meanSojournSrpt(rate: number, { at, beyond, end }: Density): number {
  const dx = end / STEPS;
  let load = 0;
  let second = 0;
  let residence = 0;
  let mean = 0;
  for (let i = 0; i < STEPS; i++) {
    const x = (i + 0.5) * dx;
    const share = at(x) * dx;
    // To the middle of the step.
    const rho = load + (rate * x * share) / 2;
    const m2 = second + (x * x * share) / 2;
    const inService = residence + dx / 2 / (1 - rho);
    mean += share * ((rate * (m2 + x * x * beyond(x))) / (2 * (1 - rho) ** 2) + inService);
    load += rate * x * share;
    second += x * x * share;
    residence += dx / (1 - rho);
  }
  return mean;
}

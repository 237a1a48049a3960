/** 2 x 2, row by row. */
type Matrix = readonly [number, number, number, number];

const IDENTITY: Matrix = [1, 0, 0, 1];

function times([a, b, c, d]: Matrix, [e, f, g, h]: Matrix): Matrix {
  return [a * e + b * g, a * f + b * h, c * e + d * g, c * f + d * h];
}

function plus([a, b, c, d]: Matrix, [e, f, g, h]: Matrix, factor = 1): Matrix {
  return [a + factor * e, b + factor * f, c + factor * g, d + factor * h];
}

function inverse([a, b, c, d]: Matrix): Matrix {
  const determinant = a * d - b * c;
  return [d / determinant, -b / determinant, -c / determinant, a / determinant];
}

/**
 * Mean sojourn in MMPP(2)/M/1, ns: Poisson arrivals whose rate switches between two values.
 *
 * The queue is a quasi-birth-death process; the probabilities of its levels fall by a matrix R, the least solution of L
 * + R D + mu R² = 0, with L the arrival rates and D the rest of the generator (M. F. Neuts, Matrix-Geometric Solutions
 * in Stochastic Models, 1981, chapter 3). With pi the distribution of the two states, the mean number in the system is
 * pi R (I - R)^-1 1, and Little's law makes it a time. R by its fixed point iteration.
 *
 * @param rates in the two states, requests per ns
 * @param staysNs mean lengths of the two states
 * @param serviceNs mean of the exponential service
 */
export function meanSojournMmppM1(
  rates: readonly [number, number],
  staysNs: readonly [number, number],
  serviceNs: number,
): number {
  const mu = 1 / serviceNs;
  const [toSecond, toFirst] = [1 / staysNs[0], 1 / staysNs[1]];
  const arrivals: Matrix = [rates[0], 0, 0, rates[1]];
  const local: Matrix = [-toSecond - rates[0] - mu, toSecond, toFirst, -toFirst - rates[1] - mu];
  const solve = inverse(local);
  let r: Matrix = [0, 0, 0, 0];
  for (let i = 0; i < 1_000_000; i++) {
    const next = times(plus([-arrivals[0], 0, 0, -arrivals[3]], times(r, r), -mu), solve);
    const change = Math.max(...next.map((x, j) => Math.abs(x - r[j]!)));
    r = next;
    if (change < 1e-14) break;
  }
  const first = staysNs[0] / (staysNs[0] + staysNs[1]);
  const [a, b, c, d] = times(r, inverse(plus(IDENTITY, r, -1)));
  const inSystem = first * (a + b) + (1 - first) * (c + d);
  return inSystem / (first * rates[0] + (1 - first) * rates[1]);
}

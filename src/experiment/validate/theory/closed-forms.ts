/**
 * Closed forms of queueing theory. Times are in ns, rates in requests per ns. Unless said otherwise arrivals are
 * Poisson, first come is first served, and the formula is that of L. Kleinrock, Queueing Systems, volume 1 (1975) or
 * volume 2 (1976).
 */

/** First two moments of a service time, ns and ns². */
export interface Moments {
  readonly mean: number;
  readonly second: number;
}

export const moments = {
  constant: (value: number): Moments => ({ mean: value, second: value ** 2 }),
  exponential: (mean: number): Moments => ({ mean, second: 2 * mean ** 2 }),
  uniform: (min: number, max: number): Moments => ({
    mean: (min + max) / 2,
    second: (max ** 3 - min ** 3) / (3 * (max - min)),
  }),
  /** By mean and squared coefficient of variation: variance / mean². */
  varied: (mean: number, scv: number): Moments => ({ mean, second: mean ** 2 * (1 + scv) }),
  /** Density alpha min^alpha x^(-alpha-1), cut off at max and scaled up. */
  boundedPareto: (alpha: number, min: number, max: number): Moments => {
    const moment = (n: number) =>
      ((alpha / (alpha - n)) * (min ** n - min ** alpha * max ** (n - alpha))) / (1 - (min / max) ** alpha);
    return { mean: moment(1), second: moment(2) };
  },
  mixture: (parts: readonly (readonly [probability: number, part: Moments])[]): Moments => ({
    mean: parts.reduce((sum, [p, part]) => sum + p * part.mean, 0),
    second: parts.reduce((sum, [p, part]) => sum + p * part.second, 0),
  }),
};

/**
 * Probability that an arrival has to wait in M/M/c; Erlang's second formula. `work` = lambda / mu < servers. Volume 1,
 * equation (3.40).
 */
export function erlangC(servers: number, work: number): number {
  let term = 1;
  let sum = 1;
  for (let k = 1; k < servers; k++) {
    term *= work / k;
    sum += term;
  }
  const last = (term * work) / servers / (1 - work / servers);
  return last / (sum + last);
}

/** Mean wait in M/M/c, ns. */
export function meanWaitMMc(servers: number, rate: number, serviceNs: number): number {
  return (erlangC(servers, rate * serviceNs) * serviceNs) / (servers - rate * serviceNs);
}

/**
 * The q-quantile of the wait in M/M/c, ns: P(W > t) = C exp(-(c mu - lambda) t). 0 if that share does not wait at all.
 */
export function waitQuantileMMc(servers: number, rate: number, serviceNs: number, q: number): number {
  const delayed = erlangC(servers, rate * serviceNs);
  return delayed <= 1 - q ? 0 : Math.log(delayed / (1 - q)) / (servers / serviceNs - rate);
}

/** Mean wait in M/G/1, ns: Pollaczek and Khinchine. Volume 1, equation (5.72). */
export function meanWaitMG1(rate: number, service: Moments): number {
  return (rate * service.second) / (2 * (1 - rate * service.mean));
}

/**
 * Mean wait of each class in M/G/1 with non-preemptive priorities, ns; highest first. A. Cobham, "Priority assignment
 * in waiting line problems", Operations Research 2(1), 1954; volume 2, equation (3.31).
 */
export function meanWaitsByPriority(
  classes: readonly { readonly rate: number; readonly service: Moments }[],
): number[] {
  const residual = classes.reduce((sum, { rate, service }) => sum + (rate * service.second) / 2, 0);
  let load = 0;
  return classes.map(({ rate, service }) => {
    const above = load;
    load += rate * service.mean;
    return residual / ((1 - above) * (1 - load));
  });
}

/**
 * Loss probability and mean sojourn (ns) of what is not lost in M/M/c/K: `places` for requests, those in service
 * included. Volume 1, section 3.6.
 */
export function mmck(
  servers: number,
  places: number,
  rate: number,
  serviceNs: number,
): { loss: number; sojournNs: number } {
  const weights = [1];
  for (let n = 1; n <= places; n++) weights.push((weights[n - 1]! * rate * serviceNs) / Math.min(n, servers));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const inSystem = weights.reduce((sum, weight, n) => sum + n * weight, 0) / total;
  const loss = weights[places]! / total;
  return { loss, sojournNs: inSystem / (rate * (1 - loss)) };
}

import { erlangC } from '../../src/experiment/validate/theory/closed-forms.js';

/**
 * The q-quantile of the sojourn in M/M/c, ns: an exponential service after a wait that is 0 or exponential, by
 * bisection.
 */
export function sojournQuantileMMc(servers: number, rate: number, serviceNs: number, q: number): number {
  const delayed = erlangC(servers, rate * serviceNs);
  const mu = 1 / serviceNs;
  const theta = servers * mu - rate;
  const beyond = (t: number) =>
    (1 - delayed) * Math.exp(-mu * t) +
    (delayed * (theta * Math.exp(-mu * t) - mu * Math.exp(-theta * t))) / (theta - mu);
  let low = 0;
  let high = 1000 * (serviceNs + 1 / theta);
  for (let i = 0; i < 100; i++) {
    const t = (low + high) / 2;
    if (beyond(t) > 1 - q) low = t;
    else high = t;
  }
  return low;
}

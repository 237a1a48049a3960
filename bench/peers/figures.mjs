import { studentT } from '../../dist/metrics/student.js';

/**
 * Customers per second of processor time, of whole processes and of the steady state, from rounds of
 * `{ customers, cpuSeconds, shortSeconds }`. A round without a short run has timed its steady state only.
 */
export function perSecond(rounds, shortShare, median) {
  const { customers } = rounds[0];
  const long = median(rounds.map(({ cpuSeconds }) => cpuSeconds));
  if (rounds[0].shortSeconds === undefined) return { whole: undefined, steady: customers / long };
  const short = median(rounds.map(({ shortSeconds }) => shortSeconds));
  return { whole: customers / long, steady: (customers * (1 - shortShare)) / (long - short) };
}

/** Is the theoretical mean within the 99 % interval (Student's) of the means of independent rounds? */
export function agreement(means, theory) {
  const mean = means.reduce((sum, each) => sum + each, 0) / means.length;
  const variance = means.reduce((sum, each) => sum + (each - mean) ** 2, 0) / (means.length - 1);
  const half = studentT(means.length - 1, 0.99) * Math.sqrt(variance / means.length);
  return { mean, half, agrees: Math.abs(mean - theory) <= half };
}

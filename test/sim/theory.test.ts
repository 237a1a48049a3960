import { mean, sampleStandardDeviation } from 'simple-statistics';
import { describe, expect, it } from 'vitest';
import { parseWorkload } from '../../src/workload/parse-workload.js';
import { run } from '../support/workloads.js';

const REPLICATIONS = 8;
/** Student's t for 7 degrees of freedom, two-sided: 99.9 %, so that a correct simulator fails once in a thousand seeds; the seed is fixed. */
const T_7 = 5.408;

/** Probability that an arrival has to wait in M/M/c with offered work `a` = lambda / mu (Erlang C). */
function erlangC(c: number, a: number): number {
  let term = 1;
  let sum = 1;
  for (let k = 1; k < c; k++) {
    term *= a / k;
    sum += term;
  }
  const last = (term * a) / c / (1 - a / c);
  return last / (sum + last);
}

async function meanWaitNs(
  policy: string,
  service: string,
  workers: number,
  load: number,
  requests: number,
): Promise<number[]> {
  const workload = parseWorkload(
    `name: theory\ntypes:\n  - { name: ALL, ratio: 1, service: ${service} }\n`,
    'theory.yaml',
  );
  const waits: number[] = [];
  for (let replication = 0; replication < REPLICATIONS; replication++) {
    const { measurements } = await run(policy, workload, { workers, load, requests, replication });
    const { sojournNs, serviceNs } = measurements[0]!;
    waits.push((sojournNs.sum - serviceNs.sum) / sojournNs.count);
  }
  return waits;
}

describe('mean waits agree with queueing theory within the confidence interval of 8 replications', {
  timeout: 120_000,
}, () => {
  const meanNs = 100_000;
  it.each([
    ['M/M/1', 'c-fcfs', '{ exponential: { mean: 100us } }', 1, 0.7, (0.7 / 0.3) * meanNs],
    ['M/M/16 (Erlang C)', 'c-fcfs', '{ exponential: { mean: 100us } }', 16, 0.8, (erlangC(16, 12.8) / 3.2) * meanNs],
    [
      'M/M/64 (Erlang C; the heap of events)',
      'c-fcfs',
      '{ exponential: { mean: 100us } }',
      64,
      0.9,
      (erlangC(64, 57.6) / 6.4) * meanNs,
    ],
    ['M/D/1', 'c-fcfs', '100us', 1, 0.8, (0.8 / (2 * 0.2)) * meanNs],
    ['4 x M/M/1 (random steering)', 'd-fcfs', '{ exponential: { mean: 100us } }', 4, 0.6, (0.6 / 0.4) * meanNs],
  ])('%s', async (_, policy, service, workers, load, expectedNs) => {
    const waits = await meanWaitNs(policy, service, workers, load, workers > 48 ? 2_000_000 : 200_000);
    const halfWidth = (T_7 * sampleStandardDeviation(waits)) / Math.sqrt(REPLICATIONS);
    expect(Math.abs(mean(waits) - expectedNs), `${mean(waits)} ± ${halfWidth}, theory ${expectedNs}`).toBeLessThan(
      halfWidth,
    );
    // An interval so wide that anything fits would prove nothing.
    expect(halfWidth / expectedNs).toBeLessThan(0.1);
  });

  it('Erlang C itself: 16 servers at load 0.8 wait 0.095276 of a service on average', () => {
    expect(erlangC(16, 12.8) / 3.2).toBeCloseTo(0.095276, 6);
  });
});

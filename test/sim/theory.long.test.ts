import { mean, sampleStandardDeviation } from 'simple-statistics';
import { expect, it } from 'vitest';
import { meanWaitMMc } from '../../src/experiment/validate/theory/closed-forms.js';
import { studentT } from '../../src/metrics/student.js';
import { run, shippedWorkload } from '../support/workloads.js';

const REPLICATIONS = 8;
/** Of the workload `exponential`. */
const MEAN_NS = 10_000;

/** The rest of queueing theory is in `psp validate`, whose systems are small; here are the two lists of events. */
it.each([
  ['16 workers, the sorted list', 16, 0.8, 200_000],
  ['64 workers, the heap', 64, 0.9, 1_500_000],
])('M/M/c: the mean wait with %s', { timeout: 120_000 }, async (_, workers, load, requests) => {
  const waits: number[] = [];
  for (let replication = 0; replication < REPLICATIONS; replication++) {
    const options = { workers, load, requests, replication };
    const { histograms } = await run('c-fcfs', shippedWorkload('exponential'), options);
    const { sojournNs, serviceNs } = histograms[0]!;
    waits.push((sojournNs.sum - serviceNs.sum) / sojournNs.count);
  }
  const expectedNs = meanWaitMMc(workers, (workers * load) / MEAN_NS, MEAN_NS);
  const halfWidth = (studentT(REPLICATIONS - 1, 0.999) * sampleStandardDeviation(waits)) / Math.sqrt(REPLICATIONS);
  expect(Math.abs(mean(waits) - expectedNs), `${mean(waits)} ± ${halfWidth}, theory ${expectedNs}`).toBeLessThan(
    halfWidth,
  );
  // An interval so wide that anything fits would prove nothing.
  expect(halfWidth / expectedNs).toBeLessThan(0.1);
});

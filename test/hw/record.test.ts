import { expect, it } from 'vitest';
import { givenDilation } from '../../src/hw/dilation.js';
import { recordOfRun } from '../../src/hw/record.js';
import { finishedRun } from '../../src/hw/run.js';
import { ALONE, LEAD_NS, makeTrace } from '../../src/hw/trace.js';
import { workloadNamed } from './support.js';

const BIMODAL = workloadNamed('bimodal');

/** One worker that takes the same time for every request, first come first served. */
async function played(serviceNs: number, gapNs: number) {
  const trace = await makeTrace(BIMODAL, { rateRps: 1e9 / gapNs }, { seed: 1, requests: 4000, share: ALONE });
  const sentNs = trace.arrivalNs.map((ns) => ns + LEAD_NS);
  let freeNs = 0;
  const repliedNs = sentNs.map((ns) => {
    freeNs = Math.max(freeNs, ns) + serviceNs;
    return freeNs;
  });
  const none = new Float64Array(trace.length).fill(Number.NaN);
  const records = { sentNs, repliedNs, receivedNs: none, dispatchedNs: none, startedNs: none, endedNs: none };
  const counts = {
    ...{ sent: trace.length, received: trace.length, late: 0, skipped: 0, foreign: 0, duplicates: 0, malformed: 0 },
    ...{ sendAttempts: trace.length, nowNs: freeNs },
  };
  const run = finishedRun(givenDilation(1, 1, 4), trace, { records, counts, end: 'complete', durationNs: freeNs });
  return recordOfRun(run, BIMODAL, 0.1).record;
}

it('a run in which the queue grew to the end is unstable, one that kept up is not', async () => {
  expect(await played(1000, 700)).toMatchObject({ growing: true });
  expect(await played(1000, 2000)).toMatchObject({ growing: false });
  expect(await played(1000, 1200)).toMatchObject({ growing: false });
});

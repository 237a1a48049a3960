// Runs one policy in a process of its own: `one-policy.mjs POLICY WORKERS LOAD REQUESTS WORKLOAD [SEED]`, and prints a
// line of JSON. The run goes through the policy interface, with all metrics and the digest, as `psp sim` does. A third
// of the requests more, at most four million, are played first, so that the code is compiled.
import { readFileSync } from 'node:fs';
import { setEngineFlags } from '../dist/experiment/run/simulator-flags.js';

setEngineFlags(true);
const [text, workersText, loadText, requestsText, name, seed = '1'] = process.argv.slice(2);
const { createSimulation } = await import('../dist/sim/simulation.js');
const { parsePolicy } = await import('../dist/scheduler/policy-registry.js');
const { RequestBatch } = await import('../dist/workload/request-source.js');
const { createRequestSource } = await import('../dist/workload/generate.js');
const { parseWorkload } = await import('../dist/workload/parse-workload.js');
const { STREAM, substream } = await import('../dist/workload/random.js');

const workload = parseWorkload(readFileSync(new URL(`../workloads/${name}.yaml`, import.meta.url), 'utf8'), name);
const workers = Number(workersText);
const requests = Number(requestsText);
const warmUp = Math.min(4e6, Math.ceil(requests / 3));
const { policy, parameters } = parsePolicy(text);
const types = workload.types.slice(0, workload.classified);
const simulation = createSimulation({
  workers,
  types: workload.types.length,
  ...policy.costs?.(parameters),
  createScheduler: (world, now, ideal) =>
    policy.create({ workers, types, world, now, random: substream(1, STREAM.stealing), ...ideal }, parameters),
});
const source = createRequestSource(workload, { seed, load: Number(loadText), workers, requests: requests + warmUp });
const batch = new RequestBatch();
simulation.startRecording();
let played = 0;
let began = 0;
let cpuBegan;
for (;;) {
  if (began === 0 && played >= warmUp) {
    began = performance.now();
    cpuBegan = process.cpuUsage();
  }
  source.fill(batch);
  if (batch.length === 0) break;
  simulation.advance(batch, 0, batch.length);
  played += batch.length;
}
const nsPerRequest = ((performance.now() - began) * 1e6) / requests;
const { user, system } = process.cpuUsage(cpuBegan);
const cpuNsPerRequest = ((user + system) * 1000) / requests;
let sumNs = 0;
let count = 0;
for (let type = 0; type < workload.types.length; type++) {
  const { sojournNs } = simulation.histograms(type);
  sumNs += sojournNs.sum;
  count += sojournNs.count;
}
console.log(
  JSON.stringify({
    nsPerRequest,
    cpuNsPerRequest,
    meanSojournNs: sumNs / count,
    maxRssMb: process.resourceUsage().maxRSS / 1024,
  }),
);

// Measures end to end over memif: a load generator in its own process, the net thread, the dispatcher, one worker with
// nothing to do, and back. Prints the unloaded round trip (one request under way) and the rate of a closed loop with 64
// under way, as medians of short slices played in turn. Where there are fewer cores than threads, the threads yield,
// and both figures are mostly those of the machine's scheduler.
import { availableParallelism } from 'node:os';
import { defaultClassifier } from '../dist/hw/machine/classifier-config.js';
import { runLoopback } from '../dist/hw/run/loopback.js';
import { parseWorkload } from '../dist/workload/parse-workload.js';

const quick = process.argv.includes('--quick');
const SLICES = quick ? 1 : 5;
const THREADS = 4;
const poll = availableParallelism() > THREADS ? 'spin' : 'yield';
const yaml = 'name: nothing\ntypes:\n  - { name: SHORT, ratio: 1, service: 1ns }\n';
const { source } = parseWorkload(yaml, 'nothing');

/** Plays one slice, with a limit of requests under way. */
async function slice(window, requests) {
  const common = { eal: [], poll, descriptors: 1024, promiscuous: false };
  const address = { ip: '192.168.10.10', port: 6789 };
  const frame = 'psp';
  const classifier = defaultClassifier(frame);
  const { client } = await runLoopback({
    server: (socket) => ({
      config: {
        ...common,
        device: { kind: 'memif', socket, listens: true },
        address,
        workers: 1,
        application: { name: 'spin' },
        cores: {},
        queues: 1,
      },
      frame,
      classifier,
      workload: source,
      policy: 'c-fcfs',
      seed: 1,
      dilation: 1,
    }),
    client: (socket) => ({
      config: {
        ...common,
        device: { kind: 'memif', socket, listens: false },
        address: { ip: '192.168.10.11', port: 0 },
        server: address,
        cores: [-1],
        concurrency: window,
        drainNs: 1e9,
        share: { clients: 1, index: 0 },
      },
      frame,
      classifier,
      trace: { workload: source, offer: { rateRps: 1e7 }, seed: 1, requests, share: { clients: 1, index: 0 } },
      dilation: 1,
      lateAfterNs: 1e9,
      closedLoop: true,
    }),
  });
  const { sentNs, repliedNs } = client.records;
  const answered = Array.from(repliedNs.keys()).filter((i) => !Number.isNaN(repliedNs[i]));
  const trips = answered.map((i) => repliedNs[i] - sentNs[i]).sort((a, b) => a - b);
  const from = Math.min(...answered.map((i) => sentNs[i]).slice(0, window));
  const to = answered.reduce((latest, i) => Math.max(latest, repliedNs[i]), 0);
  return { p50Ns: trips[trips.length >> 1], rate: (answered.length / (to - from)) * 1e9, answered: answered.length };
}

const median = (values) => values.sort((a, b) => a - b)[values.length >> 1];
const single = [];
const many = [];
for (let i = 0; i < SLICES; i++) {
  single.push(await slice(1, quick ? 2_000 : 20_000));
  many.push(await slice(64, quick ? 10_000 : 200_000));
}
console.log(
  'memif, two processes, ' +
    `${poll === 'spin' ? 'spinning' : `yielding (${availableParallelism()} cores for ${THREADS} busy threads)`}, ` +
    `medians of ${SLICES}:`,
);
console.log(`  one request under way: round trip p50 ${(median(single.map((s) => s.p50Ns)) / 1e3).toFixed(2)} us`);
console.log(`  64 under way: ${(median(many.map((s) => s.rate)) / 1e6).toFixed(3)} M requests/s`);

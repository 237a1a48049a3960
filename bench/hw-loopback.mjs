// The two ends of a loopback of requests that take no time, as orders for src/hw/run: one worker, over memif.
import { availableParallelism } from 'node:os';
import { defaultClassifier } from '../dist/hw/machine/classifier-config.js';
import { parseWorkload } from '../dist/workload/parse-workload.js';

/** A load generator, a worker, the dispatcher and a net thread. */
const THREADS = 4;
const frame = 'psp';
const classifier = defaultClassifier(frame);
const address = { ip: '192.168.10.10', port: 6789 };
const yaml = 'name: nothing\ntypes:\n  - { name: SHORT, ratio: 1, service: 1ns }\n';
export const workload = parseWorkload(yaml, 'nothing');
/** Where there are fewer cores than threads, the threads yield. */
export const poll = availableParallelism() > THREADS ? 'spin' : 'yield';
const common = { eal: [], poll, descriptors: 1024, promiscuous: false };

/** A server whose device is polled by `net`, with its threads on these cores. */
export function serverOrder(socket, net, cores = {}) {
  const device = { kind: 'memif', socket, listens: true };
  return {
    config: { ...common, net, device, address, workers: 1, application: { name: 'spin' }, cores, queues: 1 },
    frame,
    classifier,
    workload: workload.source,
    policy: 'c-fcfs',
    seed: 1,
    dilation: 1,
  };
}

/** A closed loop with a limit of requests under way. */
export function clientOrder(socket, { window, requests, core = -1 }) {
  const share = { clients: 1, index: 0 };
  return {
    config: {
      ...common,
      device: { kind: 'memif', socket, listens: false },
      address: { ip: '192.168.10.11', port: 0 },
      server: address,
      cores: [core],
      concurrency: window,
      drainNs: 1e9,
      share,
    },
    frame,
    classifier,
    trace: { workload: workload.source, offer: { rateRps: 1e7 }, seed: 1, requests, share },
    dilation: 1,
    lateAfterNs: 1e9,
    closedLoop: true,
  };
}

// One dispatcher in a thread of its own against the native world of psp_bench: set up, warm up, then slices on demand.
import { createRequire } from 'node:module';
import { parentPort, workerData } from 'node:worker_threads';
import { setDispatcherFlags } from '../dist/hw/engine-flags.js';

// The very flags a server's dispatcher runs with.
setDispatcherFlags();
const { createDispatcher } = await import('../dist/hw/dispatcher.js');
const { clearSharedMemory, createSharedMemory } = await import('../dist/hw/layout.js');
const { createScheduler, hardwarePolicy } = await import('../dist/hw/policy.js');
const { warmUp, warmUpScheduler } = await import('../dist/hw/warm-up.js');
const { parseWorkload } = await import('../dist/workload/parse-workload.js');

const require = createRequire(import.meta.url);
const native = require('../build/Release/psp_native.node');
const bench = require('../build/Release/psp_bench.node');

const { policy, workers, core, worldCore, rate, window, cpp } = workerData;
const WORKLOAD = `
name: bench
types:
  - { name: SHORT, ratio: 0.995, service: 0.5us }
  - { name: LONG, ratio: 0.005, service: 500us }
`;
const workload = parseWorkload(WORKLOAD, 'bench');
const types = [{ name: 'SHORT' }, { name: 'LONG' }];
const sizes = { workers, types: 2, slots: 16384, arrivalsCapacity: 4096 };
const chosen = hardwarePolicy(policy);
const hooks = { reserved: () => {} };
const memory = createSharedMemory(sizes, native.misalignment);
const bytes = new Uint8Array(memory.buffer, memory.base, memory.totalBytes);
const makeWarmUp = warmUpScheduler(workload, chosen, workers);
const dispatcher = createDispatcher(memory, makeWarmUp);
if (!cpp) warmUp(dispatcher, memory, workload, makeWarmUp);
if (process.env.PSP_MARK) require('node:fs').writeSync(1, '\nPSP WARM\n');

native.pinThread(core);
const QUANTILES = [0.5, 0.99, 0.999, 0.9999];

/**
 * A loop in a function of its own, with nothing after it: code that is optimised while it loops is thrown away when it comes to what it has not seen yet, and that would be
 * counted as the dispatcher's.
 */
function turnUntil(endMs) {
  // The clock allocates a number each time it is read: not within what is measured for garbage.
  while (performance.now() < endMs) for (let i = 0; i < 50; i++) dispatcher.turn();
}

/** One slice over cleared memory; answers dispatches per second, latencies, and the share of its time each of the two threads had its core. */
function slice(seconds) {
  clearSharedMemory(memory);
  dispatcher.reset((pool, now) => createScheduler(chosen, { workers, types, pool, now, random: Math.random }), hooks);
  const world = new bench.BenchWorld(bytes, { window, rate, core: worldCore });
  const begin = performance.now();
  const beginCpu = bench.threadCpuSeconds();
  if (cpp) {
    bench.cppDispatcher(bytes, seconds);
  } else {
    turnUntil(begin + seconds * 1000);
  }
  const took = (performance.now() - begin) / 1000;
  const ownShare = (bench.threadCpuSeconds() - beginCpu) / took;
  const completed = world.completed();
  const latencies = world.latencies(QUANTILES);
  return { perSecond: completed / took, latencies, share: Math.min(ownShare, world.stop()) };
}

parentPort.on('message', ({ seconds }) => {
  if (seconds === undefined) parentPort.close();
  else parentPort.postMessage(slice(seconds));
});
parentPort.postMessage('ready');

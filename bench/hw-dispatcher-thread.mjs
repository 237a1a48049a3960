// One dispatcher in a thread of its own against the native world of psp_bench: set up, warm up, then slices on demand.
import { createRequire } from 'node:module';
import { parentPort, workerData } from 'node:worker_threads';
import { setEngineFlags } from '../dist/experiment/engine-flags.js';

setEngineFlags();
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
const dispatcher = createDispatcher(memory, warmUpScheduler(workload, chosen, workers));
if (!cpp) warmUp(dispatcher, memory, workload);

native.pinThread(core);
const QUANTILES = [0.5, 0.99, 0.999, 0.9999];

/** One slice over cleared memory; answers dispatches per second and latencies. */
function slice(seconds) {
  clearSharedMemory(memory);
  dispatcher.reset((pool, now) => createScheduler(chosen, { workers, types, pool, now, random: Math.random }), hooks);
  const world = new bench.BenchWorld(bytes, { window, rate, core: worldCore });
  const begin = performance.now();
  if (cpp) {
    bench.cppDispatcher(bytes, seconds);
  } else {
    const end = begin + seconds * 1000;
    // The clock allocates a number each time it is read: not within what is measured for garbage.
    while (performance.now() < end) for (let i = 0; i < 200; i++) dispatcher.turn();
  }
  const took = (performance.now() - begin) / 1000;
  const completed = world.completed();
  const latencies = world.latencies(QUANTILES);
  world.stop();
  return { perSecond: completed / took, latencies };
}

parentPort.on('message', ({ seconds }) => {
  if (seconds === undefined) parentPort.close();
  else parentPort.postMessage(slice(seconds));
});
parentPort.postMessage('ready');

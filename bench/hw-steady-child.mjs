// Runs a dispatcher at 2 M requests/s for some seconds after its warm-up, between marks on stdout. See hw-steady.mjs.
import { writeSync } from 'node:fs';
import { Worker } from 'node:worker_threads';

const seconds = Number(process.argv[2]);
const workerData = { core: 0, worldCore: 1, rate: 2e6, window: 1024, cpp: false, policy: process.argv[3], workers: 14 };
const worker = new Worker(new URL('../dist/hw/dispatcher/dispatcher-probe-thread.js', import.meta.url), { workerData });
let slices = 0;
worker.on('message', (message) => {
  // The first slice on native rings belongs to the warm-up.
  if (slices === 1) writeSync(1, '\nPSP MEASURE\n');
  if (slices === 2) {
    writeSync(1, `\nPSP END ${message.perSecond}\n`);
    worker.postMessage({});
    return;
  }
  worker.postMessage({ seconds: slices === 0 ? Math.min(3, seconds) : seconds });
  slices++;
});

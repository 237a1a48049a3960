/** The thread one simulation runs in. */
import { parentPort, workerData } from 'node:worker_threads';
import { setEngineFlags } from './engine-flags.js';
import type { Environment } from './environment.js';
import { RunControl } from './run-control.js';
import type { RunSpec } from './run-spec.js';

export interface WorkerTask {
  readonly spec: RunSpec;
  readonly run: number;
  /** Runs there may be at most. */
  readonly most: number;
  readonly control: SharedArrayBuffer;
  readonly environment: Environment;
}

// First the flags, then the simulator: see there.
setEngineFlags();
const { measure } = await import('./run-simulation.js');

const { spec, run, most, control: buffer, environment } = workerData as WorkerTask;
const control = new RunControl(most, buffer);
const measured = await measure(spec, {
  environment,
  onProgress: (done) => control.report(run, done),
  shouldStop: () => control.stopped,
});
control.report(run, 1);
const buffers = measured.record.measurements.flatMap((type) =>
  [type.slowdown, type.sojournNs, type.serviceNs].map(({ counts }) => counts.buffer as ArrayBuffer),
);
parentPort!.postMessage(measured, [...new Set(buffers)]);

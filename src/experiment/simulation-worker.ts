/** The thread one simulation runs in. */
import { parentPort, workerData } from 'node:worker_threads';
import { setEngineFlags } from './engine-flags.js';
import type { Environment } from './environment.js';
import { RunControl } from './run-control.js';
import type { RunSpec } from './run-spec.js';

export interface WorkerTask {
  readonly spec: RunSpec;
  readonly run: number;
  readonly runs: number;
  readonly control: SharedArrayBuffer;
  readonly environment: Environment;
}

// First the flags, then the simulator: see there.
setEngineFlags();
const { runSimulation } = await import('./run-simulation.js');

const { spec, run, runs, control: buffer, environment } = workerData as WorkerTask;
const control = new RunControl(runs, buffer);
const result = await runSimulation(spec, {
  environment,
  onProgress: (done) => control.report(run, done),
  shouldStop: () => control.stopped,
});
control.report(run, 1);
parentPort!.postMessage(result);

/** A thread that runs simulations, one at a time. */

import { parentPort, workerData } from 'node:worker_threads';
import { policyFault } from '../../policy-files/policy-faults.js';
import { type SentError, sendError } from '../../units/errors.js';
import type { Environment } from '../environment.js';
import type { SentSpec } from '../plan/run-spec.js';
import { RunControl } from './run-control.js';
import { isReusable, setEngineFlags } from './simulator-flags.js';

export interface WorkerData {
  /** See simulator-flags.ts. */
  readonly inlineAll: boolean;
}

/** The error of a task that failed. */
export interface Failed {
  readonly failed: SentError;
}

/** What it answered, and whether a next run in this thread would be slow. */
export interface Answered<T> {
  readonly answer: T;
  readonly spent: boolean;
}

export interface WorkerTask {
  /** Measure the run, or only find where its warm-up ends. */
  readonly task: 'measure' | 'seek';
  readonly spec: SentSpec;
  readonly run: number;
  /** The most runs that are possible. */
  readonly most: number;
  readonly control: ArrayBufferLike;
  readonly environment: Environment;
}

// The flags come before the simulator is loaded: see simulator-flags.ts.
setEngineFlags((workerData as WorkerData).inlineAll);
const { runRaw, seekWarmUp } = await import('./run-simulation.js');
const { receiveSpec } = await import('../plan/run-spec.js');
const { createSimulationStock } = await import('../../sim/simulation-setup.js');
const stock = createSimulationStock();

parentPort!.on('message', (task: WorkerTask) => {
  perform(task).catch((error: unknown) =>
    parentPort!.postMessage({ failed: sendError(policyFault(error) ?? error) } satisfies Failed),
  );
});

async function perform({ task, spec: sent, run, most, control: buffer, environment }: WorkerTask): Promise<void> {
  const control = new RunControl(most, buffer);
  const shouldStop = () => control.stopped;
  const spec = receiveSpec(sent);
  const hooks = { shouldStop, ...(isReusable(spec) && { stock }) };
  if (task === 'seek') {
    const answer = await seekWarmUp(spec, hooks);
    parentPort!.postMessage({ answer, spent: stock.isSpent() } satisfies Answered<unknown>);
    return;
  }
  const measured = await runRaw(spec, { environment, ...hooks, onProgress: (done) => control.report(run, done) });
  control.report(run, 1);
  // Its arrays are copied, not transferred: once a buffer is detached, V8 throws away all code that uses typed arrays,
  // and from then on checks before each access whether the buffer is still there.
  parentPort!.postMessage({ answer: measured, spent: stock.isSpent() } satisfies Answered<unknown>);
}

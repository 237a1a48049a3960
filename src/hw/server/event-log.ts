import { Worker } from 'node:worker_threads';
import { createEventMemory, openEventRing } from '../../events/event-ring.js';
import { entryPoint } from '../../files/entry-point.js';
import { policyCodeOf } from '../../policy-files/policy-hashes.js';
import { plainParameters } from '../../scheduler/policy.js';
import type { TypedPolicy } from '../../scheduler/policy-registry.js';
import { EnvironmentError } from '../../units/errors.js';
import type { Workload } from '../../workload/workload.js';
import { declaredProfile, hardwarePolicy, schedulerTypes } from '../dispatcher/hardware-policy.js';
import type { EventWriterData } from './event-writer-thread.js';

/** Events that may wait for the writer: a tenth of a second at a million requests per second. */
const CAPACITY = 1 << 19;

/** A log of what the dispatcher tells its scheduler and what the scheduler decides. */
export interface EventLog {
  /**
   * Writes what is left. To be called when the dispatcher has ended. Never rejects: a run counts even if its log is
   * lost.
   */
  close(): Promise<ClosedLog>;
}

export interface ClosedLog {
  /** Events that the full ring lost. */
  readonly lost: number;
  /** Why the file is not whole, in one line. */
  readonly error?: string;
}

export interface RunToLog {
  readonly policy: TypedPolicy;
  readonly workload: Workload;
  readonly workers: number;
  readonly seed: string | number;
  readonly dilation: number;
}

/** The ring for the dispatcher's thread. */
export function createEventLogMemory(): SharedArrayBuffer {
  return createEventMemory(CAPACITY);
}

/**
 * Opens the file and starts the thread that fills it. The dispatcher must be ready, because its warm-up uses the same
 * ring.
 *
 * @throws EnvironmentError when the file cannot be written
 */
export async function openEventLog(memory: SharedArrayBuffer, path: string, run: RunToLog): Promise<EventLog> {
  const chosen = hardwarePolicy(run.policy, run.dilation);
  const header: EventWriterData['header'] = {
    world: 'hw',
    policy: run.policy.text,
    policyCode: policyCodeOf(chosen),
    parameters: plainParameters(chosen.parameters),
    workload: run.workload.name,
    workers: run.workers,
    types: schedulerTypes(run.workload, run.dilation),
    ...declaredProfile(chosen, run.workload, run.dilation),
    seed: String(run.seed),
    replication: 0,
    dilation: run.dilation,
  };
  const data: EventWriterData = { memory, path, header };
  const thread = new Worker(entryPoint('hw/server/event-writer-thread'), { workerData: data });
  const exited = new Promise<void>((resolve, reject) => {
    thread.once('error', (error) => reject(new EnvironmentError(`${path}: cannot be written: ${error.message}`)));
    thread.once('exit', () => resolve());
  });
  const opened = new Promise<void>((resolve) => thread.once('message', () => resolve()));
  await Promise.race([opened, exited]);
  // A disk that fills up must not end the run; close() reports it.
  exited.catch(() => {});
  return {
    close: async () => {
      const ring = openEventRing(memory);
      ring.end();
      const error = await exited.then(
        () => undefined,
        (failure: Error) => failure.message,
      );
      return { lost: ring.lost(), ...(error !== undefined && { error }) };
    },
  };
}

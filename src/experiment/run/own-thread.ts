/** Simulations in the thread of the command. */

import { setImmediate } from 'node:timers/promises';
import { describeEnvironment } from '../environment.js';
import type { RunSpec } from '../plan/run-spec.js';
import type { RunControl } from './run-control.js';
import { setEngineFlags, wantsInlining } from './simulator-flags.js';
import { type Answers, explain, type ThreadPool } from './thread-pool.js';

/**
 * May the run take place in the thread of the command, which hears Ctrl-C only between two batches of requests? A
 * preemptive policy and a system may have any number of events per request, and a policy of a file may never return.
 */
export function suitsOwnThread({ policy, system }: RunSpec): boolean {
  return !policy.policy.preemptive && system === undefined && policy.code === undefined;
}

/**
 * Runs one simulation at a time. Starting a thread and loading the simulator there takes 0.1 s of processor time.
 *
 * @param isOnly will there be one run only? Flags that are best for a long one hold for all that follow.
 */
export function createOwnThread(isOnly = false): ThreadPool {
  const environment = describeEnvironment();
  return {
    cores: 1,
    async run<T extends keyof Answers>(task: T, spec: RunSpec, control: RunControl, index: number) {
      setEngineFlags(isOnly && wantsInlining(spec));
      const { runRaw, seekWarmUp } = await import('./run-simulation.js');
      const shouldStop = () => control.stopped;
      const pause = () => setImmediate();
      try {
        if (task === 'seek') return (await seekWarmUp(spec, { shouldStop, pause })) as Answers[T];
        const onProgress = (done: number) => control.report(index, done);
        const measured = await runRaw(spec, { environment, shouldStop, pause, onProgress });
        control.report(index, 1);
        return measured as Answers[T];
      } catch (error) {
        throw explain(error as Error, spec);
      }
    },
    close: () => {},
  };
}

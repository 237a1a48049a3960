/** Simulations in the thread of the command, for a run that is shorter than the start of a thread. */

import { describeEnvironment } from '../environment.js';
import type { RunSpec } from '../plan/run-spec.js';
import type { RunControl } from './run-control.js';
import { setEngineFlags } from './simulator-flags.js';
import type { Answers, ThreadPool } from './thread-pool.js';

/** A run of fewer requests takes at most 0.1 s, so that Ctrl-C and the progress line can wait for it. */
const SHORT_REQUESTS = 100_000;

/**
 * Is the run certainly short? A preemptive policy and a system may have any number of events per request, and a
 * command that is busy with them would not hear Ctrl-C.
 */
export function isShort({ policy, system, end }: RunSpec): boolean {
  return 'requests' in end && end.requests < SHORT_REQUESTS && !policy.policy.preemptive && system === undefined;
}

/** Runs one simulation at a time. Starting a thread and loading the simulator there takes 0.1 s of processor time. */
export function createOwnThread(): ThreadPool {
  const environment = describeEnvironment();
  return {
    cores: 1,
    async run<T extends keyof Answers>(task: T, spec: RunSpec, control: RunControl, index: number) {
      setEngineFlags(false);
      const { runRaw, seekWarmUp } = await import('./run-simulation.js');
      const shouldStop = () => control.stopped;
      if (task === 'seek') return (await seekWarmUp(spec, { shouldStop })) as Answers[T];
      const onProgress = (done: number) => control.report(index, done);
      const measured = await runRaw(spec, { environment, shouldStop, onProgress });
      control.report(index, 1);
      return measured as Answers[T];
    },
    close: () => {},
  };
}

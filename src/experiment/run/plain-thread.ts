/** Simulations in the thread that asks for them, without Node. */

import type { Manifest } from '../../results/result.js';
import type { OpenWorkload } from '../plan/open-generated.js';
import type { RunSpec } from '../plan/run-spec.js';
import { playRun, playWarmUp } from './play-run.js';
import type { RunControl } from './run-control.js';
import type { Answers, ThreadPool } from './thread-pool.js';

/** Nothing here knows where a run is played. */
const NOWHERE: Manifest = {
  version: '',
  commit: null,
  node: '',
  cpu: '',
  configHash: '',
  startedAt: '',
  wallSeconds: 0,
};

/** Runs one simulation at a time. Other events of the thread have their turn between two runs. */
export function createPlainThread(open: (spec: RunSpec) => OpenWorkload): ThreadPool {
  return {
    cores: 1,
    async run<T extends keyof Answers>(task: T, spec: RunSpec, control: RunControl, index: number) {
      await new Promise((resolve) => setTimeout(resolve));
      const shouldStop = () => control.stopped;
      if (task === 'seek') return (await playWarmUp(spec, open(spec), { shouldStop })) as Answers[T];
      const onProgress = (done: number) => control.report(index, done);
      const { identity, record } = await playRun(spec, open, { shouldStop, onProgress });
      control.report(index, 1);
      return { identity, record, manifest: NOWHERE } as Answers[T];
    },
    close: () => {},
  };
}

/** Runs that a referee watches. */

import type { Result } from '../../results/result.js';
import type { FoundWarmUp } from '../../sim/find-warm-up.js';
import type { RunSpec } from '../plan/run-spec.js';
import { withCommonWarmUp } from './common-warm-up.js';
import { runSimulation, seekWarmUp } from './run-simulation.js';
import { setEngineFlags } from './simulator-flags.js';
import { watchOver } from './watch-over.js';

/** What became of a run: its result, or the first promise that was broken. */
export interface WatchedRun {
  readonly spec: RunSpec;
  readonly result?: Result;
  readonly violation?: { readonly property: string; readonly story: string };
}

/**
 * Simulates policies under a referee, one after the other. The decisions are the same as without it. A run ends soon
 * after the first promise that is broken.
 *
 * @throws InputError when a policy refuses the setup
 */
export async function runWatched(specs: readonly RunSpec[]): Promise<WatchedRun[]> {
  setEngineFlags(false);
  const found: (FoundWarmUp | undefined)[] = [];
  // A run that is alone finds its warm-up by itself.
  for (const spec of specs.length > 1 ? specs : []) found.push(await seekWatched(spec));
  const planned = found.some((each) => each) ? withCommonWarmUp(specs, found) : specs;
  const runs: WatchedRun[] = [];
  for (const spec of planned) runs.push(await runOne(spec));
  return runs;
}

async function seekWatched(spec: RunSpec): Promise<FoundWarmUp | undefined> {
  if (spec.warmup !== 'find') return undefined;
  const watch = watchOver(spec.system !== undefined);
  const policy = { ...spec.policy, ...watch.watch(spec.policy) };
  const found = await seekWarmUp({ ...spec, policy }, { shouldStop: () => watch.violation() !== undefined });
  return watch.violation() ? undefined : found;
}

async function runOne(spec: RunSpec): Promise<WatchedRun> {
  const { watch, violation, finish } = watchOver(spec.system !== undefined);
  const result = await runSimulation(spec, { watch, shouldStop: () => violation() !== undefined });
  if (!result.interrupted) finish();
  const first = violation();
  // What a policy does that breaks its promises is no result.
  return first ? { spec, violation: first } : { spec, result };
}

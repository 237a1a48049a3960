/** Runs that a referee watches. */

import { createReferee, type Referee } from '../../check/referee.js';
import type { Result } from '../../results/result.js';
import type { Policy } from '../../scheduler/policy.js';
import type { ChosenPolicy } from '../../scheduler/policy-registry.js';
import type { RunSpec } from '../plan/run-spec.js';
import { runSimulation } from './run-simulation.js';
import { setEngineFlags } from './simulator-flags.js';

/** A result, and the first promise that was broken: which one, and what happened. */
export interface WatchedResult {
  readonly result: Result;
  readonly violation?: { readonly property: string; readonly story: string };
}

/**
 * Simulates one policy under a referee. The decisions are the same as without it. The run ends soon after the first
 * promise that is broken.
 *
 * @throws InputError when the policy refuses the setup
 */
export async function runWatched(spec: RunSpec): Promise<WatchedResult> {
  setEngineFlags(false);
  let referee: Referee | undefined;
  const isBroken = () => (referee?.violations.length ?? 0) > 0;
  const watch = (chosen: ChosenPolicy): ChosenPolicy => {
    const create: Policy['create'] = (setup) => {
      // The simulator tells every scheduler the demand of what arrives; a policy that is not clairvoyant never sees it.
      const next = () => ({ arrivalNs: setup.now[0]!, demandNs: setup.demandNs![0]! });
      referee = createReferee(chosen, setup, { next, toldLate: spec.system !== undefined, history: false });
      return referee;
    };
    return { ...chosen, policy: { ...chosen.policy, create } };
  };
  const result = await runSimulation(spec, { watch, shouldStop: isBroken });
  if (!result.interrupted) referee!.finish();
  const [violation] = referee!.violations;
  return { result, ...(violation && { violation }) };
}

import { createResult } from '../../metrics/create-result.js';
import type { RawRun } from '../../metrics/replications.js';
import { policyCodeOf } from '../../policy-files/policy-hashes.js';
import type { Result } from '../../results/result.js';
import type { ChosenPolicy } from '../../scheduler/policy-registry.js';
import type { FoundWarmUp } from '../../sim/find-warm-up.js';
import { describeEnvironment, type Environment } from '../environment.js';
import { openWorkload } from '../plan/open-workload.js';
import { configHash, type RunSpec } from '../plan/run-spec.js';
import { type PlayHooks, playRun, playWarmUp } from './play-run.js';

export interface RunHooks extends Omit<PlayHooks, 'recorded'> {
  readonly environment?: Environment;
  /** Puts something between the world and the policy that changes no decision. */
  readonly watch?: (policy: ChosenPolicy) => ChosenPolicy;
}

/** Simulates one policy. The result depends only on the spec and the code, whatever thread it runs in. */
export async function runSimulation(spec: RunSpec, hooks: RunHooks = {}): Promise<Result> {
  const { identity, record, manifest } = await runRaw(spec, hooks);
  return createResult(identity, record, manifest);
}

/** The same, with the histograms still there, so that replications can be merged. */
export async function runRaw(given: RunSpec, hooks: RunHooks = {}): Promise<RawRun> {
  const startedAt = new Date();
  const startedMs = performance.now();
  const { environment = describeEnvironment(), watch = (policy) => policy } = hooks;
  let close = () => {};
  const recorded: PlayHooks['recorded'] = async (spec, workload) => {
    if (given.record === undefined) return watch(spec.policy);
    // Loaded when needed: the checks of event files take longer to load than a short run takes.
    const { recordSimulation } = await import('./event-recording.js');
    const recording = recordSimulation(given.record, spec, workload);
    close = () => recording.close();
    return watch(recording.policy);
  };
  const isRecorded = given.record !== undefined || hooks.watch !== undefined;
  const played = await playRun(given, openWorkload, { ...hooks, ...(isRecorded && { recorded }) });
  close();
  const { spec, workload, identity, record, costs } = played;
  // A policy that a program has made itself shows no code.
  const code = policyCodeOf(spec.policy);
  return {
    identity,
    record,
    manifest: {
      ...environment,
      configHash: configHash(spec),
      ...(code.sha256 !== '' && { policyCode: code }),
      ...(costs && { costs }),
      ...(workload.notes.length > 0 && { notes: workload.notes }),
      startedAt: startedAt.toISOString(),
      wallSeconds: Math.round(performance.now() - startedMs) / 1000,
    },
  };
}

/** Plays the beginning of a run to find where its warm-up ends. */
export function seekWarmUp(spec: RunSpec, hooks: RunHooks = {}): Promise<FoundWarmUp> {
  return playWarmUp(spec, openWorkload(spec), hooks);
}

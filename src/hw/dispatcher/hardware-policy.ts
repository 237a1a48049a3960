/** Makes a scheduler on a real machine from a policy. */

import type { Parameters } from '../../scheduler/policy.js';
import type { ChosenPolicy, PolicyCode, TypedPolicy } from '../../scheduler/policy-registry.js';
import type { Scheduler, SchedulerSetup, TrueProfile, TypeInfo } from '../../scheduler/scheduler.js';
import { InputError } from '../../units/errors.js';
import { trueProfile, type Workload } from '../../workload/workload.js';

/**
 * The policy of a hardware run, with its times stretched like all times of a dilated run.
 *
 * @throws InputError when it cannot exist on a real machine
 */
export function hardwarePolicy(chosen: TypedPolicy, dilation = 1): TypedPolicy {
  if (chosen.policy.clairvoyant) {
    throw new InputError(
      `${chosen.policy.name}: knows the remaining service demand, which no real machine does; run it with psp sim`,
    );
  }
  if (chosen.parameters.oracle === true) {
    throw new InputError(
      `${chosen.policy.name}:oracle: knows the true profile, which no real machine does; run it with psp sim, or ` +
        `begin with what the workload states: ${chosen.policy.name}:declared`,
    );
  }
  const parameters: Record<string, number | string | boolean> = { ...chosen.parameters };
  for (const spec of chosen.policy.parameters) {
    if (spec.kind !== 'duration') continue;
    // Whole nanoseconds, because a recording keeps no others.
    const ns = Math.round((parameters[`${spec.key}Ns`] as number) * dilation);
    if (spec.max !== undefined && ns > spec.max) {
      throw new InputError(
        `${chosen.policy.name}:${spec.key}: stretched ${dilation} times this is ${ns / 1e9} s: ` +
          `expected at most ${spec.max / 1e9} s of real time`,
      );
    }
    parameters[`${spec.key}Ns`] = ns;
  }
  return { ...chosen, parameters: parameters as Parameters };
}

/** A policy as it goes to a thread or process, where `receivePolicy` reads it. */
export interface SentPolicy {
  /** As typed. */
  readonly policy: string;
  /** Of the file that it names. */
  readonly code?: PolicyCode;
}

export function sentPolicy({ text, code }: TypedPolicy): SentPolicy {
  return { policy: text, ...(code && { code }) };
}

/** What a scheduler is told about the classified types, with deadlines stretched. */
export function schedulerTypes(workload: Workload, dilation = 1): TypeInfo[] {
  return workload.types.slice(0, workload.classified).map(({ name, deadlineNs, sloNs }) => ({
    name,
    ...(deadlineNs !== undefined && { deadlineNs: deadlineNs * dilation }),
    ...(sloNs !== undefined && { sloNs: sloNs * dilation }),
  }));
}

/** What the workload states, with its times stretched, for a policy that begins with it; nothing for others. */
export function declaredProfile(
  { parameters }: ChosenPolicy,
  workload: Workload,
  dilation = 1,
): { readonly trueProfile?: TrueProfile } {
  if (parameters.declared !== true) return {};
  const { meanNs, ratio } = trueProfile(workload);
  return { trueProfile: { meanNs: meanNs.map((ns) => ns * dilation), ratio } };
}

export function createScheduler({ policy, parameters }: ChosenPolicy, setup: SchedulerSetup): Scheduler {
  return policy.create(setup, parameters);
}

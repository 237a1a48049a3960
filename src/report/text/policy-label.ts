import type { Result } from '../../results/result.js';
import { defaultParameters, type Policy } from '../../scheduler/policy.js';
import { describePolicy, policies } from '../../scheduler/policy-registry.js';

/** A result's policy as it would be typed: `darc`, `ts:quantum=10us`; after its system, when it ran in one: `shinjuku/ts`. */
export function policyLabel(result: Pick<Result, 'policy' | 'policyParameters' | 'system'>): string {
  const { system } = result;
  return system === undefined ? policyText(result) : `${system}/${policyText(result)}`;
}

function policyText(result: Pick<Result, 'policy' | 'policyParameters'>): string {
  const policy = policyOf(result);
  if (!policy) return result.policy;
  const given = Object.entries(result.policyParameters).map(([key, value]) => [
    key,
    value === 'unbounded' || value === null ? Number.POSITIVE_INFINITY : value,
  ]);
  return describePolicy({ policy, parameters: { ...defaultParameters(policy), ...Object.fromEntries(given) } });
}

/** Undefined for a result of another version of psp, which may have had other policies. */
function policyOf(result: Pick<Result, 'policy'>): Policy | undefined {
  return policies.find((policy) => policy.name === result.policy);
}

import { exactDuration } from '../units/duration.js';
import { defaultParameters, type Policy } from './policy.js';
import { describePolicy, policies } from './policy-registry.js';

/** What a result says of its policy. */
interface RecordedPolicy {
  readonly policy: string;
  readonly policyParameters: Readonly<Record<string, number | string | boolean | null>>;
  readonly policyDefaults?: Readonly<Record<string, number | string | boolean | null>> | undefined;
  readonly system?: string | undefined;
}

/**
 * The policy of a result as it would be typed: `darc`, `ts:quantum=10us`; after its system, when it ran in one:
 * `shinjuku/ts`.
 */
export function policyLabel(result: RecordedPolicy): string {
  const { system } = result;
  return system === undefined ? policyText(result) : `${system}/${policyText(result)}`;
}

function policyText(result: RecordedPolicy): string {
  const policy = policyOf(result);
  if (!policy) return otherPolicyText(result);
  const given = Object.entries(result.policyParameters).map(([key, value]) => [
    key,
    value === 'unbounded' || value === null ? Number.POSITIVE_INFINITY : value,
  ]);
  return describePolicy({ policy, parameters: { ...defaultParameters(policy), ...Object.fromEntries(given) } });
}

/** A policy from a file: its result has its defaults. Without them, only its name is known. */
function otherPolicyText({ policy, policyParameters, policyDefaults }: RecordedPolicy): string {
  if (!policyDefaults) return policy;
  const given = Object.entries(policyParameters).filter(([key, value]) => policyDefaults[key] !== value);
  const settings = given.map(([key, value]) => {
    if (value === true) return key;
    return key.endsWith('Ns') ? `${key.slice(0, -2)}=${exactDuration(Number(value))}` : `${key}=${value}`;
  });
  return [policy, ...settings].join(':');
}

/** Undefined for a result of another version of psp, which may have had other policies. */
function policyOf(result: RecordedPolicy): Policy | undefined {
  return policies.find((policy) => policy.name === result.policy);
}

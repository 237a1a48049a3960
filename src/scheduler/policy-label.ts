import { defaultParameters, type Policy } from './policy.js';
import { describePolicy, policies } from './policy-registry.js';

/** What a result says of its policy. */
interface RecordedPolicy {
  readonly policy: string;
  readonly policyParameters: Readonly<Record<string, number | string | boolean | null>>;
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
  if (!policy) return result.policy;
  const given = Object.entries(result.policyParameters).map(([key, value]) => [
    key,
    value === 'unbounded' || value === null ? Number.POSITIVE_INFINITY : value,
  ]);
  return describePolicy({ policy, parameters: { ...defaultParameters(policy), ...Object.fromEntries(given) } });
}

/** Undefined for a result of another version of psp, which may have had other policies. */
function policyOf(result: RecordedPolicy): Policy | undefined {
  return policies.find((policy) => policy.name === result.policy);
}

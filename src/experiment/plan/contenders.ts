import { parsePolicy } from '../../scheduler/policy-registry.js';
import { policyOf, type System } from '../../sim/parse-system.js';
import { InputError } from '../../units/errors.js';
import { readSystem } from './files.js';
import type { Contender } from './plan-input.js';
import type { AskedSettings } from './run-settings.js';
import type { RunSpec } from './run-spec.js';

/**
 * What is compared: policies, systems with their own policies, or policies with the costs of one system.
 *
 * @param settings with their defaults
 * @param workload its name: a system may have a policy of its own for it
 * @throws InputError
 */
export function contenders(
  { policies: asked = [], systems }: Pick<AskedSettings, 'policies' | 'systems'>,
  workload: string,
): readonly Contender[] {
  const policies = asked.map((policy) => (typeof policy === 'string' ? parsePolicy(policy) : policy));
  if (!systems) return policies.map((policy) => ({ policy }));
  const read = systems.map(readSystem);
  if (policies.length === 0) {
    return read.map((system) => ({ policy: parsePolicy(policyOf(system, workload)), system: nameAndCosts(system) }));
  }
  const [only] = read;
  if (read.length > 1) {
    throw new InputError(
      `expected one system whose costs the policies have, found ${read.length} (${systems.join(', ')}): ` +
        'leave out the policies, or all systems but one',
    );
  }
  return policies.map((policy) => ({ policy, system: nameAndCosts(only!) }));
}

function nameAndCosts({ name, costs }: System): NonNullable<RunSpec['system']> {
  return { name, costs };
}

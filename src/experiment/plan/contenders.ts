import { parsePolicy, type TypedPolicy } from '../../scheduler/policy-registry.js';
import { policyOf, type System } from '../../sim/parse-system.js';
import { InputError } from '../../units/errors.js';
import { readSystem } from './files.js';
import type { Settings } from './run-settings.js';
import type { RunSpec } from './run-spec.js';

/**
 * Refuses two policies of one name that are not the same: results and tables tell them apart by name.
 *
 * @throws InputError
 */
export function refuseNamesakes(policies: readonly TypedPolicy[]): void {
  const first = new Map<string, TypedPolicy>();
  for (const chosen of policies) {
    const { name } = chosen.policy;
    const other = first.get(name);
    first.set(name, other ?? chosen);
    if (other?.code?.sha256 === chosen.code?.sha256 || !other) continue;
    throw new InputError(`${other.text}, ${chosen.text}: both have the name '${name}': expected another name in one`);
  }
}

/** What is compared: a policy, and the system around it if there is one. */
export type Contender = Pick<RunSpec, 'policy' | 'system'>;

/**
 * What is compared: policies, systems with their own policies, or policies with the costs of one system.
 *
 * @param settings with their defaults
 * @param workload its name: a system may have a policy of its own for it
 * @throws InputError
 */
export function contenders({ policies = [], systems }: Settings, workload: string): readonly Contender[] {
  if (!systems) return policies.map((text) => ({ policy: parsePolicy(text) }));
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
  return policies.map((text) => ({ policy: parsePolicy(text), system: nameAndCosts(only!) }));
}

function nameAndCosts({ name, costs }: System): NonNullable<RunSpec['system']> {
  return { name, costs };
}

import { layOut } from '../report/text/table.js';
import { describeValue, type Policy } from '../scheduler/policy.js';
import { policies } from '../scheduler/policy-registry.js';

/** The policies and their parameters with defaults, from the registry. */
export function policyHelp(): string {
  return ['Policies, with their parameters and defaults (NAME:key=value:key=value):', ...policies.flatMap(lines)].join(
    '\n',
  );
}

function lines(policy: Policy): string[] {
  const rows = policy.parameters.map((spec) => [
    spec.kind === 'flag' ? spec.key : `${spec.key}=${describeValue(spec, spec.default)}`,
    spec.choices ? `${spec.help}: ${spec.choices.join(', ')}` : spec.help,
  ]);
  const [, ...table] = layOut(
    [
      { title: '', align: 'left' },
      { title: '', align: 'left' },
    ],
    rows,
  );
  return [`  ${policy.name}`, ...table.map((line) => `      ${line}`)];
}

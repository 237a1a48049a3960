import type { Command } from 'commander';
import { describeValue, type Policy } from '../../scheduler/policy.js';
import { policies } from '../../scheduler/policy-registry.js';
import { formatList } from '../list.js';
import { outputTo } from '../output.js';

export function addPolicies(program: Command): void {
  program
    .command('policies')
    .description('list the scheduling policies')
    .option('--json', 'as JSON, with parameters and properties')
    .action(({ json }: { json?: true }) => {
      const output = outputTo(process.stdout);
      if (json) {
        output.write(`${JSON.stringify(policies.map(plain), null, 2)}\n`);
        return;
      }
      const entries = policies.map((policy) => [policy.name, `${policy.title}: ${policy.summary}`] as const);
      output.write(`${formatList('policy', entries, output)}\n`);
      output.write('Parameters: psp sim --help. Where each is from and what it promises: psp policies --json.\n');
    });
}

/** A policy's metadata, without its functions. */
function plain({ create: _create, costs: _costs, parameters, ...metadata }: Policy) {
  return {
    ...metadata,
    parameters: parameters.map((spec) => ({ ...spec, default: describeValue(spec, spec.default) })),
  };
}

import type { Command } from 'commander';
import { layOut, wrap } from '../../report/text/table.js';
import { describeValue, type ParameterSpec, type Policy, rangeOf } from '../../scheduler/policy.js';
import { policies, policiesNamed } from '../../scheduler/policy-registry.js';
import { formatList } from '../list.js';
import { type Output, outputTo } from '../output.js';

export function definePolicies(command: Command): void {
  command
    .description('Lists the scheduling policies. With names, shows these in full: parameters, source and promises.')
    .argument('[NAME...]', 'policies to show in full; a file stands for all that it exports')
    .option('--json', 'as JSON, with parameters and promises')
    .action((names: string[], { json }: { json?: true }) => {
      const output = outputTo(process.stdout);
      const shown = names.length > 0 ? names.flatMap(policiesNamed) : policies;
      if (json) output.write(`${JSON.stringify(shown.map(plain), null, 2)}\n`);
      else if (names.length > 0) output.write(shown.map((policy) => describe(policy, output)).join('\n'));
      else {
        const entries = policies.map((policy) => [policy.name, `${policy.title}: ${policy.summary}`] as const);
        output.write(`${formatList('policy', entries, output)}\nOne in full, with its parameters: psp policies NAME\n`);
      }
    });
}

/** A policy's metadata, without its functions. */
function plain({ create: _create, costs: _costs, parameters, ...metadata }: Policy) {
  return {
    ...metadata,
    parameters: parameters.map((spec) => ({ ...spec, default: describeValue(spec, spec.default) })),
  };
}

function describe(policy: Policy, { style, width }: Output): string {
  const { name, title, summary, reference, parameters } = policy;
  const lines = [
    ...wrap(`${title}: ${summary}`, width - 2).map((line) => `  ${line}`),
    ...wrap(`source: ${reference}`, width - 2, '  ').map((line) => `  ${line}`),
    '',
    ...(parameters.length === 0 ? ['  It takes no parameters.'] : parameterTable(policy, { style, width })),
    '',
    ...promises(policy).map((promise) => `  - ${promise}`),
  ];
  return `${style.heading(name)}\n${lines.join('\n')}\n`;
}

function parameterTable({ name, parameters }: Policy, look: Pick<Output, 'style' | 'width'>): string[] {
  const columns = [
    { title: '  parameter', align: 'left' },
    { title: 'default', align: 'left' },
    { title: 'values', align: 'left', wraps: true },
    { title: 'meaning', align: 'left', wraps: true },
  ] as const;
  const rows = parameters.map((spec) => [
    `  ${spec.key}`,
    spec.kind === 'flag' ? 'off' : describeValue(spec, spec.default) || '–',
    valuesOf(spec),
    spec.help,
  ]);
  const [first] = parameters;
  const example = first!.kind === 'flag' ? first!.key : `${first!.key}=${describeValue(first!, first!.default)}`;
  return [...layOut(columns, rows, look), '', `  Parameters follow the name: ${name}:${example}`];
}

/** `time from 1ns`, `random, hash` */
function valuesOf(spec: ParameterSpec): string {
  switch (spec.kind) {
    case 'choice':
      return spec.choices!.join(', ');
    case 'text':
      return 'text';
    case 'flag':
      return 'no value';
    case 'limit':
      return `whole number ${rangeOf(spec)} or unbounded`;
    case 'duration':
      return `time ${rangeOf(spec)}`.trim();
    default:
      return `${spec.kind === 'integer' ? 'whole number' : 'number'} ${rangeOf(spec)}`.trim();
  }
}

const QUEUES: Readonly<Record<Policy['queues'], string>> = {
  central: 'Requests wait at the dispatcher until a worker is free.',
  worker: 'Requests wait in a queue of their worker.',
  dealt: 'Requests wait at the dispatcher, except for a few places at each worker.',
};

/** What the policy knows and promises. Tests check every promise. */
function promises(policy: Policy): string[] {
  const knows = [
    policy.needsTypes && 'the type',
    policy.needsFlows && 'the flow',
    policy.clairvoyant && 'the true service time',
  ];
  const known = knows.filter((each) => each !== false);
  return [
    policy.sharing ? 'All requests run at once, each on a share of the workers.' : QUEUES[policy.queues],
    known.length > 0 ? `It uses ${known.join(' and ')} of a request.` : 'It does not look at the type of a request.',
    policy.preemptive
      ? 'It may take a request off a worker before it is done.'
      : 'A request that has started runs to its end.',
    policy.workConserving ? 'No worker is idle while a request waits.' : 'A worker may be idle while a request waits.',
    ...(policy.fifoWithinType ? ['Requests of one type start in the order of their arrival.'] : []),
    policy.clairvoyant
      ? 'It runs in the simulator only, as a bound.'
      : 'It runs in the simulator and on a real machine.',
  ];
}

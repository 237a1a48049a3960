import type { Command } from 'commander';
import { readSystem, shippedSystems } from '../../experiment/plan/files.js';
import { layOut, wrap } from '../../report/text/table.js';
import type { MeasuredOn, System, SystemConstant } from '../../sim/parse-system.js';
import { formatList } from '../list.js';
import { type Output, outputTo } from '../output.js';

const YOURS = 'Your own: psp sim --system FILE, a .yaml like those in configs/systems.\n';

export function defineSystems(command: Command): void {
  command
    .description('Lists the modelled systems. With names or files, shows every constant of these and its source.')
    .argument('[NAME|FILE...]', 'systems to show in full')
    .option('--json', 'as JSON, with every constant')
    .action((names: string[], { json }: { json?: true }) => {
      const output = outputTo(process.stdout);
      const systems = (names.length > 0 ? names : shippedSystems()).map(readSystem);
      if (json) output.write(`${JSON.stringify(systems.map(plain), null, 2)}\n`);
      else if (names.length > 0) output.write(systems.map((system) => describe(system, output)).join('\n'));
      else {
        const entries = systems.map(({ name, title, description }) => [name, `${title}: ${description}`] as const);
        output.write(`${formatList('system', entries, output)}\nOne in full: psp systems NAME\n${YOURS}`);
      }
    });
}

function describe(system: System, { style, width }: Output): string {
  const { name, title, description, policy, workloads, constants, measured } = system;
  const others = Object.entries(workloads).map(([workload, other]) => `${other} on ${workload}`);
  const about = [
    `${title}: ${description}`,
    `policy ${[policy, ...others].join('; ')}`,
    ...(measured ? [`measured ${describeMeasured(measured)}`] : []),
    ...(system.costs.dispatcherQueues ? ['the dispatcher starts every request, whatever the policy'] : []),
  ];
  const columns = [
    { title: '  constant', align: 'left' },
    { title: 'time' },
    { title: 'charged', align: 'left', wraps: true },
    { title: 'source', align: 'left', wraps: true },
  ] as const;
  return [
    style.heading(name),
    ...about.flatMap((line) => wrap(`  ${line}`, width, '  ')),
    '',
    ...layOut(columns, constants.map(row), { style, width }),
    ...(constants.some(({ ns }) => ns > 0) ? [] : ['  nothing costs anything']),
    '',
  ].join('\n');
}

/** `on box, 2026-11-24, times stretched 1000 times, 14 workers, c-fcfs, bimodal, load 0.5` */
function describeMeasured({ machine, date, dilation, workers, policy, workload, load }: MeasuredOn): string {
  return [
    machine && `on ${machine}`,
    date,
    dilation !== undefined && (dilation === 1 ? 'times as they are' : `times stretched ${dilation} times`),
    workers !== undefined && `${workers} workers`,
    policy,
    workload,
    load !== undefined && `load ${load}`,
  ]
    .filter(Boolean)
    .join(', ');
}

function row({ spec, ns, source = 'no source given', ci95Ns }: SystemConstant): string[] {
  const interval = ci95Ns ? ` (95 %: ${ci95Ns[0]} to ${ci95Ns[1]}ns)` : '';
  return [`  ${spec.section}.${spec.key}`, `${ns}ns`, spec.help, `${source}${interval}`];
}

function plain({ constants, costs: _, ...system }: System) {
  return {
    ...system,
    constants: constants.map(({ spec: { section, key, help }, ...stated }) => ({
      name: `${section}.${key}`,
      help,
      ...stated,
    })),
  };
}

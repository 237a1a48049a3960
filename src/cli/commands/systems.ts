import type { Command } from 'commander';
import { readSystem, shippedSystems } from '../../experiment/plan/files.js';
import { layOut, wrap } from '../../report/text/table.js';
import type { MeasuredOn, System, SystemConstant } from '../../sim/parse-system.js';
import { type Output, outputTo } from '../output.js';

export function addSystems(program: Command): void {
  program
    .command('systems')
    .summary('list the modelled systems and what they cost')
    .description('Lists the modelled systems: their policies, and every constant with where it comes from.')
    .argument('[NAME|FILE...]', 'only these (default: all that come with psp)')
    .option('--json', 'as JSON')
    .action((names: string[], { json }: { json?: true }) => {
      const output = outputTo(process.stdout);
      const systems = (names.length > 0 ? names : shippedSystems()).map(readSystem);
      if (json) output.write(`${JSON.stringify(systems.map(plain), null, 2)}\n`);
      else {
        output.write(systems.map((system) => describe(system, output)).join('\n'));
        output.write('\nYour own: psp sim --system FILE, a .yaml like those in configs/systems.\n');
      }
    });
}

function describe(system: System, output: Output): string {
  const { name, title, description, policy, workloads, constants, measured } = system;
  const { style } = output;
  const others = Object.entries(workloads).map(([workload, other]) => `${other} on ${workload}`);
  const about = [
    `policy ${[policy, ...others].join('; ')}`,
    ...(measured ? [`measured ${describeMeasured(measured)}`] : []),
    ...(system.costs.dispatcherQueues ? ['the dispatcher starts every request, whatever the policy'] : []),
  ];
  const width = output.isTerminal ? output.width : Number.POSITIVE_INFINITY;
  return [
    `${style.heading(name)}  ${title}: ${description}`,
    ...about.map((line) => `  ${line}`),
    ...layOut(
      [{ title: '', align: 'left' }, { title: '' }, { title: '', align: 'left' }, { title: '', align: 'left' }],
      constants.flatMap((constant) => rows(constant, width)),
    ).slice(1),
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

const HELP_ENDS = 76;

function rows(constant: SystemConstant, width: number): string[][] {
  const { spec, ns, source = 'no source given', ci95Ns } = constant;
  const interval = ci95Ns ? ` (95 %: ${ci95Ns[0]} to ${ci95Ns[1]}ns)` : '';
  const lines = wrap(`${source}${interval}`, Math.max(30, width - HELP_ENDS));
  return lines.map((line, i) =>
    i === 0 ? [`  ${spec.section}.${spec.key}`, `${ns}ns`, spec.help, line] : ['', '', '', line],
  );
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

import type { Command } from 'commander';
import { findWorkload, readWorkload, shippedWorkloads } from '../../experiment/plan/files.js';
import type { Workload } from '../../workload/workload.js';
import { formatList } from '../list.js';
import { outputTo } from '../output.js';

export function addWorkloads(program: Command): void {
  program
    .command('workloads')
    .description('list the workloads that come with psp')
    .option('--json', 'as JSON, with their types')
    .action(({ json }: { json?: true }) => {
      const output = outputTo(process.stdout);
      const workloads = shippedWorkloads().map((name) => readWorkload(findWorkload(name)));
      if (json) {
        output.write(`${JSON.stringify(workloads.map(plain), null, 2)}\n`);
        return;
      }
      const entries = workloads.map(({ name, title, description }) => [name, `${title}: ${description}`] as const);
      output.write(`${formatList('workload', entries, output)}\n`);
      output.write('Your own: psp sim --workload FILE, a .yaml like those in workloads/ or a trace (.csv, .csv.gz).\n');
    });
}

/** What the file says, as far as it is plain data; types as they are in the first phase. */
function plain({ name, title, description, types, phases }: Workload) {
  return {
    name,
    title,
    description,
    types: types.map(({ name, ...stated }, type) => ({
      name,
      ratio: phases[0]!.ratio[type],
      service: phases[0]!.service[type]!.kind,
      meanServiceNs: phases[0]!.service[type]!.meanNs,
      ...stated,
    })),
    arrivals: phases[0]!.arrivals.kind,
    phasesNs: phases.length > 1 ? phases.map(({ durationNs }) => durationNs) : [],
  };
}
